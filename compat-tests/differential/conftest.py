"""One stock server and one server under test for each database; every file starts from a fresh database."""

from collections.abc import Callable

import pytest

from harness.environments import newest_version
from harness.servers import FLOWKEEP, NEWEST, Replica, Server


@pytest.fixture(scope="module")
def replicas(
    stock_server: Callable[[str], Replica],
    start_server: Callable[..., Server],
    subject: str,
    database_kind: str,
) -> list[Replica]:
    return [stock_server(database_kind), Replica(start_server(subject, database_kind=database_kind))]


@pytest.fixture(scope="module")
def newest_replicas(start_server: Callable[..., Server], subject: str) -> list[Replica]:
    """The newest MLflow, and the server under test in its stead: with its tables and under its name."""
    newest = start_server(NEWEST, database_kind="sqlite")
    if subject != FLOWKEEP:
        return [Replica(newest), Replica(start_server(subject, database_kind="sqlite"))]
    version = newest_version()
    ours = start_server(
        subject, database_kind="sqlite", schema=version, arguments=["--mlflow-version", version]
    )
    return [Replica(newest), Replica(ours)]
