"""One stock server and one server under test for each database; every file starts from a fresh database."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from harness.servers import FLOWKEEP, STOCK, Server


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


@pytest.fixture(scope="module")
def replicas(start_server: Callable[..., Server], subject: str, database_kind: str) -> list[Replica]:
    return [Replica(start_server(kind, database_kind=database_kind)) for kind in (STOCK, subject)]
