"""A database that the subject created has the tables of one that stock MLflow created."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy

from harness.databases import Database, create_database
from harness.migrations import create_tables, upgrade
from harness.servers import Replica, Server

# Our own tables live beside MLflow's.
OWN_PREFIX = "flowkeep_"

# The schemas that flowkeep creates, by the MLflow that has them.
HEADS = {"3.17.2": "dc11669786a5", "3.18.0": "f4a9b2c7d1e6"}
DEFAULT_VERSION = "3.17.2"

# PostgreSQL prints a list of texts with its casts in one of two places, by how the check was written.
PRINTED_CASTS = re.compile(r"::(?:text|character varying)(?:\[\])?|[()\s]")


@pytest.fixture(scope="module", params=list(HEADS))
def version(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def schemas(
    stock_server: Callable[[str], Replica],
    start_server: Callable[..., Server],
    subject: str,
    database_kind: str,
    version: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[dict[str, Any], dict[str, Any]]:
    if version == DEFAULT_VERSION:
        servers = [stock_server(database_kind).server, start_server(subject, database_kind=database_kind)]
        stock, ours = (_describe(server.database) for server in servers)
        return stock, ours
    described = []
    for name, create in [("stock", upgrade), ("ours", partial(create_tables, schema=version))]:
        folder = tmp_path_factory.mktemp(name)
        database = create_database(database_kind, folder)
        try:
            create(database)
            described.append(_describe(database))
        finally:
            database.drop()
    return described[0], described[1]


def _describe(database: Database) -> dict[str, Any]:
    engine = sqlalchemy.create_engine(database.stock_uri)
    inspector = sqlalchemy.inspect(engine)
    tables = [name for name in inspector.get_table_names() if not name.startswith(OWN_PREFIX)]
    with engine.connect() as connection:
        head = connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).scalars().all()
    described = {table: _describe_table(inspector, table) for table in tables}
    engine.dispose()
    return {"head": head, "tables": described}


def _describe_table(inspector: sqlalchemy.Inspector, table: str) -> dict[str, Any]:
    return {
        "columns": {
            column["name"]: (str(column["type"]), column["nullable"], column["default"])
            for column in inspector.get_columns(table)
        },
        "primary key": inspector.get_pk_constraint(table),
        "foreign keys": _sorted(inspector.get_foreign_keys(table)),
        "unique": _sorted(inspector.get_unique_constraints(table)),
        "checks": {
            check["name"]: PRINTED_CASTS.sub("", check["sqltext"])
            for check in inspector.get_check_constraints(table)
        },
        "indexes": _sorted(
            index
            for index in inspector.get_indexes(table)
            if not (index["name"] or "").startswith(OWN_PREFIX)
        ),
    }


def _sorted(items: Any) -> list[str]:
    return sorted(repr(sorted(item.items(), key=str)) for item in items)


def test_head_of_the_migrations(schemas: tuple[dict[str, Any], dict[str, Any]], version: str) -> None:
    stock, ours = schemas
    assert ours["head"] == stock["head"] == [HEADS[version]]


def test_tables(schemas: tuple[dict[str, Any], dict[str, Any]]) -> None:
    stock, ours = schemas
    assert sorted(ours["tables"]) == sorted(stock["tables"])
    assert len(stock["tables"]) > 40


@pytest.mark.parametrize("part", ["columns", "primary key", "foreign keys", "unique", "checks", "indexes"])
def test_parts_of_the_tables(schemas: tuple[dict[str, Any], dict[str, Any]], part: str) -> None:
    stock, ours = ({name: table[part] for name, table in schema["tables"].items()} for schema in schemas)
    differing = [
        f"{name}:\n  stock {stock[name]}\n  ours  {ours.get(name)}"
        for name in stock
        if ours.get(name) != stock[name]
    ]
    assert not differing, "\n".join(differing)
