"""Client programs run once on each database with each client; many tests then look at what they saw."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.environments import CLIENT_PYTHONS, NEWEST_BIN, newest_version
from harness.programs import run_program
from harness.servers import FLOWKEEP, NEWEST, Server

PROGRAMS = Path(__file__).parent / "programs"
PYTHONS = CLIENT_PYTHONS | {NEWEST: NEWEST_BIN / "python"}

# What the newest client does. That it is the same for its calls shows in the corpus, too.
STORY_OF_THE_NEWEST = "client/test_churn.py"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves the newest client one story on one database."""
    left_out = [item for item in items if not _is_wanted(item)]
    items[:] = [item for item in items if _is_wanted(item)]
    config.hook.pytest_deselected(items=left_out)


def _is_wanted(item: pytest.Item) -> bool:
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    if parameters.get("client") != NEWEST:
        return True
    return item.path.match(STORY_OF_THE_NEWEST) and parameters["database_kind"] == "sqlite"


@pytest.fixture(scope="module", params=list(PYTHONS))
def client(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def server(start_server: Callable[..., Server], subject: str, database_kind: str, client: str) -> Server:
    if client == NEWEST and subject == FLOWKEEP:
        version = newest_version()
        arguments = ["--mlflow-version", version]
        return start_server(subject, database_kind=database_kind, schema=version, arguments=arguments)
    return start_server(subject, database_kind=database_kind)


@pytest.fixture(scope="module")
def run(server: Server, client: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    """Runs one of the programs on the module's server."""

    def run(name: str) -> Any:
        folder = tmp_path_factory.mktemp(name)
        return run_program(PROGRAMS / f"{name}.py", python=PYTHONS[client], server=server, folder=folder)

    return run
