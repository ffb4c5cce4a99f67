"""The `mlflow` command line: experiments, runs, artifacts and models."""

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from harness.environments import WILD_BIN
from harness.programs import client_environment
from harness.servers import Server
from wild.records import Records

UNKNOWN_RUN = "0" * 32


@pytest.fixture(scope="module")
def facts(run: Callable[[str], Any]) -> dict[str, Any]:
    return run("command_line")


@pytest.fixture(scope="module")
def printed(facts: dict[str, Any]) -> dict[str, str]:
    return {step: seen["printed"] for step, seen in facts["steps"].items()}


def table(text: str) -> list[list[str]]:
    """The rows of a printed table, below its head."""
    return sorted(line.split("  ") for line in _without_padding(text)[2:])


def _without_padding(text: str) -> list[str]:
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return ["  ".join(part.strip() for part in line.split("  ") if part.strip()) for line in lines]


def test_only_what_should_fail_fails(facts: dict[str, Any]) -> None:
    errors = {step: seen["error"] for step, seen in facts["steps"].items() if seen["exit_code"] != 0}
    assert set(errors) == {
        "create again",
        "get unknown",
        "rename deleted",
        "describe unknown",
        "download unknown",
        "predict unknown",
    }
    assert errors["create again"].startswith(
        "RESOURCE_ALREADY_EXISTS: Experiment(name=by hand) already exists."
    )
    assert errors["get unknown"] == "Experiment with name 'by hand' does not exist."
    assert errors["describe unknown"] == f"RESOURCE_DOES_NOT_EXIST: Run with id={UNKNOWN_RUN} not found"
    assert errors["predict unknown"] == (
        "RESOURCE_DOES_NOT_EXIST: Model Version (name=line, version=2) not found"
    )


def test_experiments(facts: dict[str, Any], printed: dict[str, str], records: Records) -> None:
    assert printed["create"] == "Created experiment 'by hand' with id 1\n"
    default = ["0", "Default", "mlflow-artifacts:/0"]
    by_command = ["1", "by command", "mlflow-artifacts:/1"]
    elsewhere = ["2", "elsewhere", "mlflow-artifacts:/of/its/own"]
    assert table(printed["search active"]) == [default, elsewhere]
    assert table(printed["search deleted"]) == [by_command]
    assert table(printed["search restored"]) == [default, by_command, elsewhere]
    assert table(printed["search some"]) == [elsewhere]
    experiment = records.experiment("by command")
    assert experiment["experiment_id"] == facts["experiment_id"]
    assert experiment["lifecycle_stage"] == "active"


def test_the_executable_itself(printed: dict[str, str], server: Server) -> None:
    """The program of the other tests calls the same commands without it, to save the time for imports."""
    command = [WILD_BIN / "mlflow", "experiments", "search", "--max-results", "2"]
    environment = client_environment(server)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=True)
    # The newest come first. PostgreSQL does not use the id of a refused experiment again, so no ids here.
    assert [name for _, name, _ in table(done.stdout)] == ["elsewhere", "made on the way"]


def test_experiment_in_full(facts: dict[str, Any], printed: dict[str, str]) -> None:
    seen = json.loads(printed["get"])
    assert seen["name"] == "by command"
    assert seen["artifact_location"] == "mlflow-artifacts:/1"
    assert seen["lifecycle_stage"] == "active"
    assert seen["tags"] == {"mlflow.trace.archivalRetention": '{"type": "duration", "value": "30d"}'}
    assert 0 < seen["creation_time"] <= seen["last_update_time"]
    assert json.loads(printed["get cleared"])["tags"] == {}


def test_created_runs(facts: dict[str, Any], records: Records) -> None:
    parent, child = records.run(facts["parent"]), records.run(facts["child"])
    assert (parent.name, parent.status) == ("parent", "FINISHED")
    assert parent.own_tags == {"team": "growth", "k": "a=b"}
    assert parent.tags["mlflow.note.content"] == "By command"
    assert (child.name, child.status) == ("child", "FAILED")
    assert child.tags["mlflow.parentRunId"] == parent.run_id
    [by_name] = records.runs(records.experiment("made on the way")["experiment_id"])
    assert by_name.status == "KILLED"
    # The server makes up a name: two words and a number.
    assert by_name.name.count("-") == 2
    assert by_name.tags["mlflow.runName"] == by_name.name


