"""Autologging, nested runs, data frames and many threads, seen through unmodified clients."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="module")
def facts(run: Callable[[str], Any]) -> dict[str, Any]:
    return run("autolog")


def test_autologged_search(facts: dict[str, Any]) -> None:
    seen = facts["autologged"]
    assert seen["best"][0] == seen["best"][1]
    assert seen["score"][0] == seen["score"][1]
    assert seen["children"] == ["2", "3", "4"]
    assert "cv_results.csv" in seen["artifacts"]
    assert seen["datasets"] == ["dataset"]
    assert seen["contexts"] == [["train"]]


def test_nested_runs_in_a_data_frame(facts: dict[str, Any]) -> None:
    assert facts["nested"] == {
        "names": ["outer", "inner 0", "inner 1", "inner 2"],
        "numbers": [0.0, 1.0, 2.0],
        "halves": ["0.0", "0.5", "1.0"],
        "statuses": ["FINISHED"],
        "time_type": "datetime64",
        "best": ["1.0"],
    }


def test_batches_from_eight_threads(facts: dict[str, Any]) -> None:
    seen = facts["from threads"]
    assert seen["shared"] == 8 * 50
    assert seen["own"] == [[float(step) for step in range(50)]] * 8
    assert seen["params"] == 8 * 50
    # The latest point is the one with the last step and, among those, with the largest value.
    assert seen["last"] == 7.0
