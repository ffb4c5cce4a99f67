"""A team's notebook as a script: train, log, register, promote, load and read back.

It knows nothing of the tests. It uses the client that it is run with, on the server that
`MLFLOW_TRACKING_URI` names, and writes what it saw as JSON to the file it is given.
"""

import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.models import infer_signature
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

NAME = "churn-predictor"
MAJOR = int(mlflow.__version__.split(".")[0])

client = MlflowClient()
features, labels = load_breast_cancer(return_X_y=True, as_frame=True)


def train_and_register(strength: float) -> tuple[str, LogisticRegression]:
    """Logs one run with its model and returns the run's id and the model as it was before saving."""
    with mlflow.start_run(run_name=f"strength {strength}", description="A first attempt") as run:
        model = LogisticRegression(C=strength, solver="liblinear", random_state=7).fit(features, labels)
        mlflow.log_param("strength", strength)
        mlflow.log_params({"solver": "liblinear", "note": "Größe: 30 Merkmale, 日本語"})
        for step in range(5):
            mlflow.log_metric("loss", 1 / (step + 1), step=step)
        mlflow.log_metrics(
            {"accuracy": model.score(features, labels), "never": math.nan, "endless": math.inf}, step=2
        )
        mlflow.set_tags({"team": "growth", "reviewed": "no"})
        mlflow.set_tag("reviewed", "yes")
        mlflow.log_text("a line\n", "notes/read me.txt")
        mlflow.log_dict({"classes": [0, 1]}, "classes.json")
        # The keyword for the model's place was renamed between the two clients.
        place = {"name": "model"} if MAJOR >= 3 else {"artifact_path": "model"}
        mlflow.sklearn.log_model(
            model,
            **place,
            registered_model_name=NAME,
            signature=infer_signature(features, model.predict(features)),
            input_example=features.head(3),
        )
    return run.info.run_id, model


def log_by_client(experiment_id: str, parent: str) -> str:
    """The parts of the client that the fluent functions do not show."""
    run = client.create_run(experiment_id, tags={"mlflow.parentRunId": parent}, run_name="by hand")
    run_id = run.info.run_id
    client.log_batch(
        run_id,
        metrics=[Metric("error", 0.5**step, 1_600_000_000_000 + step, step) for step in range(300)],
        params=[Param("depth", "3"), Param("empty", "")],
        tags=[RunTag("kept", "1"), RunTag("dropped", "2")],
    )
    client.delete_tag(run_id, "dropped")
    client.set_terminated(run_id, "FAILED", end_time=1_700_000_000_000)
    client.update_run(run_id, name="by hand, renamed")
    return run_id


def promote(run_id: str) -> dict[str, Any]:
    """Takes the versions through their stages and tells what each step answered."""
    seen: dict[str, Any] = {}
    seen["first"] = version_facts(client.transition_model_version_stage(NAME, "1", "Staging"))
    seen["second"] = version_facts(client.transition_model_version_stage(NAME, "1", "Production"))
    seen["third"] = version_facts(
        client.transition_model_version_stage(NAME, "2", "Production", archive_existing_versions=True)
    )
    seen["archived"] = version_facts(client.get_model_version(NAME, "1"))

    client.set_registered_model_alias(NAME, "champion", "1")
    client.set_registered_model_alias(NAME, "champion", "2")
    client.set_registered_model_alias(NAME, "retired", "1")
    client.set_registered_model_alias(NAME, "mistake", "1")
    client.delete_registered_model_alias(NAME, "mistake")

    client.set_model_version_tag(NAME, "2", "approved", "yes")
    client.set_model_version_tag(NAME, "2", "doubtful", "yes")
    client.delete_model_version_tag(NAME, "2", "doubtful")
    client.set_registered_model_tag(NAME, "owner", "growth")
    client.set_registered_model_tag(NAME, "doubtful", "yes")
    client.delete_registered_model_tag(NAME, "doubtful")
    client.update_registered_model(NAME, description="Who will leave?")
    client.update_model_version(NAME, "2", description="The second try")

    # A model and a version of it that are gone again must leave nothing behind.
    client.create_registered_model("short-lived", tags={"a": "b"}, description="soon gone")
    client.rename_registered_model("short-lived", "shorter-lived")
    source = f"{client.get_run(run_id).info.artifact_uri}/model"
    client.create_model_version("shorter-lived", source, run_id)
    client.delete_model_version("shorter-lived", "1")
    client.delete_registered_model("shorter-lived")
    return seen


