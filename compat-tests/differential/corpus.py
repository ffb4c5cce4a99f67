"""Reads the corpus: YAML files of request templates, each of which stands for one request or for many.

The format is explained in the README beside this file.
"""

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent / "corpus"
METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]
KEYS = {"name", "query", "json", "raw", "headers", "capture", "each", "spoil", *METHODS}


# In the place of a value: the field is left out.
MISSING = "<missing>"


@dataclass
class Request:
    """One request. Its values may still hold `${names}`, which the replies before it fill in."""

    identifier: str
    method: str
    path: str
    query: Any = None
    json: Any = None
    raw: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    capture: dict[str, str] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)


class Loader(yaml.SafeLoader):
    """YAML with a few tags for what would be unreadable when written out."""


def _repeat(loader: Loader, node: yaml.SequenceNode) -> str:
    """`!repeat [text, times]`"""
    text, times = loader.construct_sequence(node)
    return text * times


def _many(loader: Loader, node: yaml.MappingNode) -> list[Any]:
    """`!many {count: …, of: …}`: a list of copies, in which `${index}` is the number of the copy."""
    mapping = loader.construct_mapping(node, deep=True)
    return [substitute(mapping["of"], {"index": index}) for index in range(mapping["count"])]


Loader.add_constructor("!repeat", _repeat)
Loader.add_constructor("!many", _many)


def files() -> list[Path]:
    return sorted(FOLDER.rglob("*.yaml"))


def file_name(path: Path) -> str:
    return str(path.relative_to(FOLDER).with_suffix(""))


def read(path: Path) -> list[Request]:
    """All requests of a file, in order."""
    templates = yaml.load(path.read_text(), Loader)
    requests: list[Request] = []
    names: set[str] = set()
    for number, template in enumerate(templates):
        name = str(template.get("name", number + 1))
        if name in names:
            raise ValueError(f"{path}: two requests are named '{name}'")
        names.add(name)
        if unknown := set(template) - KEYS:
            raise ValueError(f"{path}: unknown keys {sorted(unknown)} in request '{name}'")
        requests.extend(_expand(template, f"{file_name(path)}/{name}"))
    return requests


def _expand(template: dict[str, Any], identifier: str) -> Iterator[Request]:
    plain = _request(template, identifier)
    if "each" in template:
        for number, value in enumerate(template["each"]):
            request = copy.deepcopy(plain)
            request.identifier = f"{identifier}#{number + 1}"
            # The value joins the other variables only at the replay: it may name some itself.
            request.variables = {"value": value}
            yield request
        return
    for field_name, values in template.get("spoil", {}).items():
        part = "query" if plain.method == "GET" else "json"
        for number, value in enumerate(values):
            request = copy.deepcopy(plain)
            request.identifier = f"{identifier}#{field_name}-{number + 1}"
            request.capture = {}
            _place(getattr(request, part), field_name, value)
            yield request
    # The good request comes after its spoilt forms, which thus meet the state without it.
    yield plain


def _request(template: dict[str, Any], identifier: str) -> Request:
    method = next(method for method in METHODS if method in template)
    return Request(
        identifier=identifier,
        method=method,
        path=template[method],
        query=template.get("query"),
        json=template.get("json"),
        raw=template.get("raw"),
        headers=template.get("headers", {}),
        capture=template.get("capture", {}),
    )


def _place(target: Any, field_name: str, value: Any) -> None:
    """Puts a value at a path like `metrics.0.key`."""
    *parents, last = field_name.split(".")
    for parent in parents:
        target = target[int(parent) if isinstance(target, list) else parent]
    key = int(last) if isinstance(target, list) else last
    if value == MISSING:
        del target[key]
    else:
        target[key] = value


def substitute(value: Any, variables: dict[str, Any]) -> Any:
    """Fills in `${names}`. A text that is only a name becomes the value itself, of whatever type."""
    if isinstance(value, dict):
        return {substitute(key, variables): substitute(item, variables) for key, item in value.items()}
    if isinstance(value, list):
        return [substitute(item, variables) for item in value]
    if not isinstance(value, str) or "${" not in value:
        return value
    for name, replacement in variables.items():
        if value == f"${{{name}}}":
            return replacement
        value = value.replace(f"${{{name}}}", str(replacement))
    return value
