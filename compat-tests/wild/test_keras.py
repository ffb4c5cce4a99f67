"""A network of Keras, logged by MLflow's autologging from a thread beside the training."""

from collections.abc import Callable
from typing import Any

import pytest

from wild.records import Records, Run


@pytest.fixture(scope="module")
def facts(run: Callable[[str], Any]) -> dict[str, Any]:
    return run("autolog_keras")


@pytest.fixture(scope="module")
def trained(facts: dict[str, Any], records: Records) -> Run:
    return records.run(facts["run_id"])


def test_params(facts: dict[str, Any], trained: Run) -> None:
    assert (trained.name, trained.status) == ("small network", "FINISHED")
    optimizer = {f"optimizer_{key}": value for key, value in facts["optimizer"].items()}
    assert optimizer.items() <= trained.params.items()
    fit = {"batch_size": "16", "epochs": "4", "shuffle": "True", "initial_epoch": "0"}
    assert fit.items() <= trained.params.items()
    assert trained.datasets == [("dataset", "train")]


def test_metrics_of_each_epoch(facts: dict[str, Any], trained: Run, records: Records) -> None:
    assert set(facts["history"]) == {"loss", "accuracy"}
    assert trained.metrics == {key: values[-1] for key, values in facts["history"].items()}
    for key, values in facts["history"].items():
        assert records.history(trained.run_id, key) == list(enumerate(values))


def test_summary(facts: dict[str, Any], trained: Run, records: Records) -> None:
    assert set(records.files(trained.artifact_uri)) == {"model_summary.txt"}
    summary = records.content(trained.artifact_uri, "model_summary.txt").decode()
    assert 'Model: "small"' in summary
    assert f" Trainable params: {facts['parameters']} " in summary


def test_model(facts: dict[str, Any], trained: Run, records: Records) -> None:
    [model_id] = trained.model_ids
    model = records.model(model_id)
    assert (model.status, model.run_id) == ("LOGGED_MODEL_READY", trained.run_id)
    assert {"MLmodel", "data/model.keras"} <= set(records.files(model.artifact_uri))
    assert sorted((key, value) for key, value, _ in model.metrics) == sorted(
        (key, value) for key, values in facts["history"].items() for value in values
    )
    assert facts["loaded"] is True
