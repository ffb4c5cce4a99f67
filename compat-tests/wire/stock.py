"""The stock server's messages, routes and checks, taken from its descriptors and from its handlers."""

import ast
import inspect
from collections.abc import Iterator
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool
from mlflow.protos import (
    databricks_pb2,
    mlflow_artifacts_pb2,
    model_registry_pb2,
    service_pb2,
    webhooks_pb2,
)
from mlflow.server import handlers

_POOL = descriptor_pool.Default()
_FILES = [service_pb2, model_registry_pb2, webhooks_pb2, mlflow_artifacts_pb2]

_CHECKS = {
    "_assert_required": "REQUIRED",
    "_assert_string": "STRING",
    "_assert_intlike": "INTEGER",
    "_assert_floatlike": "NUMBER",
    "_assert_bool": "BOOLEAN",
    "_assert_array": "ARRAY",
    "_assert_item_type_string": "ARRAY_OF_STRINGS",
}


def message(name: str) -> Any:
    proto = descriptor_pb2.DescriptorProto()
    _POOL.FindMessageTypeByName(name).CopyToProto(proto)
    return proto


def enum(name: str) -> Any:
    proto = descriptor_pb2.EnumDescriptorProto()
    _POOL.FindEnumTypeByName(name).CopyToProto(proto)
    return proto


def routes() -> dict[str, tuple[str, set[tuple[str, str, int]]]]:
    """By the name of the request's message: the name of the reply's, and where it is sent to."""
    found = {}
    for file in _FILES:
        for service in file.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                endpoints = method.GetOptions().Extensions[databricks_pb2.rpc].endpoints
                places = {(one.method, one.path, one.since.major) for one in endpoints}
                found[method.input_type.full_name] = (method.output_type.full_name, places)
    return found


def checks() -> dict[str, list[dict[str, list[str]]]]:
    """By the name of a message: for each handler that reads it, the checks of its fields in their order."""
    tree = ast.parse(inspect.getsource(handlers))
    helpers = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    found: dict[str, list[dict[str, list[str]]]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name("_get_request_message"), args=[ast.Call(func=ast.Name(name)), *_]):
                schema = next((word.value for word in node.keywords if word.arg == "schema"), None)
                fields = dict(_fields(schema, helpers)) if isinstance(schema, ast.Dict) else {}
                found.setdefault(getattr(handlers, name).DESCRIPTOR.full_name, []).append(fields)
    return found


def _fields(schema: ast.Dict, helpers: dict[str, ast.FunctionDef]) -> Iterator[tuple[str, list[str]]]:
    for key, value in zip(schema.keys, schema.values, strict=True):
        assert isinstance(key, ast.Constant)
        assert isinstance(value, ast.List)
        yield key.value, [name for check in value.elts for name in _names(check, helpers)]


def _names(check: ast.expr, helpers: dict[str, ast.FunctionDef]) -> list[str]:
    match check:
        case ast.Name(name) if name in _CHECKS:
            return [_CHECKS[name]]
        case ast.Name(name):
            return [f"EACH {part}" for part in _parts(helpers[name])]
        case ast.Lambda(
            body=ast.Call(
                func=ast.Name("_assert_less_than_or_equal"),
                args=[ast.Call(func=ast.Name("int")), ast.Constant(limit)],
                keywords=[],
            )
        ):
            return [f"AT_MOST {limit}"]
        case ast.Lambda():
            # It has a message of its own, and a place in the handler.
            return []
    raise AssertionError(ast.unparse(check))


def _parts(helper: ast.FunctionDef) -> Iterator[str]:
    """The parts of an element that a helper looks for."""
    for node in ast.walk(helper):
        match node:
            case ast.Call(func=ast.Attribute(attr="get"), args=[ast.Constant(part)]):
                yield part
