"""Boosts trees with LightGBM, stops early, and lets MLflow write down each round."""

import json
import sys
from pathlib import Path

import lightgbm
import mlflow
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

features, labels = load_breast_cancer(return_X_y=True, as_frame=True)
features = features.rename(columns=lambda name: name.replace(" ", "_"))
train_features, valid_features, train_labels, valid_labels = train_test_split(
    features, labels, random_state=7
)

mlflow.set_experiment("lightgbm")
mlflow.lightgbm.autolog(log_input_examples=True, extra_tags={"team": "growth"})

params = {
    "objective": "binary",
    "metric": ["binary_logloss", "auc"],
    "learning_rate": 0.3,
    "num_leaves": 7,
    "num_threads": 1,
    "verbose": -1,
}
train_set = lightgbm.Dataset(train_features, label=train_labels)
valid_set = lightgbm.Dataset(valid_features, label=valid_labels, reference=train_set)
history: dict[str, dict[str, list[float]]] = {}
booster = lightgbm.train(
    params,
    train_set,
    num_boost_round=60,
    valid_sets=[train_set, valid_set],
    valid_names=["train", "valid"],
    callbacks=[lightgbm.early_stopping(5, verbose=False), lightgbm.record_evaluation(history)],
)
run = mlflow.last_active_run()

loaded = mlflow.lightgbm.load_model(f"runs:/{run.info.run_id}/model")
pyfunc = mlflow.pyfunc.load_model(f"runs:/{run.info.run_id}/model")
best = booster.predict(valid_features)
facts = {
    "run_id": run.info.run_id,
    "history": {
        f"{data}-{metric}": values for data, metrics in history.items() for metric, values in metrics.items()
    },
    "best_iteration": booster.best_iteration,
    "importance": {
        kind: dict(zip(booster.feature_name(), booster.feature_importance(kind).tolist(), strict=True))
        for kind in ("split", "gain")
    },
    "loaded": bool(np.array_equal(loaded.predict(valid_features), best)),
    "pyfunc": bool(np.array_equal(pyfunc.predict(valid_features), best)),
    "inputs": pyfunc.metadata.signature.inputs.input_names(),
    "columns": list(features.columns),
}
Path(sys.argv[1]).write_text(json.dumps(facts))
