"""Logs models with feature retrieval specs, as either client does, and registers them."""

import json
import sys
import warnings
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import ModelSignature, infer_signature
from mlflow.types.schema import ColSpec, Schema
from sklearn.linear_model import LinearRegression

warnings.filterwarnings("ignore")

TABLE = pd.DataFrame({"tenure": [1, 2, 3], "calls": [0.5, 1.5, 2.5]})
MODEL = LinearRegression().fit(TABLE, [1, 2, 3])
NAMED = infer_signature(TABLE, np.array([1.0]))


def write_spec(names: list[str], *, file: str = "feature_retrieval_spec.yaml") -> str:
    lines = ["feature_store_uri: feast://features/churn", "features:"]
    for name in names:
        lines += [f"  - name: {name}", f"    source: {name}_table:v2"]
    Path(file).write_text("\n".join(lines) + "\n")
    return file


def log(name: str, signature: ModelSignature | None, extra_files: list[str] | None = None) -> str:
    """Logs a model, registers it and returns the number of its version."""
    options = {"signature": signature, "pip_requirements": ["scikit-learn"]}
    options |= {"serialization_format": "cloudpickle"}
    if not mlflow.__version__.startswith("2."):
        options |= {"extra_files": extra_files, "registered_model_name": name}
        return str(mlflow.sklearn.log_model(MODEL, name="model", **options).registered_model_version)
    # The older client takes no extra files. What it takes is a file beside the model's.
    logged = mlflow.sklearn.log_model(MODEL, artifact_path=name, **options)
    for file in extra_files or []:
        mlflow.log_artifact(file, name)
    return str(mlflow.register_model(logged.model_uri, name).version)


def main() -> None:
    versions = {}
    with mlflow.start_run():
        spec = write_spec(["tenure", "calls"])
        versions["churn"] = log("churn", NAMED, [spec])
        versions["unnamed"] = log("unnamed", infer_signature(TABLE.to_numpy(), np.array([1.0])), [spec])
        versions["no signature"] = log("no signature", None, [spec])
        versions["no spec"] = log("no spec", NAMED)
        versions["differs"] = log("differs", NAMED, [write_spec(["tenure", "visits"])])
        versions["broken"] = log("broken", NAMED, [write_spec(["tenure", "calls", "tenure"])])
        optional = [ColSpec("long", "tenure"), ColSpec("double", "calls", required=False)]
        versions["optional"] = log(
            "optional", ModelSignature(inputs=Schema(optional)), [write_spec(["tenure"])]
        )
    with mlflow.start_run():
        mlflow.log_artifact(write_spec(["tenure", "calls"], file="of_run.yaml"), "specs")
        mlflow.set_tag("feature_retrieval_spec", "specs/of_run.yaml")
        versions["run says"] = log("run says", NAMED)

    client = mlflow.MlflowClient()
    client.set_registered_model_alias("churn", "champion", versions["churn"])
    client.transition_model_version_stage("churn", versions["churn"], "Production")
    Path(sys.argv[1]).write_text(json.dumps(versions))


main()
