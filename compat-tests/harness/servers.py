"""The tracking servers: flowkeep, stock MLflow and the newest one, on any database and artifact folder."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from harness.databases import Database
from harness.environments import NEWEST_BIN, STOCK_BIN, clean_environment
from harness.process import ServerProcess, free_port

FLOWKEEP = "flowkeep"
STOCK = "stock"
NEWEST = "newest"

# One that still makes its database ready is healthy, and answers nothing else.
READY = ("health", "version")

PROGRAMS = {STOCK: STOCK_BIN / "mlflow", NEWEST: NEWEST_BIN / "mlflow"}


@dataclass
class Server:
    """One server on a database and an artifact folder. It can be started again after it was stopped."""

    kind: str
    database: Database
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    extra_arguments: list[str] = field(default_factory=list)
    # Where artifacts go, unless to a folder of the server's own.
    destination: str = ""
    # Where it listens.
    host: str = "127.0.0.1"
    # A command that the server's own command is handed to.
    runner: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.url = ""
        self._process: ServerProcess | None = None

    @property
    def artifacts(self) -> Path:
        return self.folder / "artifacts"

    @property
    def log(self) -> Path:
        return self.folder / f"{self.kind}.log"

    def start(self) -> None:
        process = self.launch()
        process.wait_until_healthy(self.url, seconds=120, pages=READY)

    def launch(self) -> ServerProcess:
        """Starts the server and does not wait for it."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._process = ServerProcess(
            self._command(port),
            folder=self.folder,
            environment=clean_environment() | self._own_environment() | self.environment,
            log=self.log,
        )
        return self._process

    def stop(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        exit_code = process.terminate()
        assert exit_code == 0, (
            f"{self.kind} exited with {exit_code} when asked to stop:\n{process.log_text()}"
        )

    def kill(self) -> None:
        """`kill -9`: what a crash leaves is what the disk has."""
        assert self._process is not None
        self._process.kill()
        self._process = None

    def get(self, path: str, /, **parameters: Any) -> dict[str, Any]:
        return _json(requests.get(self.url + path, params=parameters, timeout=60))

    def post(self, path: str, /, **body: Any) -> dict[str, Any]:
        return _json(requests.post(self.url + path, json=body, timeout=60))

    def _command(self, port: int) -> list[str]:
        flowkeep = self.kind == FLOWKEEP
        program = os.environ["FLOWKEEP_BIN"] if flowkeep else str(PROGRAMS[self.kind])
        uri = self.database.uri if flowkeep else self.database.stock_uri
        return [
            *self.runner,
            *(program, "server", "--host", self.host, "--port", str(port)),
            *("--backend-store-uri", uri, "--artifacts-destination", self.destination or str(self.artifacts)),
            *([] if flowkeep else ["--workers", "1"]),
            *self.extra_arguments,
        ]

    def _own_environment(self) -> dict[str, str]:
        if self.kind == FLOWKEEP:
            return {}
        return {
            # Background jobs are no part of the tests, and their processes outlive the server.
            "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
            "PYTHONWARNINGS": "ignore",
            # Sets have the same order at each start.
            "PYTHONHASHSEED": "0",
        }


@dataclass
class Replica:
    """A server that can be brought back to how it was after its first start."""

    server: Server

    def __post_init__(self) -> None:
        self.server.database.snapshot()

    def fresh(self) -> Server:
        # Our own server starts at once, so it is started anew and can keep what it likes in memory.
        # Stock MLflow takes long to start and keeps nothing: it gets its database changed beneath it.
        if self.server.kind == FLOWKEEP:
            self.server.stop()
            self.server.database.restore()
            self.server.start()
        else:
            self.server.database.restore()
        return self.server


def _json(response: requests.Response) -> dict[str, Any]:
    assert response.ok, f"{response.request.method} {response.url}: {response.status_code} {response.text}"
    return response.json()
