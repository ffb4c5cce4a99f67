"""Starts one of the servers on a database, with the number of workers that it has by default."""

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Self

import requests

from harness.environments import STOCK_BIN, clean_environment
from harness.process import free_port
from measure import memory


class Server:
    """A running server, as a group of measurements sees it."""

    def __init__(self, kind: str, folder: Path, database_uri: str) -> None:
        self.kind = kind
        self.folder = folder
        self.url = ""
        self.seconds_to_first_reply = 0.0
        self._database_uri = database_uri
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        begin = time.perf_counter()
        with (self.folder / f"{self.kind}.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(port),
                cwd=self.folder,
                env=clean_environment() | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._wait()
        self.seconds_to_first_reply = time.perf_counter() - begin

    def restart(self) -> None:
        self.stop()
        self.start()

    def stop(self) -> None:
        """The whole process group: stock MLflow has workers."""
        process, self._process = self._process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    @property
    def process_id(self) -> int:
        assert self._process is not None
        return self._process.pid

    def memory(self) -> float:
        """In MiB."""
        assert self._process is not None
        return memory(self._process.pid)

    def _command(self, port: int) -> list[str]:
        if self.kind == "fasttrackml":
            return [
                *(str(STOCK_BIN.parents[1] / "fasttrackml" / "bin" / "fml"), "server"),
                *("--listen-address", f"127.0.0.1:{port}", "--log-level", "error"),
                *("--default-artifact-root", "artifacts"),
            ]
        program = os.environ["FLOWKEEP_BIN"] if self.kind == "flowkeep" else str(STOCK_BIN / "mlflow")
        uri = self._database_uri
        if self.kind != "flowkeep":
            # Without a driver in the scheme, current SQLAlchemy takes one that is not installed.
            uri = uri.replace("postgresql://", "postgresql+psycopg2://", 1)
        return [
            str(Path(program).resolve()),
            "server",
            "--port",
            str(port),
            "--backend-store-uri",
            uri,
        ]

    def _wait(self) -> None:
        assert self._process is not None
        while self._process.poll() is None:
            with contextlib.suppress(requests.ConnectionError):
                if requests.get(f"{self.url}/health", timeout=60).ok:
                    return
            time.sleep(0.002)
        log = (self.folder / f"{self.kind}.log").read_text(errors="replace")
        raise RuntimeError(f"{self.kind} ended before it answered:\n{log}")
