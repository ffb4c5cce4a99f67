"""Stock MLflow and the server under test, asked the same, and looked at in their databases."""

import sqlite3
import time
from typing import Any

import requests

from differential.masks import DATABASE_ERROR
from harness.servers import Server
from registry.operations import Call

API = "/api/2.0/mlflow/"
TABLES = [
    "registered_models",
    "registered_model_tags",
    "registered_model_aliases",
    "model_versions",
    "model_version_tags",
]
TIMES = {"creation_time", "last_updated_time", "creation_timestamp", "last_updated_timestamp"}


class Side:
    """One of the two servers, in the course of one sequence."""

    def __init__(self, server: Server, prefix: str) -> None:
        self._server = server
        self._session = requests.Session()
        self._prefix = prefix
        path = server.database.uri.removeprefix("sqlite:///")
        self._database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
        self._database.row_factory = sqlite3.Row
        self._calls = 0
        self._first_seen: dict[int, int] = {}

    def close(self) -> None:
        self._database.close()
        self._session.close()

    def send(self, call: Call) -> dict[str, Any]:
        """What comes of a call: the reply, and what the database then holds of the sequence's models."""
        self._calls += 1
        # A time of one call is never that of another.
        time.sleep(0.002)
        fields = call.of_sequence(self._prefix)
        response = self._session.request(
            call.method,
            self._server.url + API + call.path,
            **({"params": fields} if call.method == "GET" else {"json": fields}),
            timeout=60,
        )
        return {
            "status": response.status_code,
            "reply": self._masked(response.json()),
            "database": self._masked(self._rows()),
        }

    def _rows(self) -> dict[str, list[dict[str, Any]]]:
        # Names with the prefix are in this range, which an index knows.
        range_of_names = [f"{self._prefix}-", f"{self._prefix}."]
        return {
            table: [
                dict(row)
                for row in self._database.execute(
                    f"SELECT * FROM {table} WHERE workspace = 'default' AND name > ? AND name < ?",
                    range_of_names,
                )
            ]
            for table in TABLES
        }

    def _masked(self, value: Any, key: str = "") -> Any:
        """Each time becomes the number of the call that wrote it; what has no order is sorted."""
        if isinstance(value, dict):
            return {name: self._masked(item, name) for name, item in value.items()}
        if isinstance(value, list):
            # Stock leaves the aliases of versions out of lists. The table of aliases is compared too.
            if key in {"model_versions", "latest_versions"}:
                value = [{name: item[name] for name in item if name != "aliases"} for item in value]
            items = [self._masked(item) for item in value]
            is_set = key in {"tags", "aliases", "latest_versions", *TABLES}
            return sorted(items, key=repr) if is_set else items
        if key in TIMES and isinstance(value, int):
            return f"call {self._first_seen.setdefault(value, self._calls)}"
        if isinstance(value, str):
            # Stock passes on the words of its database library.
            return DATABASE_ERROR.sub("", value).removesuffix(" Error: ")
        return value
