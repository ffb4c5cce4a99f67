"""The databases behind the servers: filled once, and copied for each server."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

from harness.postgres import PrivatePostgres
from seed import PostgresRows, Rows, SqliteRows

Seed = Callable[[Rows], None]


def make_schema(uri: str) -> None:
    """MLflow's schema, made by flowkeep."""
    subprocess.run(
        [Path(os.environ["FLOWKEEP_BIN"]).resolve(), "db", "init", uri],
        check=True,
        stdout=subprocess.DEVNULL,
    )


class SqliteStore:
    def __init__(self, scratch: Path) -> None:
        self._seeded = scratch / "seeded"
        self._seeded.mkdir()

    def fill(self, seed: Seed) -> None:
        database = self._seeded / "mlflow.db"
        make_schema(f"sqlite:///{database}")
        with contextlib.closing(SqliteRows(database)) as rows:
            seed(rows)

    @contextlib.contextmanager
    def copy(self, folder: Path) -> Iterator[str]:
        """The address of a copy that belongs to the server in this folder."""
        shutil.copytree(self._seeded, folder, dirs_exist_ok=True)
        yield f"sqlite:///{folder / 'mlflow.db'}"


class PostgresStore:
    SEEDED = "bench_seeded"

    def __init__(self, server: str) -> None:
        self._server = server
        self._execute(f"DROP DATABASE IF EXISTS {self.SEEDED} WITH (FORCE)")
        self._execute(f"CREATE DATABASE {self.SEEDED}")

    def fill(self, seed: Seed) -> None:
        make_schema(self._uri(self.SEEDED))
        with contextlib.closing(PostgresRows(self._uri(self.SEEDED))) as rows:
            seed(rows)

    @contextlib.contextmanager
    def copy(self, folder: Path) -> Iterator[str]:
        name = f"bench_{folder.name}"
        self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._execute(f"CREATE DATABASE {name} TEMPLATE {self.SEEDED}")
        try:
            yield self._uri(name)
        finally:
            self._execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def _uri(self, name: str) -> str:
        return urlsplit(self._server)._replace(path=f"/{name}").geturl()

    def _execute(self, statement: str) -> None:
        with contextlib.closing(psycopg2.connect(self._server)) as connection:
            connection.autocommit = True
            connection.cursor().execute(statement)


@contextlib.contextmanager
def postgres_server() -> Iterator[str]:
    """A private cluster that flushes to disk, as a real one does."""
    postgres = PrivatePostgres({"fsync": "on", "full_page_writes": "on", "shared_buffers": "256MB"})
    try:
        yield postgres.uri
    finally:
        postgres.stop()
