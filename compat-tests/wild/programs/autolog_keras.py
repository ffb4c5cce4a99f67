"""Trains a small network with Keras on JAX. MLflow logs each epoch from a thread of its own."""

import json
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"
os.environ["JAX_PLATFORMS"] = "cpu"
# Keras keeps its settings in the home folder if it is not told otherwise.
os.environ["KERAS_HOME"] = str(Path.cwd() / "keras")

import keras
import mlflow
import numpy as np

keras.utils.set_random_seed(7)
numbers = np.random.default_rng(7)
features = numbers.normal(size=(64, 4)).astype("float32")
labels = (features.sum(axis=1) > 0).astype("int32")

mlflow.set_experiment("keras")
mlflow.keras.autolog()
model = keras.Sequential(
    [keras.Input((4,)), keras.layers.Dense(3, activation="relu"), keras.layers.Dense(2)], name="small"
)
model.compile(
    optimizer=keras.optimizers.Adam(0.01),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
)
with mlflow.start_run(run_name="small network") as run:
    history = model.fit(features, labels, batch_size=16, epochs=4, verbose=0)

loaded = mlflow.keras.load_model(f"runs:/{run.info.run_id}/model")
facts = {
    "run_id": run.info.run_id,
    "history": {key: [float(value) for value in values] for key, values in history.history.items()},
    "optimizer": {key: str(value) for key, value in model.optimizer.get_config().items()},
    "loaded": bool(np.array_equal(loaded.predict(features, verbose=0), model.predict(features, verbose=0))),
    "parameters": model.count_params(),
}
Path(sys.argv[1]).write_text(json.dumps(facts))
