"""Trains with scikit-learn while MLflow looks on: nothing is logged by hand."""

import json
import sys
from pathlib import Path

import mlflow
from sklearn import metrics
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.tree import DecisionTreeClassifier

features, labels = load_breast_cancer(return_X_y=True, as_frame=True)
train_features, test_features, train_labels, test_labels = train_test_split(features, labels, random_state=7)

experiment = mlflow.set_experiment("sklearn")
mlflow.sklearn.autolog(registered_model_name="autologged", max_tuning_runs=None)

with mlflow.start_run(run_name="one estimator") as single:
    model = LogisticRegression(C=0.5, solver="liblinear", random_state=7)
    model.fit(train_features, train_labels)
    test_score = model.score(test_features, test_labels)
    predicted_labels = model.predict(test_features)
    # MLflow puts its own functions into the module: one that was imported before would go unnoticed.
    test_f1 = metrics.f1_score(test_labels, predicted_labels)

grid = {"max_depth": [1, 2, 3], "criterion": ["gini", "entropy"]}
search = GridSearchCV(DecisionTreeClassifier(random_state=7), grid, cv=3)
search.fit(train_features, train_labels)
search_run = mlflow.last_active_run()

mlflow.sklearn.autolog(disable=True)
predicted = model.predict(train_features)
probabilities = model.predict_proba(train_features)
facts = {
    "experiment_id": experiment.experiment_id,
    "single": {
        "run_id": single.info.run_id,
        "params": {key: str(value) for key, value in model.get_params(deep=False).items()},
        "metrics": {
            "training_accuracy_score": metrics.accuracy_score(train_labels, predicted),
            "training_precision_score": metrics.precision_score(train_labels, predicted, average="weighted"),
            "training_recall_score": metrics.recall_score(train_labels, predicted, average="weighted"),
            "training_f1_score": metrics.f1_score(train_labels, predicted, average="weighted"),
            "training_log_loss": metrics.log_loss(train_labels, probabilities),
            "training_roc_auc": metrics.roc_auc_score(train_labels, probabilities[:, 1]),
            "training_score": model.score(train_features, train_labels),
            "LogisticRegression_score_test_features": test_score,
            "f1_score_test_features": test_f1,
        },
    },
    "search": {
        "run_id": search_run.info.run_id,
        "best_params": search.best_params_,
        "best_score": search.best_score_,
        "trials": [
            {
                "params": {key: str(value) for key, value in params.items()},
                "mean_test_score": float(search.cv_results_["mean_test_score"][index]),
                "std_test_score": float(search.cv_results_["std_test_score"][index]),
                "rank_test_score": float(search.cv_results_["rank_test_score"][index]),
            }
            for index, params in enumerate(search.cv_results_["params"])
        ],
    },
    "loaded": {
        version: mlflow.sklearn.load_model(f"models:/autologged/{version}").predict(test_features).tolist()
        for version in ("1", "2")
    },
    "predicted": {"1": predicted_labels.tolist(), "2": search.predict(test_features).tolist()},
}
Path(sys.argv[1]).write_text(json.dumps(facts))
