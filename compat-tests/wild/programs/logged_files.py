"""Everything that the fluent functions can turn into a file, and the machine's own metrics."""

import json
import sys
import time
from pathlib import Path

import matplotlib as mpl
import mlflow
import numpy as np
import pandas as pd

mpl.use("Agg")
import matplotlib.pyplot as plt

experiment = mlflow.set_experiment("files")
mlflow.set_system_metrics_sampling_interval(0.2)
mlflow.set_system_metrics_samples_before_logging(1)

gradient = np.arange(16 * 16, dtype="uint8").reshape(16, 16)
table = {"question": ["What?", "Wo ist die Größe?"], "tokens": [3, 7]}
Path("folder/below").mkdir(parents=True)
Path("folder/one.txt").write_text("one")
Path("folder/below/zwei & drei, 100%.txt").write_text("two")

with mlflow.start_run(run_name="files", log_system_metrics=True) as run:
    mlflow.log_text("Größe: 30\n", "notes/übersicht.txt")
    mlflow.log_dict({"classes": [0, 1], "rate": 0.1}, "settings.json")
    mlflow.log_dict({"classes": [0, 1], "rate": 0.1}, "settings.yaml")
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.plot([0, 1], [1, 0])
    mlflow.log_figure(figure, "plots/line.png")
    mlflow.log_figure(figure, "plots/line.svg")
    mlflow.log_image(gradient, artifact_file="gradient.png")
    for step in (0, 5):
        mlflow.log_image(gradient + step, key="weights", step=step, timestamp=1_600_000_000_000 + step)
    mlflow.log_table(table, "table.json")
    mlflow.log_table(pd.DataFrame({"question": ["And?"], "tokens": [1]}), "table.json")
    mlflow.log_artifact("folder/one.txt", "single")
    mlflow.log_artifacts("folder", "many")
    # Long enough for a few samples of the machine's metrics.
    time.sleep(1.5)

loaded = mlflow.load_table("table.json", run_ids=[run.info.run_id], extra_columns=["run_id"])
image = mlflow.artifacts.load_image(f"runs:/{run.info.run_id}/gradient.png")
copy = Path(
    mlflow.artifacts.download_artifacts(run_id=run.info.run_id, artifact_path="many", dst_path="copy")
)
facts = {
    "run_id": run.info.run_id,
    "loaded": loaded.to_dict("list"),
    "text": mlflow.artifacts.load_text(f"{run.info.artifact_uri}/notes/übersicht.txt"),
    "dict": mlflow.artifacts.load_dict(f"runs:/{run.info.run_id}/settings.json"),
    "image": bool(np.array_equal(np.array(image), gradient)),
    "copied": {str(path.relative_to(copy)): path.read_text() for path in copy.rglob("*") if path.is_file()},
}
Path(sys.argv[1]).write_text(json.dumps(facts))
