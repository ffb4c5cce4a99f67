"""Trains a model on features of the store, and registers it with its feature retrieval spec.

Needs MLFLOW_TRACKING_URI. It makes up the bank's data first.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import yaml
from feast import FeatureStore
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

MODEL = "credit-risk"
HERE = Path(__file__).resolve().parent
SPEC = HERE / "feature_retrieval_spec.yaml"
REPOSITORY = HERE / "feature_repo"

sys.path.insert(0, str(REPOSITORY))
import features  # noqa: E402


def make_up_data(clients: int, moment: datetime) -> None:
    """Writes the tables that a nightly job of the bank would write."""
    random = np.random.default_rng(7)
    known = {"client_id": np.arange(1000, 1000 + clients), "event_timestamp": moment}
    profile = known | {
        "income": random.normal(50_000, 15_000, clients).round(2),
        "years_as_client": random.integers(0, 30, clients),
    }
    payments = known | {
        "late_payments": random.poisson(1.5, clients),
        "utilization": random.random(clients).round(3),
    }
    (REPOSITORY / "data").mkdir(exist_ok=True)
    pd.DataFrame(profile).to_parquet(REPOSITORY / "data" / "client_profile.parquet")
    pd.DataFrame(payments).to_parquet(REPOSITORY / "data" / "payments.parquet")


def defaulted(frame: pd.DataFrame) -> pd.Series:
    """Says which of these clients defaulted later."""
    risk = 0.8 * frame["late_payments"] + 2 * frame["utilization"] - frame["income"] / 40_000
    return (risk > risk.median()).astype("int64")


def main() -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    make_up_data(500, yesterday)

    store = FeatureStore(REPOSITORY)
    store.apply([features.client, features.client_profile, features.payments])

    # Training and scoring read the same list.
    listed = yaml.safe_load(SPEC.read_text())["features"]
    references = ["{}@{}:{}".format(*one["source"].split(":"), one["name"]) for one in listed]
    clients = pd.DataFrame({"client_id": range(1000, 1500), "event_timestamp": datetime.now(UTC)})
    history = store.get_historical_features(entity_df=clients, features=references).to_df()
    inputs = history[[one["name"] for one in listed]]
    outcome = defaulted(history)

    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(inputs, outcome)
    with mlflow.start_run():
        mlflow.log_metric("accuracy", model.score(inputs, outcome))
        logged = mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(inputs, outcome),
            pip_requirements=["scikit-learn"],
            extra_files=[str(SPEC)],
            registered_model_name=MODEL,
        )
    version = logged.registered_model_version
    mlflow.MlflowClient().set_registered_model_alias(MODEL, "champion", version)

    # Copy the features into the online store, where the scoring service reads them.
    store.materialize(start_date=yesterday - timedelta(days=1), end_date=datetime.now(UTC))
    print(f"version {version} of {MODEL} is the champion")


if __name__ == "__main__":
    main()
