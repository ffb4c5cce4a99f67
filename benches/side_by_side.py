"""Runs the same measurements on each server, one after the other, and prints one table."""

import argparse
import contextlib
import importlib
import pkgutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import groups
from bench import FASTTRACKML, FLOWKEEP, POSTGRES, SQLITE, STOCK, Group
from servers import Server
from stores import PostgresStore, SqliteStore, postgres_server
from table import Table

SERVERS = (STOCK, FASTTRACKML, FLOWKEEP)


def all_groups() -> dict[str, Group]:
    names = sorted(module.name for module in pkgutil.iter_modules(groups.__path__))
    return {name: importlib.import_module(f"groups.{name}").GROUP for name in names}


def arguments(known: dict[str, Group]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benches/run", description=__doc__)
    parser.add_argument("--postgres", action="store_true", help="PostgreSQL behind MLflow and flowkeep")
    parser.add_argument("--servers", type=lambda text: text.split(","), default=list(SERVERS))
    parser.add_argument("groups", nargs="*", metavar="group", help=f"of {', '.join(known)}")
    chosen = parser.parse_args()
    if unknown := set(chosen.groups) - set(known):
        parser.error(f"no group {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    chosen.groups = chosen.groups or [name for name, group in known.items() if not group.on_request]
    return chosen


def main() -> None:
    known = all_groups()
    chosen = arguments(known)
    kind = POSTGRES if chosen.postgres else SQLITE
    table = Table()
    try:
        with stores(kind) as new_store:
            for name in chosen.groups:
                if kind in known[name].databases:
                    print(f"{name}, {kind}", file=sys.stderr)
                    measure(known[name], kind, chosen.servers, new_store, table)
    finally:
        table.print()


@contextlib.contextmanager
def stores(kind: str) -> Iterator[Callable[[Path], SqliteStore | PostgresStore]]:
    if kind == SQLITE:
        yield SqliteStore
    else:
        with postgres_server() as server:
            yield lambda _: PostgresStore(server)


def measure(
    group: Group,
    kind: str,
    servers: list[str],
    new_store: Callable[[Path], SqliteStore | PostgresStore],
    table: Table,
) -> None:
    with tempfile.TemporaryDirectory(prefix="flowkeep-bench-") as name:
        scratch = Path(name)
        store = new_store(scratch)
        if group.seed:
            store.fill(group.seed)
        for server in group.servers if group.run else ():
            if server not in servers or (server == FASTTRACKML and kind == POSTGRES):
                continue
            folder = scratch / server
            folder.mkdir()
            with store.copy(folder) as uri, Server(server, folder, uri) as running:
                group.run(running, lambda *row, server=server: table.add(server, *row))
        if group.floor and kind == POSTGRES:
            folder = scratch / "floor"
            folder.mkdir()
            with store.copy(folder) as uri:
                group.floor(uri, lambda column: lambda *row: table.add(column, *row))
        if group.alone and kind == SQLITE:
            folder = scratch / "alone"
            folder.mkdir()
            group.alone(folder, lambda column: lambda *row: table.add(column, *row))


if __name__ == "__main__":
    main()
