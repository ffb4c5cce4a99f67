"""scikit-learn's estimators, logged by MLflow's autologging."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from wild.records import Records, Run


@pytest.fixture(scope="module")
def facts(run: Callable[[str], Any]) -> dict[str, Any]:
    return run("autolog_sklearn")


@pytest.fixture(scope="module")
def single(facts: dict[str, Any], records: Records) -> Run:
    return records.run(facts["single"]["run_id"])


@pytest.fixture(scope="module")
def search(facts: dict[str, Any], records: Records) -> Run:
    return records.run(facts["search"]["run_id"])


def test_estimator(facts: dict[str, Any], single: Run) -> None:
    assert (single.name, single.status) == ("one estimator", "FINISHED")
    assert single.params == facts["single"]["params"]
    assert single.metrics == pytest.approx(facts["single"]["metrics"], rel=1e-12)
    assert single.own_tags == {
        "estimator_name": "LogisticRegression",
        "estimator_class": "sklearn.linear_model._logistic.LogisticRegression",
    }
    assert single.datasets == [("dataset", "eval"), ("dataset", "train")]


def test_files_of_the_estimator(facts: dict[str, Any], single: Run, records: Records) -> None:
    files = records.files(single.artifact_uri)
    assert set(files) == {
        "estimator.html",
        "metric_info.json",
        "training_confusion_matrix.png",
        "training_precision_recall_curve.png",
        "training_roc_curve.png",
    }
    for path, size in files.items():
        assert len(records.content(single.artifact_uri, path)) == size
    assert json.loads(records.content(single.artifact_uri, "metric_info.json")) == {
        "LogisticRegression_score_test_features": "LogisticRegression.score(X=test_features, y=test_labels)",
        "f1_score_test_features": "f1_score(y_true=test_labels, y_pred=predicted_labels)",
    }


def test_model_of_the_estimator(facts: dict[str, Any], single: Run, records: Records) -> None:
    [model_id] = single.model_ids
    model = records.model(model_id)
    assert (model.name, model.status, model.run_id) == ("model", "LOGGED_MODEL_READY", single.run_id)
    assert model.params == single.params
    on_training_data = {key: value for key, value, dataset in model.metrics if dataset == "dataset"}
    assert on_training_data == {
        key: value for key, value in single.metrics.items() if key.startswith("training_")
    }
    assert {"MLmodel", "model.pkl", "requirements.txt"} <= set(records.files(model.artifact_uri))
    registered = json.loads(model.tags["mlflow.modelVersions"])
    assert {(entry["name"], str(entry["version"])) for entry in registered} == {("autologged", "1")}


def test_search(facts: dict[str, Any], search: Run, records: Records) -> None:
    best = {f"best_{key}": str(value) for key, value in facts["search"]["best_params"].items()}
    assert best.items() <= search.params.items()
    assert search.params["param_grid"] == "{'max_depth': [1, 2, 3], 'criterion': ['gini', 'entropy']}"
    assert search.metrics["best_cv_score"] == facts["search"]["best_score"]
    assert search.own_tags["estimator_name"] == "GridSearchCV"
    assert search.tags["mlflow.autologging"] == "sklearn"
    assert {"cv_results.csv", "estimator.html"} <= set(records.files(search.artifact_uri))
    # One model for the search, and one for the best estimator that it found.
    assert {records.model(model_id).status for model_id in search.model_ids} == {"LOGGED_MODEL_READY"}


def test_a_run_below_the_search_for_each_combination(
    facts: dict[str, Any], search: Run, records: Records
) -> None:
    runs = records.runs(
        facts["experiment_id"], filter=f"tags.`mlflow.parentRunId` = '{search.run_id}'", max_results=100
    )
    found = {
        (run.params["criterion"], run.params["max_depth"]): {
            key: run.metrics[key] for key in ("mean_test_score", "std_test_score", "rank_test_score")
        }
        for run in runs
    }
    assert len(runs) == 6
    assert found == {
        (trial["params"]["criterion"], trial["params"]["max_depth"]): {
            key: trial[key] for key in ("mean_test_score", "std_test_score", "rank_test_score")
        }
        for trial in facts["search"]["trials"]
    }


@pytest.mark.parametrize("version", ["1", "2"])
def test_registered_model_predicts_the_same(facts: dict[str, Any], version: str) -> None:
    assert facts["loaded"][version] == facts["predicted"][version]
