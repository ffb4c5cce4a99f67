"""Writes a mismatch up for people: what was sent, and a unified diff of the two replies."""

import difflib
import json
from itertools import islice
from typing import Any

from differential.corpus import Request
from differential.replay import PARTS, Reply

LONGEST_LINE = 400
LONGEST_DIFFERENCE = 40


def write_up(request: Request, expected: Reply, actual: Reply, differing: list[str]) -> str:
    difference = difflib.unified_diff(
        _lines(expected), _lines(actual), fromfile="stock", tofile="ours", lineterm=""
    )
    return "\n".join(
        [
            f"{request.identifier} ({', '.join(differing)})",
            f"  {request.method} {request.path}",
            *(f"  {name}: {_shorten(_json(value))}" for name, value in _sent(request).items()),
            *(f"    {_shorten(line)}" for line in islice(difference, LONGEST_DIFFERENCE)),
        ]
    )


def _sent(request: Request) -> dict[str, Any]:
    parts = {"query": request.query, "json": request.json, "raw": request.raw, **request.variables}
    return {name: value for name, value in parts.items() if value is not None}


def _lines(reply: Reply) -> list[str]:
    head = [f"{part}: {reply.part(part)}" for part in PARTS if part != "body"]
    body = reply.body if isinstance(reply.body, str) else _json(reply.body, indent=1)
    return [line for text in [*head, body] for line in text.splitlines()]


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, indent=indent, sort_keys=indent is not None, ensure_ascii=False)


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_LINE else f"{text[:LONGEST_LINE]}… ({len(text)} characters)"
