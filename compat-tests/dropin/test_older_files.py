"""What an older client logs to one server is read through the other one: listed, downloaded, shown.

The images of MLflow 2.x have percent signs in their names, and a step behind each that may look encoded.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from harness.databases import create_database
from harness.environments import CLIENT_PYTHONS, WILD_BIN
from harness.programs import run_program
from harness.servers import FLOWKEEP, STOCK, Server

PROGRAMS = Path(__file__).parent / "programs"
API = "/api/2.0/mlflow"
# The newer one is of the environment that has LightGBM.
READERS = {"mlflow2": CLIENT_PYTHONS["mlflow2"], "mlflow3": WILD_BIN / "python"}
PNG = b"\x89PNG\r\n\x1a\n"

# Stock MLflow decodes each path until nothing changes, when it stores a file and when it reads one.
MANGLED = {"20": " ", "41": "A", "85": "\ufffd", "2500": "%00"}


@dataclass
class Exchange:
    """A run that was logged to one server, and the server on its data now."""

    writer: str
    server: Server
    run_id: str = ""
    steps: list[int] = field(default_factory=list)

    def go_on_with(self, kind: str) -> None:
        """Starts another server on the same database and artifacts."""
        self.server.stop()
        self.server = Server(kind, self.server.database, self.server.folder)
        self.server.start()

    def listed(self, path: str = "") -> list[str]:
        answer = self.server.get(f"{API}/artifacts/list", run_id=self.run_id, path=path)
        return [
            found
            for file in answer.get("files", [])
            for found in (self.listed(file["path"]) if file["is_dir"] else [file["path"]])
        ]

    def shown(self, path: str) -> requests.Response:
        """A file as the page of a run gets it."""
        wanted = {"run_id": self.run_id, "path": path}
        return requests.get(f"{self.server.url}/get-artifact", params=wanted, timeout=60)

    def steps_of(self, images: list[str]) -> list[str]:
        """What the names of images have in the place of a percent sign and the step."""
        names = [re.search(r"dog%step(.*)%timestamp%1795841614982%", path) for path in images]
        return sorted(name[1] for name in names if name)

    @property
    def expected_steps(self) -> list[str]:
        steps = [str(step) for step in self.steps]
        mangled = MANGLED if self.writer == STOCK else {}
        return sorted(mangled.get(step, f"%{step}") for step in steps)


@pytest.fixture(scope="module", params=[STOCK, FLOWKEEP])
def exchange(
    request: pytest.FixtureRequest, subject: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Exchange]:
    """What either server wrote, with flowkeep as the reader."""
    if subject == STOCK:
        pytest.skip("this is about two servers")
    folder = tmp_path_factory.mktemp(f"older-{request.param}")
    server = Server(request.param, create_database("sqlite", folder), folder)
    server.start()
    exchange = Exchange(request.param, server)
    try:
        written = run_program(
            PROGRAMS / "older_files.py", python=CLIENT_PYTHONS["mlflow2"], server=server, folder=folder
        )
        assert written["client"].startswith("2.22.")
        exchange.run_id, exchange.steps = written["run_id"], written["steps"]
        if request.param == STOCK:
            exchange.go_on_with(FLOWKEEP)
        yield exchange
    finally:
        exchange.server.stop()


@pytest.fixture(scope="module")
def listed(exchange: Exchange) -> list[str]:
    return exchange.listed()


@pytest.fixture(scope="module", params=list(READERS))
def read(request: pytest.FixtureRequest, exchange: Exchange, tmp_path_factory: Any) -> dict[str, Any]:
    """What a client sees of the run."""
    return run_program(
        PROGRAMS / "read_files.py",
        python=READERS[request.param],
        server=exchange.server,
        folder=tmp_path_factory.mktemp(f"read-{request.param}"),
        environment={"READ_RUN": exchange.run_id},
    )


def test_no_image_is_lost(exchange: Exchange, listed: list[str]) -> None:
    images = [path for path in listed if path.startswith("images/")]
    assert len(images) == 2 * len(exchange.steps)
    full = [path for path in images if path.endswith(".png")]
    assert exchange.steps_of(full) == exchange.expected_steps


def test_server_shows_what_it_lists(exchange: Exchange, listed: list[str]) -> None:
    for path in listed:
        answer = exchange.shown(path)
        assert answer.status_code == 200, (path, answer.text)
        if path.endswith(".png"):
            assert answer.content.startswith(PNG), path
    assert {"plain 100%.png", "plots/größe.png", "notes/50% done.txt", "settings.json"} <= set(listed)


def test_client_reads_all(exchange: Exchange, listed: list[str], read: dict[str, Any]) -> None:
    assert len(read["listed"]) == len(listed)
    assert read["downloaded"] == read["listed"]
    assert read["same"]
    assert sorted(read["pixels"].values()) == sorted(step % 251 for step in exchange.steps)
    assert read["table"] == {"question": ["What?"], "tokens": [3]}
    assert read["text"] == "Größe: 30 %\n"
    assert read["predicts"] == [1, 3]
    assert read["params"] == "3"
    assert "system/system_memory_usage_percentage" in read["system"]


def test_stock_reads_what_flowkeep_wrote(exchange: Exchange, listed: list[str]) -> None:
    """All that it can read: it looks for no file whose name looks encoded, wherever that came from."""
    if exchange.writer == STOCK:
        pytest.skip("it wrote this itself")
    exchange.go_on_with(STOCK)
    assert sorted(exchange.listed()) == sorted(listed)
    for path in listed:
        looks_encoded = any(f"%step%{step}%" in path for step in MANGLED)
        assert exchange.shown(path).status_code == (404 if looks_encoded else 200), path
    exchange.go_on_with(FLOWKEEP)
