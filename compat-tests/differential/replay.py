"""Sends the requests of a file to one server and keeps the replies."""

import json
import re
import time
from dataclasses import dataclass
from typing import Any

import requests

from differential.corpus import Request, substitute
from differential.masks import Masker
from harness.servers import Server


@dataclass
class Reply:
    """A reply in the parts that are compared and accepted separately."""

    status: int
    error_code: str | None
    message: str | None
    body: Any

    def part(self, name: str) -> Any:
        return getattr(self, name)


PARTS = ["status", "error_code", "message", "body"]


def replay(corpus: list[Request], server: Server) -> list[Reply]:
    variables: dict[str, Any] = {}
    masker = Masker(url=server.url, folder=str(server.folder))
    session = requests.Session()
    replies: list[Reply] = []
    for request in corpus:
        response = _send(session, request, server, variables)
        replies.append(_reply(response, request, variables, masker))
        # No two records get the same time, so that sorting by it leaves nothing to chance.
        time.sleep(0.002)
    return replies


def _send(
    session: requests.Session, request: Request, server: Server, variables: dict[str, Any]
) -> requests.Response:
    known = variables | substitute(request.variables, variables)
    headers = dict(request.headers)
    data: bytes | None = None
    if request.raw is not None:
        data = substitute(request.raw, known).encode()
    elif request.json is not None:
        # The standard library writes NaN and Infinity as bare words, which are part of the corpus.
        data = json.dumps(substitute(request.json, known)).encode()
    if data is not None:
        headers.setdefault("Content-Type", "application/json")
    return session.request(
        request.method,
        server.url + _absolute(substitute(request.path, known)),
        params=substitute(request.query, known),
        data=data,
        headers=headers,
        timeout=60,
        allow_redirects=False,
    )


def _absolute(path: str) -> str:
    return path if path.startswith("/") else f"/api/2.0/mlflow/{path}"


def _reply(response: requests.Response, request: Request, variables: dict[str, Any], masker: Masker) -> Reply:
    try:
        body = response.json()
    except requests.JSONDecodeError:
        body = response.text
    for name, path in request.capture.items():
        variables[name] = _find(body, path)
        masker.name(str(variables[name]), name)
    masked = masker.mask_reply(body, request.path)
    error_code = message = None
    if isinstance(masked, dict) and "error_code" in masked:
        error_code = masked.pop("error_code")
        message = masked.pop("message", None)
    return Reply(response.status_code, error_code, message, masked)


def _find(body: Any, path: str) -> Any:
    """The value at a path like `runs[0].info.run_id`. What is not there makes the next requests differ."""
    for part in re.findall(r"[^.\[\]]+", path):
        try:
            body = body[int(part)] if isinstance(body, list) else body[part]
        except (KeyError, IndexError, TypeError):
            return f"nothing at {path}"
    return body
