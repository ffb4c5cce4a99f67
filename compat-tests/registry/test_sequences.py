"""Any sequence of changes of the registry comes to the same on stock MLflow and on the server under test.

Each call gets the same reply, and leaves the same rows in the database. The sequences are the same in
each run. `FLOWKEEP_TEST_SEQUENCES=5000` tries so many others.
"""

import itertools
import json
import os
from collections.abc import Callable
from contextlib import closing
from difflib import unified_diff
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from harness.servers import Replica, Server
from registry.operations import ENDING, Call, sequence
from registry.pair import Side

SEQUENCES = "FLOWKEEP_TEST_SEQUENCES"

numbers = itertools.count(1)


@pytest.fixture(scope="module")
def servers(
    stock_server: Callable[[str], Replica], start_server: Callable[..., Server], subject: str
) -> list[Server]:
    return [stock_server("sqlite").server, start_server(subject, database_kind="sqlite")]


# The servers stay as they are from one sequence to the next: no two have a model in common.
@settings(
    max_examples=int(os.environ.get(SEQUENCES, "80")),
    derandomize=SEQUENCES not in os.environ,
    database=None,
    deadline=None,
    # A failure is shown as it was met: to look for a shorter one takes minutes.
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(calls=sequence)
def test_a_sequence_comes_to_the_same(servers: list[Server], calls: list[Call]) -> None:
    prefix = f"p{next(numbers):06}"
    with closing(Side(servers[0], prefix)) as stock, closing(Side(servers[1], prefix)) as ours:
        for number, call in enumerate([*calls, *ENDING]):
            expected, actual = stock.send(call), ours.send(call)
            if expected["status"] == 500 and 400 <= actual["status"] < 500:
                # Stock failed in its own code. The caller's mistake is refused as one, and changes no more.
                expected |= {name: actual[name] for name in ("status", "reply")}
            if expected != actual:
                pytest.fail(_write_up([*calls, *ENDING][: number + 1], expected, actual), pytrace=False)


def _write_up(calls: list[Call], expected: dict[str, Any], actual: dict[str, Any]) -> str:
    lines = [
        json.dumps(side, indent=1, ensure_ascii=False, sort_keys=True).splitlines()
        for side in (expected, actual)
    ]
    difference = unified_diff(*lines, fromfile="stock", tofile="ours", lineterm="")
    return "\n".join([*(f"{call.method} {call.path} {call.fields}" for call in calls), *difference])
