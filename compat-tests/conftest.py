"""What every test can ask for: a server of either kind on either database."""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from harness.databases import KINDS, POSTGRES_VARIABLE, create_database
from harness.environments import REPORTS, build_flowkeep
from harness.migrations import create_tables
from harness.postgres import PrivatePostgres
from harness.servers import FLOWKEEP, STOCK, Replica, Server

started = pytest.StashKey[float]()
private_postgres = pytest.StashKey[PrivatePostgres]()

StartServer = Callable[..., Server]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--subject",
        choices=[FLOWKEEP, STOCK],
        default=FLOWKEEP,
        help="The server under test. A test that fails on the stock server expects the wrong thing.",
    )
    parser.addoption("--full", action="store_true", help="Also what takes long and seldom breaks.")


def pytest_configure(config: pytest.Config) -> None:
    """Prepares, before any worker starts, what all workers share."""
    config.stash[started] = time.time()
    # Asked to stop by a supervisor, pytest tidies up as it does for a person who interrupts it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    if config.getoption("--subject") == FLOWKEEP:
        os.environ["FLOWKEEP_BIN"] = str(build_flowkeep())
    if POSTGRES_VARIABLE not in os.environ:
        config.stash[private_postgres] = PrivatePostgres()
        os.environ[POSTGRES_VARIABLE] = config.stash[private_postgres].uri


def pytest_unconfigure(config: pytest.Config) -> None:
    if postgres := config.stash.get(private_postgres, None):
        postgres.stop()


@pytest.fixture(scope="session")
def subject(request: pytest.FixtureRequest) -> str:
    """The kind of server under test."""
    return request.config.getoption("--subject")


@pytest.fixture(scope="module", params=KINDS)
def database_kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartServer]:
    """Starts servers that live as long as the module's tests, and stops each one properly."""
    with contextlib.ExitStack() as cleanup:

        def start(
            kind: str,
            *,
            database_kind: str = "",
            like: Server | None = None,
            environment: dict[str, str] | None = None,
            schema: str = "",
            arguments: Sequence[str] = (),
        ) -> Server:
            """Starts a server on a fresh database of a kind, or on the database and artifacts of another.

            The fresh database of flowkeep can have the schema of another MLflow than the default one.
            """
            if like is None:
                folder = tmp_path_factory.mktemp(f"{kind}-{database_kind}")
                database = create_database(database_kind, folder)
                cleanup.callback(database.drop)
                if schema:
                    create_tables(database, schema)
            else:
                folder, database = like.folder, like.database
            server = Server(kind, database, folder, environment or {}, list(arguments))
            cleanup.callback(server.stop)
            server.start()
            return server

        yield start


@pytest.fixture(scope="session")
def stock_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Replica]]:
    """Gives a stock server whose database is as new. Stock MLflow takes long to start: modules share one
    for each kind of database."""
    replicas: dict[str, Replica] = {}
    with contextlib.ExitStack() as cleanup:

        def give(database_kind: str) -> Replica:
            if replica := replicas.get(database_kind):
                replica.fresh()
                return replica
            folder = tmp_path_factory.mktemp(f"shared-stock-{database_kind}")
            database = create_database(database_kind, folder)
            cleanup.callback(database.drop)
            server = Server(STOCK, database, folder)
            cleanup.callback(server.stop)
            server.start()
            return replicas.setdefault(database_kind, Replica(server))

        yield give


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keeps the tests of one module and one database together, so that they share their servers."""
    if not config.getoption("--full"):
        skip = pytest.mark.skip(reason="takes long and seldom breaks: run with --full")
        for item in items:
            if item.get_closest_marker("full"):
                item.add_marker(skip)
    for item in items:
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        kind = str(parameters.get("database_kind", ""))
        shares_stock = "stock_server" in getattr(item, "fixturenames", [])
        group = f"stock-{kind or 'sqlite'}" if shares_stock else f"{item.nodeid.split('::')[0]}-{kind}"
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(group))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Shows the end of the servers' logs with each failure."""
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, Server) and value.log.exists():
                tail = value.log.read_text(errors="replace")[-2000:]
                report.sections.append((f"log of {value.kind} at {value.url}", tail))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tells what the replays of this run found, whichever worker ran them."""
    outcomes = [
        json.loads(path.read_text())
        for path in sorted(REPORTS.glob("differential/*/*.json"))
        if path.stat().st_mtime >= config.stash[started]
    ]
    for database in sorted({outcome["database"] for outcome in outcomes}):
        columns = ["requests", "wrong", "accepted", "mismatches"]
        sums = {name: sum(one[name] for one in outcomes if one["database"] == database) for name in columns}
        terminalreporter.write_line(
            f"corpus on {database}: {sums['requests']} requests, {sums['wrong']} refused "
            f"by stock; {sums['mismatches']} mismatches, {sums['accepted']} accepted differences"
        )