def load(run_id: str, model: LogisticRegression) -> dict[str, Any]:
    """Loads the second model by each kind of address, and compares what it predicts."""
    addresses = {
        "stage": f"models:/{NAME}/Production",
        "alias": f"models:/{NAME}@champion",
        "version": f"models:/{NAME}/2",
        "run": f"runs:/{run_id}/model",
    }
    loaded = {
        way: mlflow.sklearn.load_model(address).predict_proba(features) for way, address in addresses.items()
    }
    pyfunc = mlflow.pyfunc.load_model(addresses["alias"])
    seen: dict[str, Any] = {
        way: bool(np.array_equal(got, model.predict_proba(features))) for way, got in loaded.items()
    }
    seen["pyfunc"] = bool(np.array_equal(pyfunc.predict(features), model.predict(features)))
    signature = pyfunc.metadata.signature
    seen["inputs"] = signature.inputs.input_names() == list(features.columns)
    seen["outputs"] = signature.outputs.to_dict()
    example = pyfunc.input_example
    seen["example"] = bool(np.array_equal(example.to_numpy(), features.head(3).to_numpy()))
    return seen


def read_back(experiment_id: str, run_ids: list[str]) -> dict[str, Any]:
    first, second, by_hand = run_ids
    frame = mlflow.search_runs([experiment_id], filter_string="params.solver = 'liblinear'")
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(client.download_artifacts(second, "notes/read me.txt", folder)).read_text()
        everything = Path(client.download_artifacts(second, "", folder))
        files = sorted(str(path.relative_to(everything)) for path in everything.rglob("*") if path.is_file())
    model = client.get_registered_model(NAME)
    return {
        "runs": {run_id: run_facts(run_id) for run_id in run_ids},
        "history": [
            [point.step, point.value, point.timestamp]
            for point in client.get_metric_history(by_hand, "error")
        ],
        "loss": [[point.step, point.value] for point in client.get_metric_history(first, "loss")],
        "newest_first": [run.info.run_id for run in client.search_runs([experiment_id])],
        "by_param": sorted(frame["run_id"]),
        "by_metric": [run.info.run_id for run in client.search_runs([experiment_id], "metrics.error < 0.1")],
        "ordered": [
            run.info.run_id
            for run in client.search_runs(
                [experiment_id], "tags.team = 'growth'", order_by=["metrics.accuracy"]
            )
        ],
        "experiments": [experiment.name for experiment in client.search_experiments()],
        "experiment": client.get_experiment_by_name("churn").tags,
        "artifacts": [[item.path, item.is_dir, item.file_size] for item in client.list_artifacts(second)],
        "note_artifacts": [[item.path, item.file_size] for item in client.list_artifacts(second, "notes")],
        "model_artifacts": [item.path for item in client.list_artifacts(second, "model")],
        "notes": notes,
        "files": files,
        "model": {
            "description": model.description,
            "tags": model.tags,
            "aliases": {alias: str(version) for alias, version in model.aliases.items()},
            "latest": [[item.version, item.current_stage] for item in model.latest_versions],
        },
        "models": [found.name for found in client.search_registered_models()],
        "models_by_name": [found.name for found in client.search_registered_models(f"name = '{NAME}'")],
        "models_unknown": [found.name for found in client.search_registered_models("name = 'other'")],
        "versions": sorted(str(found.version) for found in client.search_model_versions(f"name = '{NAME}'")),
        "versions_by_run": [
            str(found.version) for found in client.search_model_versions(f"run_id = '{second}'")
        ],
        "latest": {
            stage: [str(found.version) for found in client.get_latest_versions(NAME, [stage])]
            for stage in ("None", "Staging", "Production", "Archived")
        },
        "champion": version_facts(client.get_model_version_by_alias(NAME, "champion")),
        "retired": version_facts(client.get_model_version_by_alias(NAME, "retired")),
        "download_uri": client.get_model_version_download_uri(NAME, "2"),
    }


def run_facts(run_id: str) -> dict[str, Any]:
    run = client.get_run(run_id)
    return {
        "name": run.info.run_name,
        "status": run.info.status,
        "ended": run.info.end_time,
        "stage": run.info.lifecycle_stage,
        "artifact_uri": run.info.artifact_uri,
        "params": run.data.params,
        "metrics": run.data.metrics,
        "tags": run.data.tags,
    }


def version_facts(version: Any) -> dict[str, Any]:
    return {
        "version": str(version.version),
        "stage": version.current_stage,
        "status": version.status,
        "run_id": version.run_id,
        "description": version.description,
        "tags": version.tags,
        "aliases": sorted(version.aliases),
    }


def main() -> None:
    mlflow.set_registry_uri(mlflow.get_tracking_uri())
    experiment_id = mlflow.create_experiment("churn", tags={"purpose": "trial"})
    client.set_experiment_tag(experiment_id, "quarter", "4")
    mlflow.set_experiment("churn")
    first, _ = train_and_register(0.01)
    second, model = train_and_register(1.0)
    by_hand = log_by_client(experiment_id, parent=first)
    facts = {
        "client": mlflow.__version__,
        "experiment_id": experiment_id,
        "run_ids": [first, second, by_hand],
        "accuracy": model.score(features, labels),
        "promotion": promote(first),
        "loaded": load(second, model),
        "seen": read_back(experiment_id, [first, second, by_hand]),
    }
    Path(sys.argv[1]).write_text(json.dumps(facts))


if __name__ == "__main__":
    main()
