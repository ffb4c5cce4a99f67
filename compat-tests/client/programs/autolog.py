"""What people use without thinking of the server: autologging, nested runs, threads and data frames."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GridSearchCV

THREADS = 8
POINTS = 50

client = MlflowClient()
features, labels = load_iris(return_X_y=True, as_frame=True)


def autologged() -> dict[str, Any]:
    """A search over a grid, which scikit-learn's autologging writes as a run with runs below it."""
    mlflow.set_experiment("autologged")
    mlflow.sklearn.autolog(max_tuning_runs=3)
    search = GridSearchCV(RandomForestClassifier(random_state=7), {"n_estimators": [2, 3, 4]}, cv=2)
    with mlflow.start_run(run_name="search") as run:
        search.fit(features, labels)
    mlflow.sklearn.autolog(disable=True)
    parent = client.get_run(run.info.run_id)
    children = client.search_runs(
        [run.info.experiment_id],
        f"tags.mlflow.parentRunId = '{run.info.run_id}'",
        order_by=["params.n_estimators"],
    )
    return {
        "best": [parent.data.params["best_n_estimators"], str(search.best_params_["n_estimators"])],
        "score": [parent.data.metrics["best_cv_score"], search.best_score_],
        "children": [child.data.params["n_estimators"] for child in children],
        "datasets": [entry.dataset.name for entry in parent.inputs.dataset_inputs],
        "contexts": [[tag.value for tag in entry.tags] for entry in parent.inputs.dataset_inputs],
        "artifacts": [item.path for item in client.list_artifacts(run.info.run_id) if not item.is_dir],
    }


def nested() -> dict[str, Any]:
    experiment_id = mlflow.set_experiment("nested").experiment_id
    with mlflow.start_run(run_name="outer"):
        for number in range(3):
            with mlflow.start_run(run_name=f"inner {number}", nested=True):
                mlflow.log_metric("number", number)
                mlflow.log_param("half", number / 2)
    frame = mlflow.search_runs([experiment_id], order_by=["start_time"])
    inner = frame[frame["tags.mlflow.parentRunId"].notna()]
    return {
        "names": list(frame["tags.mlflow.runName"]),
        "numbers": list(inner["metrics.number"]),
        "halves": list(inner["params.half"]),
        "statuses": sorted(set(frame["status"])),
        "time_type": str(frame["start_time"].dtype).split("[")[0],
        "best": list(
            mlflow.search_runs([experiment_id], "metrics.number >= 1 and params.half = '1.0'")["params.half"]
        ),
    }


def from_threads() -> dict[str, Any]:
    """Eight threads write into one run at once: nothing is lost and nothing is refused."""
    experiment_id = mlflow.create_experiment("from threads")
    run_id = client.create_run(experiment_id).info.run_id

    def write(thread: int) -> None:
        for step in range(POINTS):
            client.log_batch(
                run_id,
                metrics=[Metric("shared", thread, step, step), Metric(f"own {thread}", step, step, step)],
                params=[Param(f"param {thread} {step}", str(step))],
            )

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(write, range(THREADS)))
    run = client.get_run(run_id)
    return {
        "shared": len(client.get_metric_history(run_id, "shared")),
        "own": [
            [point.value for point in client.get_metric_history(run_id, f"own {thread}")]
            for thread in range(THREADS)
        ],
        "params": len(run.data.params),
        "last": run.data.metrics["shared"],
    }


def main() -> None:
    facts = {"autologged": autologged(), "nested": nested(), "from threads": from_threads()}
    Path(sys.argv[1]).write_text(json.dumps(facts))


if __name__ == "__main__":
    main()
