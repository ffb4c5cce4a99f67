"""Our .proto files say what the stock server's descriptors and handlers say."""

from typing import Any

import pytest

from wire import stock
from wire.ours import Schema

# Fields of ours from this number on are not MLflow's: its server reads them from the query by hand.
FIRST_OWN_NUMBER = 50_000


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    return Schema(tmp_path_factory.mktemp("protoc"))


def test_fields(ours: Schema) -> None:
    messages = dict(ours.messages())
    assert len(messages) > 150
    differing = {
        name: difference
        for name, message in messages.items()
        if (difference := _difference(_fields(stock.message(name)), _fields(message)))
    }
    assert not differing


def _fields(message: Any) -> dict[str, tuple[Any, ...]]:
    return {
        field.name: (
            field.number,
            field.type,
            field.label,
            field.type_name,
            # None where there is no default; a field without one has it as an empty string.
            field.default_value if field.HasField("default_value") else None,
        )
        for field in message.field
        if field.number < FIRST_OWN_NUMBER
    }


def test_enums(ours: Schema) -> None:
    enums = dict(ours.enums())
    assert len(enums) > 5
    differing = {
        name: difference
        for name, enum in enums.items()
        if (difference := _difference(_values(stock.enum(name)), _values(enum)))
    }
    assert not differing


def _values(enum: Any) -> dict[str, int]:
    return {value.name: value.number for value in enum.value}


def test_routes(ours: Schema) -> None:
    expected = stock.routes()
    methods = {method.input_type.removeprefix("."): method for method in ours.methods()}
    assert len(methods) > 60
    differing = {}
    for name, method in methods.items():
        found = (method.output_type.removeprefix("."), ours.routes(method))
        if found != expected[name]:
            differing[name] = (expected[name], found)
    assert not differing


def test_checks_of_requests(ours: Schema) -> None:
    messages = dict(ours.messages())
    expected = stock.checks()
    differing = {}
    for method in ours.methods():
        name = method.input_type.removeprefix(".")
        fields = {field.name: checks for field in messages[name].field if (checks := ours.checks(field))}
        wanted = [
            {field: checks for field, checks in schema.items() if checks}
            for schema in expected.get(name, [{}])
        ]
        if list(fields.items()) not in [list(schema.items()) for schema in wanted]:
            differing[name] = (wanted, fields)
    assert not differing


def _difference(expected: dict[str, Any], found: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {
        name: (expected.get(name), found.get(name))
        for name in expected.keys() | found.keys()
        if expected.get(name) != found.get(name)
    }
