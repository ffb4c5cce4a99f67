"""What is kept stays: for the stock client, and for stock MLflow and its gc on the same database."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, RestException

from governance.conftest import apply_policy, by_hand
from harness.environments import STOCK_BIN, clean_environment
from harness.servers import Server

POLICY = """
apiVersion: flowkeep/v1
kind: LifecyclePolicy
metadata: {name: keep}
spec:
  models: {names: ["*"]}
  retention: {archived: 7y}
"""

POLICIES = [POLICY]


class Kept:
    """A version with all that it is made of. Its run may have been deleted before anything kept it."""

    def __init__(self, server: Server, name: str, *, run_is_deleted: bool = False) -> None:
        self.server, self.name = server, name
        self.client = MlflowClient(tracking_uri=server.url)
        self.experiment = self.client.create_experiment(name)
        run = self.client.create_run(self.experiment)
        self.run = run.info.run_id
        self.client.log_text(self.run, "weights", "model/weights")
        self.client.create_registered_model(name)
        self.version = self.client.create_model_version(
            name, f"{run.info.artifact_uri}/model", run_id=self.run, await_creation_for=0
        ).version
        if run_is_deleted:
            self.client.delete_run(self.run)
        self.client.transition_model_version_stage(name, self.version, "Archived")

    @property
    def file(self) -> Path:
        return self.server.artifacts / self.experiment / self.run / "artifacts" / "model" / "weights"

    def is_whole(self) -> bool:
        self.client.get_run(self.run)
        version = self.client.get_model_version(self.name, self.version)
        return version.run_id == self.run and self.file.read_text() == "weights"


@pytest.fixture
def kept(server: Server, request: pytest.FixtureRequest) -> Kept:
    return Kept(server, request.node.originalname)


def denied(call: Callable[..., Any], *arguments: Any) -> str:
    with pytest.raises(RestException) as error:
        call(*arguments)
    assert error.value.error_code == "PERMISSION_DENIED", error.value
    return error.value.message


def flowkeep(server: Server, *arguments: str) -> str:
    done = subprocess.run(
        [os.environ["FLOWKEEP_BIN"], *arguments],
        env=clean_environment() | {"MLFLOW_TRACKING_URI": server.url},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def collect(server: Server, *arguments: str) -> str:
    places = ["--backend-store-uri", server.database.uri, "--artifacts-destination", str(server.artifacts)]
    return flowkeep(server, "gc", *places, *arguments)


def test_the_stock_client_deletes_nothing(kept: Kept) -> None:
    client = kept.client
    for call, arguments in [
        (client.delete_model_version, (kept.name, kept.version)),
        (client.delete_registered_model, (kept.name,)),
        (client.delete_run, (kept.run,)),
        (client.delete_experiment, (kept.experiment,)),
    ]:
        assert f"version {kept.version} of model '{kept.name}' is kept until 20" in denied(call, *arguments)
    with pytest.raises(requests.HTTPError, match="PERMISSION_DENIED"):
        client.log_text(kept.run, "other", "model/weights")
    client.log_text(kept.run, "notes", "notes.txt")
    assert kept.is_whole()


def test_a_rename_changes_nothing(kept: Kept) -> None:
    renamed = f"{kept.name} renamed"
    kept.client.rename_registered_model(kept.name, renamed)
    kept.name = renamed
    denied(kept.client.delete_model_version, renamed, kept.version)
    assert kept.is_whole()


def test_stock_mlflow_on_the_same_database_deletes_nothing(kept: Kept) -> None:
    database = kept.server.database.stock_uri
    stock = MlflowClient(tracking_uri=database, registry_uri=database)
    for call, arguments in [
        (stock.delete_model_version, (kept.name, kept.version)),
        (stock.delete_registered_model, (kept.name,)),
        (stock.delete_run, (kept.run,)),
        (stock.delete_experiment, (kept.experiment,)),
    ]:
        with pytest.raises(MlflowException, match="flowkeep keeps this"):
            call(*arguments)
    stock.update_model_version(kept.name, kept.version, "described")
    stock.rename_registered_model(kept.name, f"{kept.name} by stock")
    kept.name = f"{kept.name} by stock"
    denied(kept.client.delete_model_version, kept.name, kept.version)
    assert kept.is_whole()


def test_stock_garbage_collection_leaves_it(server: Server) -> None:
    kept = Kept(server, "collected", run_is_deleted=True)
    done = subprocess.run(
        [STOCK_BIN / "mlflow", "gc", "--backend-store-uri", server.database.stock_uri, "--run-ids", kept.run],
        env=clean_environment() | {"MLFLOW_TRACKING_URI": server.url},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode != 0
    assert kept.is_whole()


def test_our_garbage_collection_takes_the_rest(server: Server) -> None:
    kept = Kept(server, "kept by us", run_is_deleted=True)
    run = kept.client.create_run("0")
    kept.client.log_text(run.info.run_id, "old", "old.txt")
    kept.client.delete_run(run.info.run_id)
    ids = f"{kept.run},{run.info.run_id}"
    told = collect(server, "--run-ids", ids, "--dry-run")
    assert f"Run with ID {run.info.run_id} would be permanently deleted." in told
    kept.client.get_run(run.info.run_id)
    told = collect(server, "--run-ids", ids)
    assert f"Run with ID {run.info.run_id} has been permanently deleted." in told
    assert f"Run with ID {kept.run} is kept: version 1 of model 'kept by us'" in told
    with pytest.raises(RestException):
        kept.client.get_run(run.info.run_id)
    assert not (server.artifacts / "0" / run.info.run_id / "artifacts" / "old.txt").exists()
    assert kept.is_whole()
    entries = server.get("/api/1.0/flowkeep/history", max_results=1000)["entries"]
    removed = [entry["before"] for entry in entries if entry["action"] == "run.removed"]
    assert [(one["run_id"], [file["path"] for file in one["files"]]) for one in removed] == [
        (run.info.run_id, ["old.txt"])
    ]


def test_a_hand_on_the_database_ends_nothing(kept: Kept) -> None:
    with by_hand(kept.server.database) as run:
        for statement in (
            f"DELETE FROM model_versions WHERE name = '{kept.name}'",
            f"DELETE FROM runs WHERE run_uuid = '{kept.run}'",
            f"UPDATE runs SET lifecycle_stage = 'deleted' WHERE run_uuid = '{kept.run}'",
            f"UPDATE experiments SET lifecycle_stage = 'deleted' WHERE experiment_id = {kept.experiment}",
            "DELETE FROM flowkeep_retained",
            "UPDATE flowkeep_retained SET keep_until = 1",
            "UPDATE flowkeep_retained SET released_at = 1",
            "DELETE FROM flowkeep_guards",
        ):
            with pytest.raises(Exception, match="flowkeep keeps this"):
                run(statement)
    assert kept.is_whole()


def test_a_shorter_policy_ends_nothing(kept: Kept) -> None:
    apply_policy(kept.server, POLICY.replace("7y", "1h"))
    try:
        message = denied(kept.client.delete_model_version, kept.name, kept.version)
        assert "is kept until 20" in message
    finally:
        apply_policy(kept.server, POLICY)


def test_holds_and_the_report_by_the_command_line(server: Server) -> None:
    client = MlflowClient(tracking_uri=server.url)
    client.create_registered_model("held model")
    client.create_model_version("held model", "s3://bucket/model", await_creation_for=0)
    told = flowkeep(server, "hold", "place", "held model", "1", "--reason", "lawsuit 17")
    hold = told.split()[2]
    assert "lawsuit 17" in denied(client.delete_model_version, "held model", "1")
    report = flowkeep(server, "retention", "report", "--model", "held model")
    assert report == f"kept: version 1 of model 'held model' is under legal hold {hold} (lawsuit 17)\n"
    flowkeep(server, "hold", "lift", "held model", "1", hold, "--reason", "settled")
    assert "lifted" in flowkeep(server, "hold", "list", "held model", "1")
    assert flowkeep(server, "retention", "report", "--model", "held model") == ""
    client.delete_model_version("held model", "1")
