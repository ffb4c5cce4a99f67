"""Logs a large file and a model through the proxy, and reads both back."""

import hashlib
import json
import sys
from pathlib import Path

import mlflow
import numpy as np
from sklearn.linear_model import LinearRegression

inputs = np.arange(12.0).reshape(6, 2)
outputs = inputs @ np.array([1.5, -2.0]) + 1
model = LinearRegression().fit(inputs, outputs)

large = Path("large.bin")
large.write_bytes(np.random.default_rng(7).bytes(13_000_000))
Path("small.txt").write_text("a few words\n")

with mlflow.start_run() as run:
    mlflow.log_artifact(str(large), "data/deep")
    mlflow.log_artifact("small.txt")
    mlflow.sklearn.log_model(
        model,
        name="model",
        registered_model_name="from-afar",
        # To find them out takes longer than all the rest.
        pip_requirements=["scikit-learn"],
    )

fetched = Path(mlflow.artifacts.download_artifacts(f"runs:/{run.info.run_id}/data/deep/large.bin"))
loaded = mlflow.pyfunc.load_model("models:/from-afar/1")
client = mlflow.MlflowClient()
found = client.list_artifacts(run.info.run_id) + client.list_artifacts(run.info.run_id, "data/deep")
facts = {
    "artifact_uri": run.info.artifact_uri,
    "listed": {entry.path: entry.file_size for entry in found},
    "sent": hashlib.sha256(large.read_bytes()).hexdigest(),
    "fetched": hashlib.sha256(fetched.read_bytes()).hexdigest(),
    "predicted": model.predict(inputs).tolist(),
    "loaded": loaded.predict(inputs).tolist(),
}
Path(sys.argv[1]).write_text(json.dumps(facts))
