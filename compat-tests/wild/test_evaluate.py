"""`mlflow.models.evaluate` with its default evaluator."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from wild.records import Records, Run


@pytest.fixture(scope="module")
def facts(run: Callable[[str], Any]) -> dict[str, Any]:
    return run("evaluated")


@pytest.fixture(scope="module")
def classified(facts: dict[str, Any], records: Records) -> Run:
    return records.run(facts["classifier"]["run_id"])


def test_metrics_of_a_classifier(facts: dict[str, Any], classified: Run) -> None:
    seen = facts["classifier"]
    assert classified.metrics == seen["returned"]
    computed = {key: classified.metrics[key] for key in seen["metrics"]}
    assert computed == pytest.approx(seen["metrics"], rel=1e-12)


def test_dataset_and_model(facts: dict[str, Any], classified: Run, records: Records) -> None:
    seen = facts["classifier"]
    assert classified.datasets == [("wines", None)]
    assert classified.model_ids == [seen["model_id"]]
    model = records.model(seen["model_id"])
    assert set(model.metrics) == {(key, value, "wines") for key, value in seen["returned"].items()}
    [dataset] = json.loads(classified.tags["mlflow.datasets"])
    assert (dataset["name"], dataset["model"]) == ("wines", seen["model_id"])


def test_files_of_an_evaluation(facts: dict[str, Any], classified: Run, records: Records) -> None:
    files = records.files(classified.artifact_uri)
    assert {path.split(".")[0] for path in files} == set(facts["classifier"]["artifacts"])
    table = csv.DictReader(
        io.StringIO(records.content(classified.artifact_uri, "per_class_metrics.csv").decode())
    )
    hits = [int(row["true_positives"]) for row in table]
    assert hits == [row[index] for index, row in enumerate(facts["classifier"]["confusion"])]


def test_metrics_of_a_regressor(facts: dict[str, Any], records: Records) -> None:
    seen = facts["regressor"]
    run = records.run(seen["run_id"])
    assert run.metrics == seen["returned"]
    assert {key: run.metrics[key] for key in seen["metrics"]} == pytest.approx(seen["metrics"], rel=1e-12)
    assert run.datasets == [("dataset", None)]
