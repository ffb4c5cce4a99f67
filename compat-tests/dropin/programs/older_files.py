"""Logs with the older client what becomes files: images at steps, tables, figures, texts, a boosted model."""

import json
import sys
import time
from pathlib import Path

import lightgbm
import matplotlib as mpl
import mlflow
import numpy as np
from sklearn.datasets import load_iris

mpl.use("Agg")
import matplotlib.pyplot as plt

# The client writes a step between percent signs, so that `%20` and `%41` look encoded, `%85` is half
# a letter and `%100` begins with a control character.
STEPS = [0, 7, 20, 41, 85, 100, 2500]

mlflow.set_experiment("older files")
mlflow.set_system_metrics_sampling_interval(0.1)
mlflow.set_system_metrics_samples_before_logging(1)

features, labels = load_iris(return_X_y=True, as_frame=True)
features.columns = [name.replace(" ", "_") for name in features.columns]

with mlflow.start_run(log_system_metrics=True) as run:
    for step in STEPS:
        # The first pixel says which step it is.
        image = np.full((4, 4, 3), step % 251, dtype="uint8")
        mlflow.log_image(image, key="dog", step=step, timestamp=1_795_841_614_982, synchronous=True)
    mlflow.log_image(np.zeros((4, 4, 3), dtype="uint8"), artifact_file="plain 100%.png")
    mlflow.log_table({"question": ["What?"], "tokens": [3]}, "tables/first table.json")
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.plot([0, 1], [1, 0])
    mlflow.log_figure(figure, "plots/größe.png")
    mlflow.log_text("Größe: 30 %\n", "notes/50% done.txt")
    mlflow.log_dict({"classes": [0, 1]}, "settings.json")
    mlflow.lightgbm.autolog()
    lightgbm.train(
        {"objective": "multiclass", "num_class": 3, "num_threads": 1, "verbose": -1},
        lightgbm.Dataset(features, label=labels),
        num_boost_round=3,
    )
    # Long enough for a sample of the machine's metrics.
    time.sleep(0.5)

Path(sys.argv[1]).write_text(
    json.dumps({"client": mlflow.__version__, "run_id": run.info.run_id, "steps": STEPS})
)
