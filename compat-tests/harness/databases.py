"""The databases that a server can be started on. Each one is fresh and belongs to one test."""

import contextlib
import os
import sqlite3
import uuid
from abc import ABC, abstractmethod
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

# Set for the whole run before any worker starts: either the caller's server or our private one.
POSTGRES_VARIABLE = "FLOWKEEP_TEST_POSTGRES"

KINDS = ["sqlite", "postgres"]


class Database(ABC):
    uri: str

    @property
    def stock_uri(self) -> str:
        """The same database in the words of the stock server."""
        return self.uri

    @abstractmethod
    def snapshot(self) -> None:
        """Remembers the present content."""

    @abstractmethod
    def restore(self) -> None:
        """Brings the remembered content back under a running server. Cheaper than a new stock server."""

    def drop(self) -> None:  # noqa: B027
        """Removes what deleting the test's folder would not remove."""


class SqliteDatabase(Database):
    def __init__(self, folder: Path) -> None:
        self._path = folder / "mlflow.db"
        self._saved = folder / "saved.db"
        self.uri = f"sqlite:///{self._path}"

    def snapshot(self) -> None:
        _copy_sqlite(self._path, self._saved)

    def restore(self) -> None:
        _copy_sqlite(self._saved, self._path)


def _copy_sqlite(source: Path, target: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(source)) as reader,
        contextlib.closing(sqlite3.connect(target, timeout=30)) as writer,
    ):
        reader.backup(writer)


class PostgresDatabase(Database):
    def __init__(self) -> None:
        self._server = os.environ[POSTGRES_VARIABLE]
        self._name = f"flowkeep_{uuid.uuid4().hex}"
        self._saved = f"{self._name}_saved"
        self.uri = urlsplit(self._server)._replace(path=f"/{self._name}").geturl()
        self._execute(f'CREATE DATABASE "{self._name}"')

    @property
    def stock_uri(self) -> str:
        # Without a driver in the scheme, current SQLAlchemy takes one that is not installed.
        return self.uri.replace("postgresql://", "postgresql+psycopg2://", 1)

    def snapshot(self) -> None:
        self._copy(self._name, self._saved)

    def restore(self) -> None:
        self._copy(self._saved, self._name)

    def drop(self) -> None:
        for name in (self._name, self._saved):
            self._execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _copy(self, source: str, target: str) -> None:
        # A database can only be copied while nobody is connected. The server connects anew by itself, and
        # may be too quick: then its connections are ended once more.
        self._execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
        for attempt in reversed(range(20)):
            self._execute(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{source}'"
            )
            try:
                self._execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
                return
            except psycopg2.errors.ObjectInUse:
                if attempt == 0:
                    raise

    def _execute(self, statement: str) -> None:
        with contextlib.closing(psycopg2.connect(self._server)) as connection:
            # Databases are created and dropped outside of transactions.
            connection.autocommit = True
            connection.cursor().execute(statement)


def create_database(kind: str, folder: Path) -> Database:
    return SqliteDatabase(folder) if kind == "sqlite" else PostgresDatabase()
