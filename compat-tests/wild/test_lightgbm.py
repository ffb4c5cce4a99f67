"""LightGBM's rounds, logged by MLflow's autologging."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from wild.records import Records, Run


@pytest.fixture(scope="module")
def facts(run: Callable[[str], Any]) -> dict[str, Any]:
    return run("autolog_lightgbm")


@pytest.fixture(scope="module")
def boosted(facts: dict[str, Any], records: Records) -> Run:
    return records.run(facts["run_id"])


def test_run(facts: dict[str, Any], boosted: Run) -> None:
    assert boosted.status == "FINISHED"
    assert boosted.params == {
        "objective": "binary",
        "metric": "['binary_logloss', 'auc']",
        "learning_rate": "0.3",
        "num_leaves": "7",
        "num_threads": "1",
        "verbose": "-1",
        "num_boost_round": "60",
        "keep_training_booster": "False",
    }
    assert boosted.own_tags == {"team": "growth"}
    assert boosted.tags["mlflow.autologging"] == "lightgbm"
    assert boosted.datasets == [("dataset", "train"), ("train", "eval"), ("valid", "eval")]


def test_history_of_each_metric(facts: dict[str, Any], boosted: Run, records: Records) -> None:
    best = facts["best_iteration"]
    rounds = len(facts["history"]["valid-auc"])
    # It stopped early, or the test would not see how that is logged.
    assert best < rounds < 60
    for key, values in facts["history"].items():
        # The best round's value comes once more, as a step after the last.
        expected = [*enumerate(values), (rounds, values[best - 1])]
        assert records.history(boosted.run_id, key) == expected
        assert boosted.metrics[key] == values[best - 1]
    assert set(boosted.metrics) == {*facts["history"], "best_iteration", "stopped_iteration"}
    assert boosted.metrics["best_iteration"] == best
    assert boosted.metrics["stopped_iteration"] == rounds


def test_files(facts: dict[str, Any], boosted: Run, records: Records) -> None:
    assert set(records.files(boosted.artifact_uri)) == {
        f"feature_importance_{kind}.{ending}" for kind in ("split", "gain") for ending in ("json", "png")
    }
    for kind, importance in facts["importance"].items():
        written = json.loads(records.content(boosted.artifact_uri, f"feature_importance_{kind}.json"))
        assert written == pytest.approx(importance)


def test_model(facts: dict[str, Any], boosted: Run, records: Records) -> None:
    [model_id] = boosted.model_ids
    model = records.model(model_id)
    assert (model.status, model.run_id) == ("LOGGED_MODEL_READY", boosted.run_id)
    assert {"MLmodel", "model.lgb", "input_example.json"} <= set(records.files(model.artifact_uri))
    # A model keeps the whole history of its metrics, not only the latest values.
    for key in facts["history"]:
        values = sorted(value for name, value, _ in model.metrics if name == key)
        assert values == sorted(value for _, value in records.history(boosted.run_id, key))


def test_loaded_model(facts: dict[str, Any]) -> None:
    assert facts["loaded"] is True
    assert facts["pyfunc"] is True
    assert facts["inputs"] == facts["columns"]
