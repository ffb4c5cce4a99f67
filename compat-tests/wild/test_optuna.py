"""Optuna's trials, logged by the callback that Optuna itself offers for MLflow."""

from collections.abc import Callable
from typing import Any

import pytest

from wild.records import Records, Run


@pytest.fixture(scope="module")
def facts(run: Callable[[str], Any]) -> dict[str, Any]:
    return run("optuna_study")


def by_number(runs: list[Run]) -> dict[int, Run]:
    found = {int(run.own_tags["number"]): run for run in runs}
    assert len(found) == len(runs)
    return found


def test_one_run_for_each_trial(facts: dict[str, Any], records: Records) -> None:
    runs = by_number(records.runs(records.experiment("plain study")["experiment_id"]))
    assert sorted(runs) == list(range(6))
    for trial in facts["plain"]:
        run = runs[trial["number"]]
        assert (run.name, run.status) == (str(trial["number"]), "FINISHED")
        assert run.params == trial["params"]
        assert run.metrics == ({"distance": trial["values"][0]} if trial["values"] else {})
        assert run.own_tags == {
            "number": str(trial["number"]),
            "state": trial["state"],
            "direction": "MINIMIZE",
            "datetime_start": trial["started"],
            "datetime_complete": trial["completed"],
            "owner": "growth",
            **trial["user_attrs"],
            **{f"{key}_distribution": value for key, value in trial["distributions"].items()},
        }
    assert [trial["state"] for trial in facts["plain"]].count("PRUNED") == 1


def test_trials_below_a_parent(facts: dict[str, Any], records: Records) -> None:
    runs = records.runs(records.experiment("nested study")["experiment_id"])
    [parent] = [run for run in runs if run.run_id == facts["parent"]]
    assert parent.name == "all trials"
    assert parent.metrics == {"trials": 4.0}
    children = by_number([run for run in runs if run is not parent])
    assert sorted(children) == list(range(4))
    for trial in facts["nested"]:
        run = children[trial["number"]]
        side = float(trial["params"]["side"])
        assert run.tags["mlflow.parentRunId"] == parent.run_id
        assert run.params == trial["params"]
        assert run.metrics == {"width": side, "height": 1 - side, "progress": side * 2}
        assert run.own_tags["direction"] == "['MINIMIZE', 'MAXIMIZE']"
        assert records.history(run.run_id, "progress") == [(step, side * step) for step in range(3)]
