"""A server on each kind of store. The store is started with it and stopped after it."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.databases import create_database
from harness.object_stores import OBJECT_STORES, ObjectStore
from harness.servers import FLOWKEEP, STOCK, Server

DISK = "disk"
# Google's has tests of its own: its emulator takes no uploads of the kind that flowkeep makes.
KINDS = [DISK, "s3", "azure"]


@pytest.fixture(scope="module", params=KINDS)
def store_kind(request: pytest.FixtureRequest, subject: str) -> str:
    if subject == STOCK and request.param != DISK:
        pytest.skip("the stock server needs packages for this store that the tests do not install")
    return request.param


@pytest.fixture(scope="module")
def store(store_kind: str) -> Iterator[ObjectStore | None]:
    """None stands for a folder of the server's own."""
    if store_kind == DISK:
        yield None
        return
    store = OBJECT_STORES[store_kind]()
    yield store
    store.stop()


@pytest.fixture(scope="module")
def new_server(subject: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Makes servers that are not started yet, and stops those that run in the end."""
    with contextlib.ExitStack() as cleanup:

        def new(folder: Path | None = None) -> Server:
            folder = folder or tmp_path_factory.mktemp("server")
            database = create_database("sqlite", folder)
            server = Server(subject, database, folder)
            cleanup.callback(server.stop)
            return server

        yield new


@pytest.fixture(scope="module")
def server(new_server: Callable[..., Server], store: ObjectStore | None) -> Server:
    server = new_server()
    if store is not None:
        server.environment |= store.environment
        server.destination = store.destination
    server.start()
    return server


@pytest.fixture
def only_flowkeep(subject: str) -> None:
    if subject != FLOWKEEP:
        pytest.skip("the stock server promises nothing of the kind")
