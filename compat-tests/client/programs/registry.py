"""Registers one model in each way there is, copies, renames and deletes, and tells what came of it."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException

MAJOR = int(mlflow.__version__.split(".")[0])

client = MlflowClient()


class Doubling(mlflow.pyfunc.PythonModel):
    def predict(self, context: Any, model_input: Any, params: Any = None) -> Any:
        return model_input * 2


def attempt(call: Callable[[], Any]) -> Any:
    """What a call that should fail says."""
    try:
        return f"worked: {call()}"
    except MlflowException as error:
        return error.error_code


def version_facts(version: Any) -> dict[str, Any]:
    return {
        "name": version.name,
        "version": str(version.version),
        "source": version.source,
        "run_id": version.run_id,
        "stage": version.current_stage,
        "aliases": sorted(version.aliases),
        "tags": version.tags,
    }


def log_model() -> tuple[str, Any]:
    with mlflow.start_run(run_name="doubling") as run:
        place = {"name": "model"} if MAJOR >= 3 else {"artifact_path": "model"}
        # Requirements that are given need not be looked for.
        logged = mlflow.pyfunc.log_model(**place, python_model=Doubling(), pip_requirements=["mlflow"])
    return run.info.run_id, logged


def register(run_id: str, logged: Any) -> dict[str, Any]:
    seen = {"run": version_facts(mlflow.register_model(f"runs:/{run_id}/model", "by run", tags={"a": "b"}))}
    client.set_registered_model_alias("by run", "champion", "1")
    if MAJOR >= 3:
        seen["model id"] = version_facts(mlflow.register_model(logged.model_uri, "by model id"))
        # The logged model knows its versions, which is what the page about it shows.
        seen["versions of the logged model"] = json.loads(
            client.get_logged_model(logged.model_id).tags["mlflow.modelVersions"]
        )
        seen["model_id"] = logged.model_id
    seen["copy"] = version_facts(client.copy_model_version("models:/by run/1", "copied"))
    seen["copy of alias"] = version_facts(client.copy_model_version("models:/by run@champion", "copied"))
    seen["copy of copy"] = version_facts(client.copy_model_version("models:/copied/1", "copied"))
    client.create_registered_model("by version")
    seen["version"] = version_facts(client.create_model_version("by version", "models:/by run/1"))
    seen["copy of nothing"] = attempt(lambda: client.copy_model_version("models:/by run/7", "copied"))
    seen["register nothing"] = attempt(lambda: mlflow.register_model(f"runs:/{'0' * 32}/model", "nothing"))
    addresses = ["models:/by run/1", "models:/by run@champion", "models:/copied/1", "models:/copied/3"]
    addresses += ["models:/by version/1", "models:/by version/latest", f"runs:/{run_id}/model"]
    seen["predictions"] = {
        address: int(mlflow.pyfunc.load_model(address).predict(21)) for address in addresses
    }
    return seen


def rename() -> dict[str, Any]:
    client.set_registered_model_alias("copied", "champion", "2")
    client.set_registered_model_alias("copied", "retired", "1")
    client.set_registered_model_tag("copied", "owner", "growth")
    client.rename_registered_model("copied", "renamed")
    model = client.get_registered_model("renamed")
    return {
        "aliases": {alias: str(version) for alias, version in model.aliases.items()},
        "tags": model.tags,
        "champion": version_facts(client.get_model_version_by_alias("renamed", "champion")),
        "loaded": int(mlflow.pyfunc.load_model("models:/renamed@champion").predict(2)),
        "old name": attempt(lambda: client.get_registered_model("copied")),
        "old alias": attempt(lambda: client.get_model_version_by_alias("copied", "champion")),
        "to a taken name": attempt(lambda: client.rename_registered_model("renamed", "by run")),
        "versions": sorted(
            str(version.version) for version in client.search_model_versions("name = 'renamed'")
        ),
    }


def number() -> dict[str, Any]:
    """What becomes of numbers, stages and aliases when versions are deleted."""
    client.create_registered_model("numbered")

    def create() -> str:
        return str(client.create_model_version("numbered", "s3://bucket/model").version)

    def latest(*stages: str) -> list[list[str]]:
        found = client.get_latest_versions("numbered", list(stages) or None)
        return sorted([str(version.version), version.current_stage] for version in found)

    seen: dict[str, Any] = {"created": [create() for _ in range(4)]}
    client.transition_model_version_stage("numbered", "1", "Production")
    client.transition_model_version_stage("numbered", "2", "Staging")
    client.transition_model_version_stage("numbered", "3", "Production", archive_existing_versions=True)
    seen["latest"] = latest()
    seen["latest in production"] = latest("Production")
    seen["latest of two"] = latest("Staging", "Archived")
    seen["latest of a wrong stage"] = attempt(lambda: latest("Live"))
    client.set_registered_model_alias("numbered", "champion", "4")
    client.set_registered_model_alias("numbered", "kept", "2")
    client.delete_model_version("numbered", "4")
    client.delete_model_version("numbered", "1")
    seen["after deletion"] = latest()
    seen["aliases"] = {
        alias: str(version) for alias, version in client.get_registered_model("numbered").aliases.items()
    }
    seen["alias of the deleted"] = attempt(lambda: client.get_model_version_by_alias("numbered", "champion"))
    seen["deleted"] = attempt(lambda: client.get_model_version("numbered", "4"))
    seen["deleted again"] = attempt(lambda: client.delete_model_version("numbered", "4"))
    seen["next"] = create()
    seen["reserved"] = {
        alias: attempt(lambda alias=alias: client.set_registered_model_alias("numbered", alias, "2"))
        for alias in ("latest", "Latest", "v1", "V12", "v1a", "champion 2")
    }
    return seen


def main() -> None:
    mlflow.set_experiment("registry")
    run_id, logged = log_model()
    facts = {
        "run_id": run_id,
        "registered": register(run_id, logged),
        "renamed": rename(),
        "numbered": number(),
    }
    Path(sys.argv[1]).write_text(json.dumps(facts))


if __name__ == "__main__":
    main()
