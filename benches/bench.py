"""What a group of measurements is. Each file of the folder `groups` has one, in the variable `GROUP`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from seed import Rows
from servers import Server

STOCK = "stock"
FASTTRACKML = "fasttrackml"
FLOWKEEP = "flowkeep"
FLOOR = "floor"

SQLITE = "sqlite"
POSTGRES = "postgres"


class Report(Protocol):
    """Takes one figure. Of a unit that ends in `/s` more is better, of any other less."""

    def __call__(self, scenario: str, figure: float, unit: str) -> None: ...


ReportOf = Callable[[str], Report]


@dataclass(frozen=True)
class Group:
    """Measured on each of the servers in turn, each with a fresh copy of the same seeded database."""

    run: Callable[[Server, Report], None] | None = None
    """Sends the requests to a server that has just been started."""

    seed: Callable[[Rows], None] | None = None
    """Fills the database before the servers start. FastTrackML has a schema of its own: it always
    starts empty, so it belongs only into groups that seed nothing."""

    servers: tuple[str, ...] = (STOCK, FLOWKEEP)
    databases: tuple[str, ...] = (SQLITE, POSTGRES)

    alone: Callable[[Path, ReportOf], None] | None = None
    """Measures in an empty folder what needs no server, or starts servers of its own. It says itself
    for which column of the table a figure is."""

    floor: Callable[[str, ReportOf], None] | None = None
    """Measures the lower limit on a copy of the database in PostgreSQL, without a server."""

    on_request: bool = False
    """Whether the group is left out unless it is named."""
