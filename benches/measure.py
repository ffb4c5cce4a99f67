"""Measures one server: latencies of single requests, requests a second under load, memory."""

import re
import statistics
import subprocess
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
    for number in range(times):
        begin = time.perf_counter()
        response = send(number)
        taken.append(time.perf_counter() - begin)
        response.raise_for_status()
    return Latency(statistics.median(taken), statistics.quantiles(taken, n=20)[-1])


def throughput(url: str, script: str, seconds: int = 10, connections: int = 16) -> tuple[float, int]:
    """Requests a second of wrk, and how many of them were not answered with a success."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        output = subprocess.run(
            ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "-s", file.name, url],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", output)
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    assert rate, output
    return float(rate[1]), int(failed[1]) if failed else 0


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
        self._api = f"{url}/api/2.0/mlflow"

    def get(self, path: str, **query: Any) -> requests.Response:
        return self._session.get(f"{self._api}/{path}", params=query, timeout=120)

    def post(self, path: str, **body: Any) -> requests.Response:
        return self._session.post(f"{self._api}/{path}", json=body, timeout=120)
