"""Judges a classifier and a regressor with `mlflow.models.evaluate`."""

import json
import math
import sys
from pathlib import Path

import mlflow
from sklearn.datasets import load_diabetes, load_wine
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    confusion_matrix,
    f1_score,
    log_loss,
    max_error,
    mean_absolute_error,
    mean_squared_error,
    r2_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

mlflow.set_experiment("evaluated")
facts = {}

features, labels = load_wine(return_X_y=True, as_frame=True)
wines = features.assign(label=labels)
classifier = make_pipeline(StandardScaler(), LogisticRegression(C=0.01)).fit(features, labels)
with mlflow.start_run(run_name="classifier") as run:
    logged = mlflow.sklearn.log_model(classifier, name="judged")
    dataset = mlflow.data.from_pandas(wines, name="wines", targets="label")
    result = mlflow.models.evaluate(
        logged.model_uri,
        dataset,
        model_type="classifier",
        evaluator_config={"log_model_explainability": False},
    )
predicted = classifier.predict(features)
facts["classifier"] = {
    "run_id": run.info.run_id,
    "model_id": logged.model_id,
    "metrics": {
        "accuracy_score": accuracy_score(labels, predicted),
        "f1_score": f1_score(labels, predicted, average="weighted"),
        "log_loss": log_loss(labels, classifier.predict_proba(features)),
        "example_count": len(wines),
    },
    "returned": result.metrics,
    "artifacts": sorted(result.artifacts),
    "confusion": confusion_matrix(labels, predicted).tolist(),
}

features, target = load_diabetes(return_X_y=True, as_frame=True)
patients = features.assign(target=target)
regressor = LinearRegression().fit(features, target)
with mlflow.start_run(run_name="regressor") as run:
    # A function can be judged as well, with metrics that are made up for the occasion.
    result = mlflow.models.evaluate(
        regressor.predict,
        patients,
        targets="target",
        model_type="regressor",
        extra_metrics=[
            mlflow.models.make_metric(
                eval_fn=lambda predictions, targets: float((predictions > targets).mean()),
                greater_is_better=False,
                name="share_too_high",
            )
        ],
        evaluator_config={"log_model_explainability": False},
    )
predicted = regressor.predict(features)
facts["regressor"] = {
    "run_id": run.info.run_id,
    "metrics": {
        "mean_absolute_error": mean_absolute_error(target, predicted),
        "mean_squared_error": mean_squared_error(target, predicted),
        "root_mean_squared_error": math.sqrt(mean_squared_error(target, predicted)),
        "r2_score": r2_score(target, predicted),
        "max_error": max_error(target, predicted),
        "example_count": len(patients),
        "share_too_high": float((predicted > target).mean()),
    },
    "returned": result.metrics,
}
Path(sys.argv[1]).write_text(json.dumps(facts))
