"""Client programs run once on each database with each client; many tests then look at what they saw."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.environments import CLIENT_PYTHONS
from harness.programs import run_program
from harness.servers import Server

PROGRAMS = Path(__file__).parent / "programs"


@pytest.fixture(scope="module", params=list(CLIENT_PYTHONS))
def client(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def server(start_server: Callable[..., Server], subject: str, database_kind: str, client: str) -> Server:
    return start_server(subject, database_kind=database_kind)


@pytest.fixture(scope="module")
def run(server: Server, client: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Runs one of the programs on the module's server."""

    def run(name: str) -> Any:
        folder = tmp_path_factory.mktemp(name)
        return run_program(
            PROGRAMS / f"{name}.py", python=CLIENT_PYTHONS[client], server=server, folder=folder
        )

    return run
