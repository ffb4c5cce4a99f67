"""Each program runs once on each database. Many tests then look at what the server has of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.environments import WILD_BIN
from harness.programs import run_program
from harness.servers import Server
from wild.records import Records

PROGRAMS = Path(__file__).parent / "programs"


# The packages are the same on either database: on the second they run before releases.
@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.full)])
def database_kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def server(start_server: Callable[..., Server], subject: str, database_kind: str) -> Server:
    return start_server(subject, database_kind=database_kind)


@pytest.fixture(scope="module")
def records(server: Server) -> Records:
    return Records(server)


@pytest.fixture(scope="module")
def run(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Runs one of the programs on the module's server."""

    def run(name: str) -> Any:
        folder = tmp_path_factory.mktemp(name)
        return run_program(PROGRAMS / f"{name}.py", python=WILD_BIN / "python", server=server, folder=folder)

    return run
