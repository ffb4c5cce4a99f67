"""A server that every file of the corpus finds as it was after its first start."""

from dataclasses import dataclass

from harness.servers import FLOWKEEP, Server


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
