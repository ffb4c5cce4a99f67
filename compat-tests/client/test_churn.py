"""Log, register, promote, load and read back: what a team does, seen through unmodified clients."""

import math
from collections.abc import Callable
from typing import Any

import pytest

from harness.environments import clean_environment, newest_version
from harness.servers import NEWEST, Server

NAME = "churn-predictor"


@pytest.fixture(scope="module")
def facts(run: Callable[[str], Any]) -> dict[str, Any]:
    return run("churn")


@pytest.fixture(scope="module")
def seen(facts: dict[str, Any]) -> dict[str, Any]:
    return facts["seen"]


@pytest.fixture(scope="module")
def run_ids(facts: dict[str, Any]) -> list[str]:
    return facts["run_ids"]


def test_the_intended_client_ran(facts: dict[str, Any], client: str) -> None:
    versions = {"mlflow3": "3.17.2", "mlflow2": "2.22.", NEWEST: newest_version()}
    assert facts["client"].startswith(versions[client])
    assert "MLFLOW_TRACKING_URI" not in clean_environment()


def test_experiments(facts: dict[str, Any], seen: dict[str, Any]) -> None:
    assert facts["experiment_id"] == "1"
    assert seen["experiments"] == ["churn", "Default"]
    tags = {key: value for key, value in seen["experiment"].items() if not key.startswith("mlflow.")}
    assert tags == {"purpose": "trial", "quarter": "4"}


def test_params_and_metrics_of_a_run(facts: dict[str, Any], seen: dict[str, Any], run_ids: list[str]) -> None:
    second = seen["runs"][run_ids[1]]
    assert second["name"] == "strength 1.0"
    assert second["status"] == "FINISHED"
    assert second["stage"] == "active"
    assert second["params"] == {
        "strength": "1.0",
        "solver": "liblinear",
        "note": "Größe: 30 Merkmale, 日本語",
    }
    metrics = dict(second["metrics"])
    assert math.isnan(metrics.pop("never"))
    # Databases have no infinity in common: MLflow keeps the largest number instead.
    assert metrics == {"loss": 0.2, "accuracy": facts["accuracy"], "endless": 1.7976931348623157e308}


def test_tags_of_a_run(seen: dict[str, Any], run_ids: list[str]) -> None:
    tags = seen["runs"][run_ids[0]]["tags"]
    assert tags["team"] == "growth"
    assert tags["reviewed"] == "yes"
    assert tags["mlflow.runName"] == "strength 0.01"
    assert tags["mlflow.note.content"] == "A first attempt"
    assert tags["mlflow.source.type"] == "LOCAL"


def test_artifact_uri_of_a_run(facts: dict[str, Any], seen: dict[str, Any], run_ids: list[str]) -> None:
    for run_id in run_ids:
        expected = f"mlflow-artifacts:/{facts['experiment_id']}/{run_id}/artifacts"
        assert seen["runs"][run_id]["artifact_uri"] == expected


def test_run_logged_by_client(seen: dict[str, Any], run_ids: list[str]) -> None:
    by_hand = seen["runs"][run_ids[2]]
    assert by_hand["name"] == "by hand, renamed"
    assert by_hand["status"] == "FAILED"
    assert by_hand["ended"] == 1_700_000_000_000
    assert by_hand["params"] == {"depth": "3", "empty": ""}
    assert by_hand["metrics"] == {"error": 0.5**299}
    assert by_hand["tags"] == {
        "mlflow.parentRunId": run_ids[0],
        "mlflow.runName": "by hand, renamed",
        "kept": "1",
    }


def test_metric_history(seen: dict[str, Any]) -> None:
    assert seen["loss"] == [[step, 1 / (step + 1)] for step in range(5)]
    assert seen["history"] == [[step, 0.5**step, 1_600_000_000_000 + step] for step in range(300)]


