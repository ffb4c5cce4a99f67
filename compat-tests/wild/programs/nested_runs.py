"""Runs below runs, and what `search_runs` makes of them as a table of pandas."""

import json
import math
import sys
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import ViewType

client = MlflowClient()


def plain(value: Any) -> Any:
    """A cell of a table as JSON can carry it, without loss of digits."""
    if isinstance(value, pd.Timestamp):
        return str(value)
    if value is None or pd.isna(value):
        return None
    return value


def search(filter_string: str) -> pd.DataFrame:
    return mlflow.search_runs(
        experiment_names=["nested"], filter_string=filter_string, order_by=["metrics.score DESC"]
    )


def table(frame: pd.DataFrame) -> dict[str, list[Any]]:
    return {column: [plain(value) for value in frame[column]] for column in frame.columns}


experiment = mlflow.set_experiment("nested")
ids: dict[str, str] = {}
with mlflow.start_run(run_name="sweep", tags={"level": "0"}) as sweep:
    ids["sweep"] = sweep.info.run_id
    mlflow.log_param("folds", 2)
    for fold in range(2):
        with mlflow.start_run(run_name=f"fold {fold}", nested=True, tags={"level": "1"}) as child:
            ids[f"fold {fold}"] = child.info.run_id
            mlflow.log_params({"fold": fold, "seed": 0.1 + 0.2})
            for step in range(3):
                mlflow.log_metric("score", 1 / (3 + fold + step), step=step)
            with mlflow.start_run(run_name=f"leaf of {fold}", nested=True, tags={"level": "2"}) as leaf:
                ids[f"leaf of {fold}"] = leaf.info.run_id
                mlflow.log_metrics({"score": 1e-17 * (fold + 1), "never": math.nan})
    mlflow.log_metric("score", 2 / 3)

# A child can also be started when its parent has ended long ago; and one that raises has failed.
try:
    with mlflow.start_run(run_name="late", parent_run_id=ids["sweep"], nested=True) as late:
        ids["late"] = late.info.run_id
        raise ValueError("Not today")
except ValueError:
    pass

with mlflow.start_run(run_name="forgotten") as forgotten:
    ids["forgotten"] = forgotten.info.run_id
mlflow.delete_run(ids["forgotten"])

by_start = ["attributes.start_time ASC", "attributes.run_name ASC"]
pages = []
token = None
while token is not None or not pages:
    page = client.search_runs(
        [experiment.experiment_id], max_results=4, order_by=["attributes.run_name DESC"], page_token=token
    )
    pages.append([run.info.run_name for run in page])
    token = page.token

frame = mlflow.search_runs(experiment_names=["nested"], order_by=by_start)
facts = {
    "experiment_id": experiment.experiment_id,
    "ids": ids,
    "kinds": {column: str(kind) for column, kind in frame.dtypes.items()},
    "frame": table(frame),
    "children": table(search(f"tags.mlflow.parentRunId = '{ids['sweep']}' AND metrics.score > 0.2")),
    "best children": table(search(f"tags.mlflow.parentRunId = '{ids['sweep']}' AND metrics.score > 0.16")),
    "deleted": [
        run.info.run_name
        for run in mlflow.search_runs(
            [experiment.experiment_id], run_view_type=ViewType.DELETED_ONLY, output_format="list"
        )
    ],
    "nothing": search("params.fold = '9'").shape[0],
    "pages": pages,
    "parent": client.get_parent_run(ids["leaf of 1"]).info.run_id,
    "times": {
        name: [client.get_run(run_id).info.start_time, client.get_run(run_id).info.end_time]
        for name, run_id in ids.items()
    },
}
Path(sys.argv[1]).write_text(json.dumps(facts))
