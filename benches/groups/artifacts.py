"""Artifacts through the proxy, on a local disk: how fast, and in how much memory.

The floor is nginx, which takes uploads with its DAV module and sends files with sendfile. It flushes nothing
to disk; flowkeep does so before it answers.
"""

import contextlib
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from bench import FLOOR, SQLITE, Group, Report, ReportOf
from harness.process import free_port
from measure import descendants
from servers import Server

# Smaller ones show on a slow build that the measurement works.
LARGE = int(os.environ.get("FLOWKEEP_BENCH_ARTIFACT_MIB", "1024"))
HUGE = 4 * LARGE
PARALLEL, SMALL = 16, max(LARGE // 16, 1)
TIMES = 3
MEBIBYTE = 1024 * 1024

NGINX = """
daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/root;
        location / {{ dav_methods PUT DELETE; create_full_put_path on; }}
    }}
}}
"""


class Transfers:
    """Files that go up and come down, below an address."""

    def __init__(self, url: str, process: int, folder: Path) -> None:
        self._url = url
        self._process = process
        self._folder = folder

    def report(self, report: Report) -> None:
        large, huge, small = (self._file(size) for size in (LARGE, HUGE, SMALL))
        # The first request of all wakes the server up.
        self._up(small, "first")
        before = self._resident()
        up, down = [], []
        with self._peak() as peak:
            up += [LARGE / self._up(large, f"large-{number}") for number in range(TIMES)]
        report(f"memory above idle, upload of {LARGE} MiB", peak[0] - before, "MiB")
        with self._peak() as peak:
            down += [LARGE / self._down(f"large-{number}") for number in range(TIMES)]
        report(f"memory above idle, download of {LARGE} MiB", peak[0] - before, "MiB")
        report(f"upload of {LARGE} MiB, median of {TIMES}", statistics.median(up), "MiB/s")
        report(f"download of {LARGE} MiB, median of {TIMES}", statistics.median(down), "MiB/s")
        for number in range(TIMES):
            self._delete(f"large-{number}")
        with self._peak() as peak:
            self._up(huge, "huge")
            self._down("huge")
        report(f"memory above idle, {HUGE} MiB up and down", peak[0] - before, "MiB")
        self._delete("huge")
        names = [f"small-{number}" for number in range(PARALLEL)]
        with ThreadPoolExecutor(PARALLEL) as pool, self._peak() as peak:
            begin = time.perf_counter()
            list(pool.map(lambda name: self._up(small, name), names))
            taken = time.perf_counter() - begin
            list(pool.map(self._down, names))
        together = f"{PARALLEL} at once, {SMALL} MiB each"
        report(f"upload, {together}", PARALLEL * SMALL / taken, "MiB/s")
        report(f"memory above idle, {together}", peak[0] - before, "MiB")

    def _file(self, mebibytes: int) -> Path:
        file = self._folder / f"{mebibytes}.bin"
        if not file.exists():
            block = os.urandom(MEBIBYTE)
            with file.open("wb") as target:
                for _ in range(mebibytes):
                    target.write(block)
        return file

    def _up(self, file: Path, name: str) -> float:
        return _curl("--upload-file", str(file), f"{self._url}/{name}")

    def _down(self, name: str) -> float:
        return _curl("--output", os.devnull, f"{self._url}/{name}")

    def _delete(self, name: str) -> None:
        requests.delete(f"{self._url}/{name}", timeout=600).raise_for_status()

    def _processes(self) -> list[int]:
        return [self._process, *descendants(self._process)]

    def _resident(self) -> float:
        return sum(_status(process, "VmRSS") for process in self._processes())

    @contextlib.contextmanager
    def _peak(self) -> Iterator[list[float]]:
        """The most memory that was resident in the meantime, in MiB."""
        for process in self._processes():
            Path(f"/proc/{process}/clear_refs").write_text("5")
        peak = [0.0]
        yield peak
        peak[0] = sum(_status(process, "VmHWM") for process in self._processes())


def _curl(*arguments: str) -> float:
    """The seconds that a transfer took."""
    output = subprocess.run(
        [
            *("curl", "--silent", "--show-error", "--fail", "--header", "Expect:"),
            *("--write-out", "%{stderr}%{time_total}", *arguments),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    return float(output.stderr)


def _status(process: int, name: str) -> float:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    [line] = [line for line in lines if line.startswith(f"{name}:")]
    return int(line.split()[1]) / 1024


def run(server: Server, report: Report) -> None:
    url = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/bench"
    Transfers(url, server.process_id, server.folder).report(report)


def nginx(folder: Path, report_of: ReportOf) -> None:
    if not shutil.which("nginx"):
        print("nginx is not installed: Debian's package nginx-light has what is needed")
        return
    port = free_port()
    config = folder / "nginx.conf"
    config.write_text(NGINX.format(folder=folder, port=port))
    (folder / "root").mkdir()
    # Its workers belong to nobody if root starts it.
    for part in (folder.parent, folder, folder / "root"):
        part.chmod(0o777)
    running = subprocess.Popen(["nginx", "-c", config, "-p", folder], stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(requests.ConnectionError):
                requests.get(f"http://127.0.0.1:{port}/", timeout=5)
                break
            time.sleep(0.05)
        Transfers(f"http://127.0.0.1:{port}", running.pid, folder).report(report_of(FLOOR))
    finally:
        running.terminate()
        running.wait()


GROUP = Group(run, databases=(SQLITE,), alone=nginx)
