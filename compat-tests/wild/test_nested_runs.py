"""Runs below runs, and the table that `mlflow.search_runs` makes of them."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from wild.records import Records

NAMES = ["sweep", "fold 0", "leaf of 0", "fold 1", "leaf of 1", "late"]


@pytest.fixture(scope="module")
def facts(run: Callable[[str], Any]) -> dict[str, Any]:
    return run("nested_runs")


@pytest.fixture(scope="module")
def frame(facts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The table's columns, each with its cells by the name of their run."""
    names = {run_id: name for name, run_id in facts["ids"].items()}
    rows = [names[run_id] for run_id in facts["frame"]["run_id"]]
    return {column: dict(zip(rows, cells, strict=True)) for column, cells in facts["frame"].items()}


def test_parents(facts: dict[str, Any], records: Records) -> None:
    runs = {name: records.run(run_id) for name, run_id in facts["ids"].items()}
    parents = {name: run.tags.get("mlflow.parentRunId") for name, run in runs.items()}
    ids = facts["ids"]
    assert parents == {
        "sweep": None,
        "fold 0": ids["sweep"],
        "leaf of 0": ids["fold 0"],
        "fold 1": ids["sweep"],
        "leaf of 1": ids["fold 1"],
        "late": ids["sweep"],
        "forgotten": None,
    }
    assert facts["parent"] == ids["fold 1"]
    assert {name for name, run in runs.items() if run.status != "FINISHED"} == {"late"}


def test_columns_of_the_table(facts: dict[str, Any]) -> None:
    kinds = {column: kind for column, kind in facts["kinds"].items() if "mlflow.source" not in column}
    assert kinds.pop("start_time").startswith("datetime64[")
    assert kinds.pop("end_time").startswith("datetime64[")
    text = [
        *("run_id", "experiment_id", "status", "artifact_uri"),
        *("params.folds", "params.fold", "params.seed"),
        *("tags.level", "tags.mlflow.runName", "tags.mlflow.parentRunId", "tags.mlflow.user"),
    ]
    numbers = ["metrics.score", "metrics.never"]
    assert kinds == dict.fromkeys(text, "str") | dict.fromkeys(numbers, "float64")


def test_values_of_the_table(facts: dict[str, Any], frame: dict[str, dict[str, Any]]) -> None:
    assert list(frame["run_id"]) == NAMES

    def column(**cells: Any) -> dict[str, Any]:
        return {name: cells.get(name.replace(" ", "_")) for name in NAMES}

    # Each number comes back to the last bit.
    assert frame["metrics.score"] == column(
        sweep=2 / 3, fold_0=1 / 5, fold_1=1 / 6, leaf_of_0=1e-17, leaf_of_1=2e-17
    )
    assert frame["params.folds"] == column(sweep="2")
    assert frame["params.fold"] == column(fold_0="0", fold_1="1")
    assert frame["params.seed"] == column(fold_0="0.30000000000000004", fold_1="0.30000000000000004")
    assert frame["status"] == dict.fromkeys(NAMES, "FINISHED") | {"late": "FAILED"}
    assert frame["experiment_id"] == dict.fromkeys(NAMES, facts["experiment_id"])
    levels = column(sweep="0", fold_0="1", leaf_of_0="2", fold_1="1", leaf_of_1="2")
    assert frame["tags.level"] == levels
    assert frame["tags.mlflow.runName"] == {name: name for name in NAMES}
    for name, (started, ended) in facts["times"].items():
        if name in NAMES:
            assert started <= ended
            assert datetime.fromisoformat(frame["start_time"][name]) == _time(started)
            assert datetime.fromisoformat(frame["end_time"][name]) == _time(ended)


def _time(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds // 1000, UTC).replace(microsecond=milliseconds % 1000 * 1000)


def test_searches(facts: dict[str, Any]) -> None:
    # 1/5 is not more than 0.2, and the sweep has no parent.
    assert facts["children"].get("tags.mlflow.runName", []) == []
    assert facts["best children"]["tags.mlflow.runName"] == ["fold 0", "fold 1"]
    assert facts["best children"]["metrics.score"] == [1 / 5, 1 / 6]
    assert facts["deleted"] == ["forgotten"]
    assert facts["nothing"] == 0


def test_pages(facts: dict[str, Any]) -> None:
    assert facts["pages"] == [["sweep", "leaf of 1", "leaf of 0", "late"], ["fold 1", "fold 0"]]
