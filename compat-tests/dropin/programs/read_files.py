"""Reads with a client what a run has: downloads all its files, and loads its table, image and model."""

import json
import os
import sys
from pathlib import Path

import mlflow
import numpy as np
from mlflow import MlflowClient

run_id = os.environ["READ_RUN"]
client = MlflowClient()
# Tables are looked for in the active experiment.
mlflow.set_experiment(experiment_id=client.get_run(run_id).info.experiment_id)


def below(path: str | None) -> list[str]:
    """The files that listings show."""
    entries = client.list_artifacts(run_id, path)
    return [file for entry in entries for file in (below(entry.path) if entry.is_dir else [entry.path])]


listed = below(None)
copy = Path(mlflow.artifacts.download_artifacts(run_id=run_id, dst_path="copy"))
one_by_one = {}
for path in listed:
    file = mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path=path, dst_path="single")
    one_by_one[path] = Path(file).read_bytes() == (copy / path).read_bytes()

pixels = {}
for path in listed:
    if path.startswith("images/") and path.endswith(".png"):
        image = np.array(mlflow.artifacts.load_image(f"runs:/{run_id}/{path}"))
        pixels[path] = int(image[0, 0, 0])

run = client.get_run(run_id)
facts = {
    "listed": sorted(listed),
    "downloaded": sorted(str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file()),
    "same": all(one_by_one.values()),
    "pixels": pixels,
    "table": mlflow.load_table("tables/first table.json", run_ids=[run_id]).to_dict("list"),
    "text": mlflow.artifacts.load_text(f"{run.info.artifact_uri}/notes/50% done.txt"),
    "predicts": list(
        np.array(mlflow.lightgbm.load_model(f"runs:/{run_id}/model").predict(np.zeros((1, 4)))).shape
    ),
    "params": run.data.params.get("num_class"),
    "system": sorted(key for key in run.data.metrics if key.startswith("system/")),
}
Path(sys.argv[1]).write_text(json.dumps(facts))
