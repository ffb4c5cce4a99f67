"""Takes out of a reply what may differ between two equal servers: ids, times, places and tokens.

An id that the file captured gets the name of its variable, any other one a number, in the order of
first appearance in the reply. So two replies are equal only if the same id stands in the same places.
"""

import re
import time
from typing import Any

ID_PATTERNS = {
    "model": re.compile(r"\bm-[0-9a-f]{32}\b"),
    "dataset": re.compile(r"\bd-[0-9a-f]{32}\b"),
    "trace": re.compile(r"\btr-[0-9a-f]{32}\b"),
    "webhook": re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"),
    "id": re.compile(r"\b[0-9a-f]{32}\b"),
}

# Run and model names that a server makes up: adjective, noun and number.
MADE_UP_NAME = re.compile(r"[a-z]+-[a-z]+-\d{1,4}")
NAME_KEYS = {"run_name", "name"}

# Python prints a set in an order that differs from one start to the next.
PRINTED_SET = re.compile(r"\{('[^'{}]*'(?:, '[^'{}]*')*)\}")

# What a database says of a broken rule is its own affair: stock passes on the statement as well.
DATABASE_ERROR = re.compile(r"(?<=already exists\. Error: ).*|\((?:sqlite3|psycopg2)\.\w.*", re.DOTALL)

# Python shows where an object lies in memory.
MEMORY_ADDRESS = re.compile(r"\b0x[0-9a-f]{8,}\b")

TIMESTAMP = re.compile(r"\b\d{13}\b")

# Experiments are numbered by the database, and PostgreSQL takes a number for each refused one as well.
EXPERIMENT = re.compile(r"(?<=mlflow-artifacts:/)\d+|(?<=with id=)\d+|(?<=experiment )\d+")

TOKEN_KEYS = {"next_page_token", "page_token"}

# Lists that stock MLflow reads without an order: the database may give them in any, and in another one
# when its statistics change.
SETS = {"aliases", "dataset_inputs", "dataset_summaries", "model_inputs", "model_outputs"}

# An hour before the start covers every clock that the two servers share with us.
STARTED = int(time.time() * 1000) - 3_600_000


class Masker:
    """Masks the replies of one server to one file."""

    def __init__(self, *, url: str, folder: str) -> None:
        self._places = {url: "<server>", url.removeprefix("http://"): "<address>", folder: "<folder>"}
        self._captured: dict[str, str] = {}
        self._numbered: dict[str, str] = {}
        self._sets = SETS
        self._experiments = {"0": "0"}

    def name(self, identifier: str, variable: str) -> None:
        self._captured.setdefault(identifier, f"<{variable}>")

    def mask_reply(self, body: Any, path: str = "") -> Any:
        self._numbered = {}
        # The newest versions of the stages come as they lie in the database, those of a search in order.
        newest = path.endswith("get-latest-versions")
        self._sets = SETS | {"model_versions"} if newest else SETS
        return self.mask(body)

    def mask(self, value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {self._mask_text(name): self._mask_member(value, name) for name in value}
        if isinstance(value, list):
            items = [self.mask(item, key) for item in value]
            return sorted(items, key=repr) if key in self._sets else _ordered(items, key)
        if isinstance(value, str):
            if key in TOKEN_KEYS and value:
                return "<token>"
            if key in NAME_KEYS and MADE_UP_NAME.fullmatch(value):
                return "<made-up name>"
            if key == "experiment_id" and value.isdecimal():
                return self._experiments.setdefault(value, f"<experiment {len(self._experiments)}>")
            return self._mask_text(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return "<now>" if _is_now(value) else value
        return value

    def _mask_member(self, parent: dict[str, Any], name: str) -> Any:
        # The tag that repeats a run's name carries it as its value.
        if name == "value" and parent.get("key") == "mlflow.runName":
            return self.mask(parent[name], "run_name")
        return self.mask(parent[name], name)

    def _mask_text(self, text: str) -> str:
        for place, mask in self._places.items():
            text = text.replace(place, mask)
        text = PRINTED_SET.sub(lambda match: f"{{{', '.join(sorted(match[1].split(', ')))}}}", text)
        text = DATABASE_ERROR.sub("<database error>", text)
        text = MEMORY_ADDRESS.sub("<memory address>", text)
        text = EXPERIMENT.sub(lambda match: self._experiments.get(match.group(), match.group()), text)
        for kind, pattern in ID_PATTERNS.items():
            text = pattern.sub(lambda match, kind=kind: self._name_of(kind, match.group()), text)
        return TIMESTAMP.sub(lambda match: "<now>" if _is_now(int(match.group())) else match.group(), text)

    def _name_of(self, kind: str, identifier: str) -> str:
        if identifier in self._captured:
            return self._captured[identifier]
        return self._numbered.setdefault(identifier, f"<{kind} {len(self._numbered) + 1}>")


def _is_now(milliseconds: int) -> bool:
    return STARTED < milliseconds < STARTED + 86_400_000


def _ordered(items: list[Any], key: str) -> list[Any]:
    """Tags, params, metrics, aliases and the latest versions of the stages are sets.

    The points of one metric of one run keep their order.
    """
    if items and all(isinstance(item, dict) and ("key" in item or "alias" in item) for item in items):
        return sorted(items, key=_names)
    if key == "latest_versions":
        return sorted(items, key=lambda item: str(item.get("current_stage")))
    return items


def _names(item: dict[str, Any]) -> list[str]:
    # A model has a metric once for each run and dataset; their order is open.
    return [str(item.get(name, "")) for name in ("key", "alias", "run_id", "dataset_name", "dataset_digest")]
