"""Finds where two replies differ, sets aside what the allowlist accepts, and has the rest written up."""

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from differential.corpus import Request
from differential.replay import PARTS, Reply
from differential.report import write_up

ALLOWLIST = Path(__file__).parent / "allowlist.yaml"


@dataclass
class Accepted:
    """A difference that is meant: which requests and replies, which parts may differ, and why."""

    requests: str
    parts: list[str]
    reason: str
    databases: list[str] = field(default_factory=lambda: ["sqlite", "postgres", "newest"])
    stock: dict[str, str] = field(default_factory=dict)
    ours: dict[str, str] = field(default_factory=dict)
    value: str = "*"

    def covers(self, request: Request, stock: Reply, ours: Reply) -> bool:
        return (
            fnmatchcase(request.identifier, self.requests)
            and fnmatchcase(str(request.variables.get("value", "")), self.value)
            and _matches(stock, self.stock)
            and _matches(ours, self.ours)
        )

    def belongs_to(self, file: str) -> bool:
        """Whether the entry is for requests of this file alone."""
        return self.requests.startswith(f"{file}/")


def _matches(reply: Reply, patterns: dict[str, str]) -> bool:
    return all(fnmatchcase(str(reply.part(part)), str(pattern)) for part, pattern in patterns.items())


@dataclass
class Outcome:
    """What the comparison of one file on one database found."""

    file: str
    database: str
    requests: int = 0
    wrong: int = 0
    accepted: int = 0
    mismatches: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        return {**vars(self), "mismatches": len(self.mismatches)}


def allowlist() -> list[Accepted]:
    return [Accepted(**entry) for entry in yaml.safe_load(ALLOWLIST.read_text()) or []]


def compare(
    file: str,
    database: str,
    corpus: list[Request],
    stock: list[Reply],
    ours: list[Reply],
    *,
    accepted: list[Accepted],
) -> Outcome:
    outcome = Outcome(file, database)
    used: set[str] = set()
    for request, expected, actual in zip(corpus, stock, ours, strict=True):
        outcome.requests += 1
        outcome.wrong += expected.status >= 400
        differing = {part for part in PARTS if expected.part(part) != actual.part(part)}
        if not differing:
            continue
        for entry in accepted:
            if differing & set(entry.parts) and entry.covers(request, expected, actual):
                used.add(entry.requests)
                differing -= set(entry.parts)
        if differing:
            outcome.mismatches.append(write_up(request, expected, actual, sorted(differing)))
        else:
            outcome.accepted += 1
    # An entry for what no longer differs would hide a later mistake.
    outcome.unused = [
        entry.requests for entry in accepted if entry.belongs_to(file) and entry.requests not in used
    ]
    return outcome
