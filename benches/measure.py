"""Measures one server: latencies of single requests, requests a second under load, memory."""

import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests


@dataclass(frozen=True)
class Latency:
    """In seconds."""

    median: float
    p95: float


def latency(send: Callable[[int], requests.Response], times: int) -> Latency:
    """One request after the other, so that only the server's work is measured, not its queue."""
    send(0).raise_for_status()
    taken = []
    for number in range(1, times + 1):
        begin = time.perf_counter()
        response = send(number)
        taken.append(time.perf_counter() - begin)
        response.raise_for_status()
    return Latency(statistics.median(taken), statistics.quantiles(taken, n=20)[-1])


def report_latency(report: Any, scenario: str, send: Callable[[int], requests.Response], times: int) -> None:
    taken = latency(send, times)
    report(f"{scenario}, median", taken.median * 1000, "ms")
    report(f"{scenario}, p95", taken.p95 * 1000, "ms")


# Makes of `body(n)`, or of `path(n)`, one request after the other, and prints what became of them. Each
# thread has an `id`, so that no two send the same.
SCRIPT = """
local threads = {}
function setup(thread) thread:set("id", #threads); table.insert(threads, thread) end
local n = 0
function request()
  n = n + 1
  if body then
    return wrk.format("POST", nil, {["Content-Type"] = "application/json"}, body(n))
  end
  return wrk.format("GET", path and path(n) or nil)
end
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format('\\nREPORT {"seconds": %f, "requests": %d, "failed": %d, "p95": %f, "p99": %f}\\n',
    summary.duration / 1e6, summary.requests,
    errors.status + errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(95) / 1e6, latency:percentile(99) / 1e6))
end
"""


@dataclass(frozen=True)
class Load:
    """Requests that wrk sends as fast as they are answered."""

    url: str
    script: str = ""
    """Lua: a function `body(n)` for a POST, `path(n)` for GETs of different paths, or none for one path."""

    seconds: int = 8
    connections: int = 16


@dataclass(frozen=True)
class Throughput:
    rate: float
    """Answers a second."""

    p95: float
    """In seconds."""

    p99: float


class UnderLoad:
    """wrk at work, so that something else can go on meanwhile."""

    def __init__(self, load: Load) -> None:
        self._script = tempfile.NamedTemporaryFile("w", suffix=".lua")  # noqa: SIM115
        self._script.write(load.script + SCRIPT)
        self._script.flush()
        self._load = load
        threads = min(2, load.connections)
        self._process = subprocess.Popen(
            [
                *(
                    "wrk",
                    f"-t{threads}",
                    f"-c{load.connections}",
                    f"-d{load.seconds}s",
                    "--timeout",
                    "60s",
                ),
                *("-s", self._script.name, load.url),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def result(self) -> Throughput:
        output, _ = self._process.communicate()
        self._script.close()
        found = re.search(r"^REPORT (.*)$", output, re.MULTILINE)
        assert found, output
        told = json.loads(found[1])
        succeeded = told["requests"] - told["failed"]
        assert succeeded > 0, output
        if told["failed"]:
            # A server that refuses some of a load is measured by what it did not refuse.
            print(f"  {told['failed']} requests to {self._load.url} failed", file=sys.stderr)
        return Throughput(succeeded / told["seconds"], told["p95"], told["p99"])


def throughput(load: Load) -> Throughput:
    return UnderLoad(load).result()


def memory(process: int) -> float:
    """Proportional set size of a process and all its children, in MiB."""
    total = 0
    for member in [process, *descendants(process)]:
        try:
            rollup = Path(f"/proc/{member}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if found := re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE):
            total += int(found[1])
    return total / 1024


def descendants(process: int) -> list[int]:
    listing = subprocess.run(["ps", "-eo", "pid=,ppid="], check=True, capture_output=True, text=True).stdout
    parents = [tuple(map(int, line.split())) for line in listing.splitlines()]
    found: list[int] = []
    wanted = {process}
    while children := [child for child, parent in parents if parent in wanted and child not in found]:
        found += children
        wanted = set(children)
    return found


class Client:
    """Sends JSON over one connection that stays open."""

    def __init__(self, url: str) -> None:
        self._session = requests.Session()
        self.api = f"{url}/api/2.0/mlflow"

    def get(self, path: str, **query: Any) -> requests.Response:
        return self._session.get(f"{self.api}/{path}", params=query, timeout=120)

    def post(self, path: str, **body: Any) -> requests.Response:
        return self._session.post(f"{self.api}/{path}", json=body, timeout=120)

    def create_run(self) -> str:
        response = self.post("runs/create", experiment_id="0", start_time=1)
        response.raise_for_status()
        return response.json()["run"]["info"]["run_id"]