def test_search_runs(seen: dict[str, Any], run_ids: list[str]) -> None:
    first, second, by_hand = run_ids
    assert seen["newest_first"] == [by_hand, second, first]
    assert seen["by_param"] == sorted([first, second])
    assert seen["by_metric"] == [by_hand]
    # The weaker regularisation of the second run fits this data better.
    assert seen["ordered"] == [first, second]


def test_artifacts(seen: dict[str, Any], client: str) -> None:
    top = {path: (is_dir, size) for path, is_dir, size in seen["artifacts"]}
    # The older client keeps a model among the files of its run, the newer one beside them.
    with_run = {"model": (True, None)} if client == "mlflow2" else {}
    classes_size = len('{\n  "classes": [\n    0,\n    1\n  ]\n}')
    assert top == {"classes.json": (False, classes_size), "notes": (True, None)} | with_run
    assert seen["note_artifacts"] == [["notes/read me.txt", len("a line\n")]]
    assert seen["notes"] == "a line\n"
    assert {"classes.json", "notes/read me.txt"} <= set(seen["files"])
    assert ("model/MLmodel" in seen["files"]) == (client == "mlflow2")
    assert {"model/MLmodel", "model/input_example.json"} <= set(seen["model_artifacts"])


def test_stages(facts: dict[str, Any], run_ids: list[str]) -> None:
    steps = facts["promotion"]
    assert [(step["version"], step["stage"]) for step in steps.values()] == [
        ("1", "Staging"),
        ("1", "Production"),
        ("2", "Production"),
        ("1", "Archived"),
    ]
    assert {step["status"] for step in steps.values()} == {"READY"}
    assert [step["run_id"] for step in steps.values()] == [run_ids[0], run_ids[0], run_ids[1], run_ids[0]]


@pytest.mark.parametrize("way", ["stage", "alias", "version", "run", "pyfunc"])
def test_loaded_model_predicts_the_same(facts: dict[str, Any], way: str) -> None:
    assert facts["loaded"][way] is True


def test_signature_and_input_example(facts: dict[str, Any]) -> None:
    loaded = facts["loaded"]
    assert loaded["inputs"] is True
    assert loaded["example"] is True
    assert loaded["outputs"] == [{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]


def test_registered_model(seen: dict[str, Any]) -> None:
    assert seen["model"] == {
        "description": "Who will leave?",
        "tags": {"owner": "growth"},
        "aliases": {"champion": "2", "retired": "1"},
        "latest": [["1", "Archived"], ["2", "Production"]],
    }


def test_search_of_models_and_versions(seen: dict[str, Any]) -> None:
    assert seen["models"] == [NAME]
    assert seen["models_by_name"] == [NAME]
    assert seen["models_unknown"] == []
    assert seen["versions"] == ["1", "2"]
    assert seen["versions_by_run"] == ["2"]


def test_latest_versions(seen: dict[str, Any]) -> None:
    assert seen["latest"] == {"None": [], "Staging": [], "Production": ["2"], "Archived": ["1"]}


def test_versions_by_alias(seen: dict[str, Any], run_ids: list[str]) -> None:
    assert seen["champion"] == {
        "version": "2",
        "stage": "Production",
        "status": "READY",
        "run_id": run_ids[1],
        "description": "The second try",
        "tags": {"approved": "yes"},
        "aliases": ["champion"],
    }
    assert seen["retired"] == {
        "version": "1",
        "stage": "Archived",
        "status": "READY",
        "run_id": run_ids[0],
        "description": "",
        "tags": {},
        "aliases": ["retired"],
    }


def test_download_uri_is_where_the_model_is(
    facts: dict[str, Any], seen: dict[str, Any], server: Server, client: str
) -> None:
    folder = seen["download_uri"].removeprefix("mlflow-artifacts:/")
    in_models = folder.startswith(f"{facts['experiment_id']}/models/m-")
    assert in_models == (client != "mlflow2")
    assert (server.artifacts / folder / "MLmodel").is_file()
