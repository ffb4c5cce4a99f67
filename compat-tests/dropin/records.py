"""Writes a little of everything over plain HTTP, and reads everything back in a form that can be compared."""

from typing import Any

import requests

from harness.servers import Server

API = "/api/2.0/mlflow"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


def write(server: Server, label: str) -> None:
    """Adds an experiment, runs, a logged model and a registered model, all named after the label."""
    experiment_id = server.post(
        f"{API}/experiments/create", name=f"experiment {label}", tags=[{"key": "made by", "value": label}]
    )["experiment_id"]
    run_id = _write_run(server, experiment_id, label)
    _write_forgotten(server, experiment_id, label)
    _write_logged_model(server, experiment_id, run_id, label)
    _write_registered_model(server, run_id, label)


def _write_run(server: Server, experiment_id: str, label: str) -> str:
    run = server.post(
        f"{API}/runs/create",
        experiment_id=experiment_id,
        run_name=f"run {label}",
        start_time=1_600_000_000_000,
        user_id="someone",
        tags=[{"key": "Größe", "value": "日本語"}],
    )["run"]
    run_id: str = run["info"]["run_id"]
    values = [
        ("loss", 0.5, 1),
        ("loss", 0.25, 2),
        ("nan", "NaN", 0),
        ("top", "Infinity", 0),
        ("low", -1e-300, -3),
    ]
    server.post(
        f"{API}/runs/log-batch",
        run_id=run_id,
        metrics=[
            {"key": key, "value": value, "step": step, "timestamp": 1_600_000_000_001}
            for key, value, step in values
        ],
        params=[{"key": "depth", "value": "3"}, {"key": "empty", "value": ""}],
        tags=[{"key": "team", "value": "growth"}],
    )
    dataset = {"name": "rows", "digest": f"digest {label}", "source_type": "local", "source": "{}"}
    server.post(
        f"{API}/runs/log-inputs",
        run_id=run_id,
        datasets=[{"tags": [{"key": "mlflow.data.context", "value": "training"}], "dataset": dataset}],
    )
    server.post(f"{API}/runs/update", run_id=run_id, status="FINISHED", end_time=1_600_000_009_000)
    folder = run["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    answer = requests.put(
        f"{server.url}{ARTIFACTS}/{folder}/notes/{label}.txt", data=label.encode(), timeout=60
    )
    assert answer.status_code == 200, answer.text
    return run_id


def _write_forgotten(server: Server, experiment_id: str, label: str) -> None:
    """What was deleted stays deleted for the other server, and can be restored by it."""
    run = server.post(f"{API}/runs/create", experiment_id=experiment_id, run_name="forgotten")["run"]
    server.post(f"{API}/runs/delete", run_id=run["info"]["run_id"])
    gone = server.post(f"{API}/experiments/create", name=f"forgotten {label}")["experiment_id"]
    server.post(f"{API}/experiments/delete", experiment_id=gone)