def test_lists_of_runs(facts: dict[str, Any], printed: dict[str, str]) -> None:
    parent, child = ["parent", facts["parent"]], ["child", facts["child"]]
    assert [row[1:] for row in table(printed["list runs"])] == [parent]
    assert [row[1:] for row in table(printed["list deleted runs"])] == [child]
    assert sorted(row[1:] for row in table(printed["list all runs"])) == [child, parent]


def test_described_run(facts: dict[str, Any], printed: dict[str, str]) -> None:
    seen = json.loads(printed["describe"])
    info, data = seen["info"], seen["data"]
    assert info["run_id"] == facts["parent"]
    assert info["experiment_id"] == facts["experiment_id"]
    assert info["artifact_uri"] == f"mlflow-artifacts:/1/{facts['parent']}/artifacts"
    assert (info["run_name"], info["status"], info["lifecycle_stage"]) == ("parent", "FINISHED", "active")
    assert 0 < info["start_time"] <= info["end_time"]
    assert (data["metrics"], data["params"]) == ({}, {})
    assert data["tags"]["team"] == "growth"
    assert seen["inputs"] == {"model_inputs": [], "dataset_inputs": []}
    assert seen["outputs"] == {"model_outputs": []}


def test_csv(facts: dict[str, Any]) -> None:
    seen = facts["csv"]
    # The newest comes first.
    assert seen["run_id"] == [facts["child"], facts["parent"]]
    assert seen["status"] == ["FAILED", "FINISHED"]
    assert seen["tags.team"] == ["", "growth"]
    assert seen["tags.mlflow.parentRunId"] == [facts["parent"], ""]
    assert seen["tags.mlflow.runName"] == ["child", "parent"]


def test_artifacts(facts: dict[str, Any], printed: dict[str, str], records: Records) -> None:
    uri = records.run(facts["parent"]).artifact_uri
    two = "two, Größe".encode()
    large = bytes(range(256)) * 20_000
    assert records.files(uri) == {
        "one.txt": 3,
        "single/one.txt": 3,
        "below/two.txt": len(two),
        "large.bin": len(large),
    }
    assert records.content(uri, "below/two.txt") == two
    assert records.content(uri, "large.bin") == large
    assert json.loads(printed["list files"]) == [
        {"path": "below", "is_dir": True},
        {"path": "large.bin", "is_dir": False, "file_size": len(large)},
        {"path": "one.txt", "is_dir": False, "file_size": 3},
        {"path": "single", "is_dir": True},
    ]
    assert json.loads(printed["list folder"]) == [
        {"path": "below/two.txt", "is_dir": False, "file_size": len(two)}
    ]
    assert facts["files"] == {
        "copy/one.txt": "one",
        "copy/single/one.txt": "one",
        "copy/below/two.txt": "two, Größe",
        "file/two.txt": "two, Größe",
    }
    assert facts["large"] is True


def test_models(facts: dict[str, Any], records: Records) -> None:
    assert set(facts["predicted"]) == {"by version", "by id"}
    for answer in facts["predicted"].values():
        assert answer["predictions"] == pytest.approx([1, 4, 7])
    # What a container would be built from has the model in it, as it was registered.
    assert {"Dockerfile", "model_dir/MLmodel", "model_dir/registered_model_meta"} <= set(facts["image"])


def test_changed_requirements_of_a_model(facts: dict[str, Any], records: Records) -> None:
    uri = records.model(facts["model_id"]).artifact_uri
    assert "humanize==4.9.0" in records.content(uri, "requirements.txt").decode().splitlines()
    assert b"- humanize==4.9.0\n" in records.content(uri, "conda.yaml")
