"""Runs the same scenarios on stock MLflow and on flowkeep and prints one table."""

import contextlib
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import requests
from groups import GROUPS
from harness.environments import STOCK_BIN, clean_environment
from harness.process import free_port
from measure import memory

SERVERS = ("stock", "flowkeep")


@dataclass
class Running:
    url: str
    process: subprocess.Popen[bytes]
    seconds_to_first_reply: float

    def memory(self) -> float:
        return memory(self.process.pid)


@contextlib.contextmanager
def running(server: str, folder: Path) -> Iterator[Running]:
    """Starts a server with its default number of workers on the database in the folder."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    program = os.environ["FLOWKEEP_BIN"] if server == "flowkeep" else str(STOCK_BIN / "mlflow")
    environment = clean_environment() | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    begin = time.perf_counter()
    with (folder / f"{server}.log").open("wb") as log:
        process = subprocess.Popen(
            [Path(program).resolve(), "server", "--port", str(port)],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for_reply(url, process)
        yield Running(url, process, time.perf_counter() - begin)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=30)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def wait_for_reply(url: str, process: subprocess.Popen[bytes]) -> None:
    while process.poll() is None:
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(f"{url}/health", timeout=60).ok:
                return
        time.sleep(0.002)
    raise RuntimeError("the server ended before it answered")


@dataclass
class Table:
    """Figures by scenario and server."""

    rows: dict[str, dict[str, tuple[float, str]]] = field(default_factory=dict)

    def add(self, server: str, scenario: str, figure: float, unit: str) -> None:
        self.rows.setdefault(scenario, {})[server] = (figure, unit)
        print(f"  {server:9} {scenario:55} {figure:12,.2f} {unit}", file=sys.stderr)

    def print(self) -> None:
        print(f"| {'scenario':55} | {'MLflow 3.17.2':>16} | {'flowkeep':>16} | {'ratio':>7} |")
        print(f"|{'-' * 57}|{'-' * 17}:|{'-' * 17}:|{'-' * 8}:|")
        for scenario, figures in self.rows.items():
            (stock, unit), (ours, _) = figures["stock"], figures["flowkeep"]
            more_is_better = unit.endswith("/s")
            ratio = ours / stock if more_is_better else stock / ours
            print(
                f"| {scenario:55} | {f'{stock:,.2f} {unit}':>16} | {f'{ours:,.2f} {unit}':>16} | {ratio:6.1f}× |"
            )


def main(names: list[str]) -> None:
    table = Table()
    for name in names or list(GROUPS):
        group = GROUPS[name]
        with tempfile.TemporaryDirectory(prefix="flowkeep-bench-") as scratch:
            seeded = Path(scratch) / "seeded"
            seeded.mkdir()
            if group.seed:
                prepare(seeded, group.seed)
            for server in SERVERS:
                folder = Path(scratch) / server
                shutil.copytree(seeded, folder)
                with running(server, folder) as started:
                    group.run(started, lambda *row, server=server: table.add(server, *row))
    print(f"\n{platform.platform()}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}\n")
    table.print()


def prepare(folder: Path, seed: object) -> None:
    """MLflow's schema by flowkeep, and then the rows."""
    database = folder / "mlflow.db"
    subprocess.run(
        [Path(os.environ["FLOWKEEP_BIN"]).resolve(), "db", "init", f"sqlite:///{database}"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    seed(database)  # type: ignore[operator]


if __name__ == "__main__":
    main(sys.argv[1:])
