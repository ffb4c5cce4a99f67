"""A database that the subject created has the tables of one that stock MLflow created."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy

from harness.databases import Database
from harness.servers import STOCK, Server

# Our own tables live beside MLflow's.
OWN_PREFIX = "flowkeep_"

# PostgreSQL prints a list of texts with its casts in one of two places, by how the check was written.
PRINTED_CASTS = re.compile(r"::(?:text|character varying)(?:\[\])?|[()\s]")


@pytest.fixture(scope="module")
def schemas(
    start_server: Callable[..., Server], subject: str, database_kind: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    servers = [start_server(kind, database_kind=database_kind) for kind in (STOCK, subject)]
    stock, ours = (_describe(server.database) for server in servers)
    return stock, ours


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


def test_head_of_the_migrations(schemas: tuple[dict[str, Any], dict[str, Any]]) -> None:
    stock, ours = schemas
    assert ours["head"] == stock["head"] == ["dc11669786a5"]


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
