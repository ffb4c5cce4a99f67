"""Tests of running a server: how it starts, what it logs, what it does when its database goes."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.databases import Database, create_database
from harness.servers import FLOWKEEP, STOCK, Server


@pytest.fixture(autouse=True)
def only_flowkeep(subject: str) -> None:
    if subject == STOCK:
        pytest.skip("the stock server words its log and its refusals in its own way")


class GivenDatabase(Database):
    """A database that the test has made."""

    def __init__(self, uri: str) -> None:
        self.uri = uri

    def snapshot(self) -> None:
        raise NotImplementedError

    def restore(self) -> None:
        raise NotImplementedError


Serve = Callable[..., Server]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts servers with flags of their own, and stops each one properly."""
    with contextlib.ExitStack() as cleanup:

        def start(
            *arguments: str,
            uri: str = "",
            host: str = "127.0.0.1",
            environment: dict[str, str] | None = None,
        ) -> Server:
            database = GivenDatabase(uri) if uri else create_database("sqlite", tmp_path)
            server = Server(
                FLOWKEEP, database, tmp_path, environment or {}, extra_arguments=list(arguments), host=host
            )
            cleanup.callback(server.stop)
            server.start()
            return server

        yield start