def _write_logged_model(server: Server, experiment_id: str, run_id: str, label: str) -> None:
    model = server.post(
        f"{API}/logged-models",
        experiment_id=experiment_id,
        name=f"logged-{label}",
        source_run_id=run_id,
        params=[{"key": "trees", "value": "7"}],
        tags=[{"key": "kind", "value": "forest"}],
    )["model"]
    model_id = model["info"]["model_id"]
    answer = requests.patch(
        f"{server.url}{API}/logged-models/{model_id}",
        json={"model_id": model_id, "status": "LOGGED_MODEL_READY"},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    server.post(
        f"{API}/runs/log-metric",
        run_id=run_id,
        model_id=model_id,
        key="auc",
        value=0.75,
        step=4,
        timestamp=1_600_000_000_002,
    )
    server.post(f"{API}/runs/outputs", run_id=run_id, models=[{"model_id": model_id, "step": 4}])


def _write_registered_model(server: Server, run_id: str, label: str) -> None:
    name = f"model {label}"
    server.post(
        f"{API}/registered-models/create",
        name=name,
        description="Who will leave?",
        tags=[{"key": "owner", "value": label}],
    )
    for number in (1, 2, 3):
        server.post(
            f"{API}/model-versions/create",
            name=name,
            source=f"s3://bucket/{label}/{number}",
            run_id=run_id,
            description=f"try {number}",
            tags=[{"key": "number", "value": str(number)}],
        )
    for version, stage in (("1", "Production"), ("2", "Production"), ("3", "Staging")):
        server.post(
            f"{API}/model-versions/transition-stage",
            name=name,
            version=version,
            stage=stage,
            archive_existing_versions=True,
        )
    for alias, version in (("champion", "2"), ("challenger", "3")):
        server.post(f"{API}/registered-models/alias", name=name, alias=alias, version=version)


def read(server: Server) -> dict[str, Any]:
    """Everything that the API shows, with lists without an order of their own put in one."""
    experiments = server.post(f"{API}/experiments/search", max_results=1000, view_type="ALL")["experiments"]
    experiment_ids = [experiment["experiment_id"] for experiment in experiments]
    runs = server.post(f"{API}/runs/search", experiment_ids=experiment_ids, run_view_type="ALL")["runs"]
    models = server.get(f"{API}/registered-models/search").get("registered_models", [])
    return {
        "experiments": [sort_entries(experiment) for experiment in experiments],
        "runs": [sort_entries(run) for run in runs],
        "history": {run["info"]["run_id"]: _histories(server, run) for run in runs},
        "files": {run["info"]["run_id"]: _files(server, run) for run in runs},
        "logged models": [
            sort_entries(model)
            for model in server.post(f"{API}/logged-models/search", experiment_ids=experiment_ids).get(
                "models", []
            )
        ],
        "models": [sort_entries(model) for model in models],
        "versions": [
            sort_entries(_without_aliases(version))
            for version in server.get(f"{API}/model-versions/search").get("model_versions", [])
        ],
        "champions": [
            server.get(f"{API}/registered-models/alias", name=model["name"], alias="champion")
            for model in models
        ],
    }


def _histories(server: Server, run: dict[str, Any]) -> dict[str, Any]:
    keys = sorted({metric["key"] for metric in run["data"].get("metrics", [])})
    run_id = run["info"]["run_id"]
    return {key: server.get(f"{API}/metrics/get-history", run_id=run_id, metric_key=key) for key in keys}


def _files(server: Server, run: dict[str, Any]) -> dict[str, str]:
    run_id = run["info"]["run_id"]
    listed = server.get(f"{API}/artifacts/list", run_id=run_id, path="notes").get("files", [])
    folder = run["info"]["artifact_uri"].removeprefix("mlflow-artifacts:/")
    return {
        file["path"]: requests.get(f"{server.url}{ARTIFACTS}/{folder}/{file['path']}", timeout=60).text
        for file in listed
    }


def _without_aliases(version: dict[str, Any]) -> dict[str, Any]:
    """Stock leaves the aliases of versions out of lists. Those of the models say the same."""
    return {name: value for name, value in version.items() if name != "aliases"}


def sort_entries(value: Any) -> Any:
    """Tags, params, metrics and aliases are sets: a server may list them in any order."""
    if isinstance(value, dict):
        return {key: sort_entries(item) for key, item in value.items()}
    if isinstance(value, list):
        items = [sort_entries(item) for item in value]
        if items and all(isinstance(item, dict) and "current_stage" in item for item in items):
            # The newest versions of a model, one for each stage: stock's search leaves their order open.
            items = [_without_aliases(item) for item in items]
            return sorted(items, key=lambda item: (item["name"], int(item["version"])))
        if all(isinstance(item, dict) and ("key" in item or "alias" in item) for item in items):
            return sorted(items, key=lambda item: str(item.get("key", item.get("alias"))))
        return items
    return value
