"""What passes a gate is sealed: the stock client cannot change it, and what changes on disk is found."""

import os
import subprocess
from pathlib import Path

import mlflow
import numpy as np
import pytest
import requests
from mlflow.exceptions import RestException
from mlflow.tracking import MlflowClient
from sklearn.linear_model import LinearRegression

from governance.conftest import by_hand
from harness.environments import clean_environment
from harness.servers import Server

POLICY = """
apiVersion: flowkeep/v1
kind: LifecyclePolicy
metadata: {name: sealing}
spec:
  models: {names: ["risk *"]}
  stages:
    Staging: {require: {evaluations: [bias]}}
    Production: {from: [Staging], require: {evaluations: [bias], sealed_source: true}}
"""

POLICIES = [POLICY]


def verify(server: Server, name: str, version: str) -> tuple[int, str]:
    command = [os.environ["FLOWKEEP_BIN"], "verify", "model", name, version, "--url", server.url]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=clean_environment(), timeout=120
    )
    return done.returncode, done.stdout + done.stderr


def evaluate(client: MlflowClient, name: str, version: str) -> None:
    client.set_model_version_tag(name, version, "flowkeep.evaluation.bias", '{"verdict": "passed"}')


def on_disk(server: Server, address: str) -> Path:
    return server.artifacts / address.removeprefix("mlflow-artifacts:/")


def test_a_logged_model_is_sealed(server: Server, client: MlflowClient, tmp_path: Path) -> None:
    name = "risk logged"
    with mlflow.start_run():
        fitted = LinearRegression().fit(np.array([[1.0], [2.0]]), [1, 2])
        options = {"serialization_format": "cloudpickle", "pip_requirements": ["scikit-learn"]}
        info = mlflow.sklearn.log_model(fitted, name="model", **options)
        version = str(mlflow.register_model(info.model_uri, name, await_registration_for=0).version)
    assert verify(server, name, version) == (
        1,
        f"Version {version} of model '{name}' is not sealed: it has passed no gate.\n"
        "Error: the version could not be verified: it has no seal.\n",
    )
    evaluate(client, name, version)
    client.transition_model_version_stage(name, version, "Staging")

    # Nothing gets in: not by the client, and not past it.
    (tmp_path / "MLmodel").write_text("artifact_path: other\n")
    with pytest.raises(requests.HTTPError, match="PERMISSION_DENIED"):
        client.log_model_artifact(info.model_id, str(tmp_path / "MLmodel"))
    location = client.get_logged_model(info.model_id).artifact_location
    proxy = f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{location.removeprefix('mlflow-artifacts:/')}"
    for reply in (
        requests.put(f"{proxy}/new", data=b"x", timeout=60),
        requests.delete(f"{proxy}/MLmodel", timeout=60),
        requests.delete(proxy.rsplit("/", 1)[0], timeout=60),
    ):
        assert (reply.status_code, reply.json()["error_code"]) == (403, "PERMISSION_DENIED")

    code, text = verify(server, name, version)
    assert code == 0, text
    assert "all of it is what was sealed" in text
    # It loads and scores as ever.
    loaded = mlflow.sklearn.load_model(f"models:/{name}/{version}")
    assert loaded.predict(np.array([[3.0]]))[0] == pytest.approx(3.0)

    # A hand on the disk is found, and closes the next gate.
    file = on_disk(server, location) / "model.pkl"
    sealed = file.read_bytes()
    file.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    code, text = verify(server, name, version)
    assert code == 1
    assert "differs: model.pkl" in text
    with pytest.raises(RestException) as refused:
        client.transition_model_version_stage(name, version, "Production")
    assert refused.value.error_code == "PERMISSION_DENIED"
    assert "'model.pkl' has other bytes" in refused.value.message
    file.write_bytes(sealed)
    client.transition_model_version_stage(name, version, "Production")
    assert verify(server, name, version)[0] == 0


def test_a_run_keeps_the_files_of_a_sealed_version(
    server: Server, client: MlflowClient, tmp_path: Path
) -> None:
    name = "risk run"
    client.create_registered_model(name)
    run = client.create_run("0")
    run_id = run.info.run_id
    client.log_text(run_id, "flavors: {}\n", "model/MLmodel")
    source = f"{run.info.artifact_uri}/model"
    version = client.create_model_version(name, source, run_id, await_creation_for=0).version
    evaluate(client, name, version)

    # Bytes that change after the evaluation void it.
    client.log_text(run_id, "flavors: {other: {}}\n", "model/MLmodel")
    with pytest.raises(RestException) as refused:
        client.transition_model_version_stage(name, version, "Staging")
    assert "the content of the version was changed since" in refused.value.message
    evaluate(client, name, version)
    client.transition_model_version_stage(name, version, "Staging")

    (tmp_path / "MLmodel").write_text("flavors: {}\n")
    # The client raises what it raises for every refusal of the artifact proxy, with the reply in it.
    with pytest.raises(requests.HTTPError, match=r"PERMISSION_DENIED.*were sealed when it passed a gate"):
        client.log_artifact(run_id, str(tmp_path / "MLmodel"), "model")
    client.log_artifact(run_id, str(tmp_path / "MLmodel"), "beside")
    assert on_disk(server, source).joinpath("MLmodel").read_text() == "flavors: {other: {}}\n"


def test_a_seal_stands_against_a_hand_on_the_database(server: Server, client: MlflowClient) -> None:
    name = "risk database"
    client.create_registered_model(name)
    run = client.create_run("0")
    client.log_text(run.info.run_id, "flavors: {}\n", "model/MLmodel")
    source = f"{run.info.artifact_uri}/model"
    version = client.create_model_version(name, source, run.info.run_id, await_creation_for=0).version
    evaluate(client, name, version)
    client.transition_model_version_stage(name, version, "Staging")
    with by_hand(server.database) as execute:
        for statement in (
            "UPDATE flowkeep_seals SET digest = 'other', manifest = '[]'",
            "DELETE FROM flowkeep_seals",
        ):
            with pytest.raises(Exception, match="append-only"):
                execute(statement)
    assert verify(server, name, version)[0] == 0


def test_what_the_server_cannot_read_is_unsealed(server: Server, client: MlflowClient) -> None:
    name = "risk elsewhere"
    client.create_registered_model(name)
    version = client.create_model_version(name, "dbfs:/models/risk", await_creation_for=0).version
    evaluate(client, name, version)
    client.transition_model_version_stage(name, version, "Staging")
    code, text = verify(server, name, version)
    assert code == 1
    assert f"Version {version} of model '{name}' is unsealed: " in text
    with pytest.raises(RestException) as refused:
        client.transition_model_version_stage(name, version, "Production")
    assert "sealed_source" in refused.value.message
