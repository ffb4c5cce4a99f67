"""Prints as JSON what the MLflow that this Python finds consists of: its routes, messages and tables."""

import importlib
import json
import pkgutil
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import sqlalchemy
from google.protobuf.descriptor import Descriptor, EnumDescriptor, FieldDescriptor, FileDescriptor
from mlflow import protos, server
from mlflow.server import fastapi_app
from mlflow.store.db import utils

# Converters and patterns of parameters are spelled differently by the two web frameworks.
PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>|\{(\w+)(?::[^{}]*)?\}")
TYPES = {
    number: name[5:].lower() for name, number in vars(FieldDescriptor).items() if name.startswith("TYPE_")
}


def routes() -> set[str]:
    rules = [(rule.rule, rule.methods) for rule in server.app.url_map.iter_rules()]
    rules += _flat(fastapi_app.app.routes)
    found = {
        f"{method} {PARAMETER.sub(lambda match: f'{{{match[1] or match[2]}}}', path)}"
        for path, methods in rules
        for method in (methods or {"*"}) - {"HEAD", "OPTIONS"}
    }
    # What the UI calls under its own prefix as well is told once.
    return {route for route in found if route.replace(" /ajax-api/", " /api/", 1) not in found - {route}}


def _flat(routes: list[Any], prefix: str = "") -> Iterator[tuple[str, set[str] | None]]:
    """The paths and methods of FastAPI's routes, with those of the routers among them."""
    for route in routes:
        if hasattr(route, "path"):
            yield prefix + route.path, getattr(route, "methods", None)
        if router := getattr(route, "original_router", None):
            yield from _flat(router.routes, prefix + route.include_context.prefix)


def messages() -> dict[str, list[str]]:
    """By the full name of each message and enum: its fields or values."""
    found: dict[str, list[str]] = {}
    for module in pkgutil.walk_packages(protos.__path__, "mlflow.protos."):
        if module.name.endswith("_pb2"):
            descriptor = getattr(importlib.import_module(module.name), "DESCRIPTOR", None)
            if isinstance(descriptor, FileDescriptor):
                _add(descriptor.message_types_by_name.values(), found)
                _add(descriptor.enum_types_by_name.values(), found)
    return found


def _add(descriptors: Any, found: dict[str, list[str]]) -> None:
    for one in descriptors:
        if isinstance(one, EnumDescriptor):
            found[one.full_name] = [f"{value.name} = {value.number}" for value in one.values]
        elif isinstance(one, Descriptor):
            found[one.full_name] = [_field(field) for field in one.fields]
            _add(one.nested_types, found)
            _add(one.enum_types, found)


def _field(field: FieldDescriptor) -> str:
    kind = field.message_type or field.enum_type
    repeated = "repeated " if field.is_repeated else ""
    return f"{repeated}{kind.full_name if kind else TYPES[field.type]} {field.name} = {field.number}"


def tables() -> dict[str, list[str]]:
    """By the name of each table: its columns, keys and indexes, as SQLite has them after all migrations."""
    with tempfile.TemporaryDirectory() as folder:
        engine = utils.create_sqlalchemy_engine_with_retry(f"sqlite:///{folder}/mlflow.db")
        utils._initialize_tables(engine)
        inspector = sqlalchemy.inspect(engine)
        found = {name: _parts(inspector, name) for name in inspector.get_table_names()}
        with engine.connect() as connection:
            head = connection.execute(sqlalchemy.text("SELECT version_num FROM alembic_version")).scalar()
        found["alembic_version"] = [f"head {head}"]
        engine.dispose()
    return found


def _parts(inspector: sqlalchemy.Inspector, table: str) -> list[str]:
    columns = [
        f"column {column['name']} {column['type']}{'' if column['nullable'] else ' NOT NULL'}"
        f"{'' if column['default'] is None else ' DEFAULT ' + column['default']}"
        for column in inspector.get_columns(table)
    ]
    foreign = [
        f"foreign key {key['constrained_columns']} to {key['referred_table']} {key['referred_columns']} "
        f"{key['options']}"
        for key in inspector.get_foreign_keys(table)
    ]
    indexes = [
        f"{'unique ' if index['unique'] else ''}index {index['name']} {index['column_names']}"
        for index in inspector.get_indexes(table)
    ]
    unique = [f"unique {key['column_names']}" for key in inspector.get_unique_constraints(table)]
    key = f"primary key {inspector.get_pk_constraint(table)['constrained_columns']}"
    return [*columns, key, *sorted(foreign), *sorted(unique), *sorted(indexes)]


def main(result: Path) -> None:
    described = {
        "version": mlflow.__version__,
        "routes": {route: [] for route in sorted(routes())},
        "messages": messages(),
        "tables": tables(),
    }
    result.write_text(json.dumps(described))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
