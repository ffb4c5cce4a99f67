"""Scores a registered model on the features that flowkeep lists for it.

    python serve.py credit-risk champion --port 8000
    curl -X POST localhost:8000/score -H 'Content-Type: application/json' -d '{"client_id": 1003}'

This file names no feature, no table and no entity: each model brings its own list.
"""

import argparse
import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import mlflow
import requests
import uvicorn
from fastapi import FastAPI, HTTPException
from feast import FeatureStore

HERE = Path(__file__).resolve().parent


class Registry:
    """The feature list of one model version, as flowkeep gives it."""

    def __init__(self, name: str, version: str) -> None:
        self._url = os.environ["MLFLOW_TRACKING_URI"].rstrip("/")
        self.spec = self._call("GET", name, version, "features")
        if self.spec["problems"]:
            raise SystemExit("this model cannot be served: " + "; ".join(self.spec["problems"]))
        # An alias may move while the service runs; this keeps the model and its list together.
        self.name, self.version = self.spec["name"], self.spec["version"]

    def check(self, columns: dict[str, str]) -> dict[str, Any]:
        body = {"columns": [{"name": name, "type": kind} for name, kind in columns.items()]}
        return self._call("POST", self.name, self.version, "features/check", json=body)

    def _call(self, method: str, name: str, version: str, path: str, **more: Any) -> dict[str, Any]:
        version_path = f"model-versions/{quote(name, safe='')}/{quote(version, safe='')}"
        response = requests.request(
            method, f"{self._url}/api/1.0/flowkeep/{version_path}/{path}", timeout=30, **more
        )
        if not response.ok:
            raise SystemExit(response.json()["message"])
        return response.json()


def service(registry: Registry) -> FastAPI:
    kind, _, place = registry.spec["feature_store_uri"].partition(":")
    if kind != "feast":
        raise SystemExit(f"this service reads features from Feast only, not from {kind}")
    store = FeatureStore(HERE / place)
    listed = registry.spec["features"]
    references = [f"{one['table']}@{one['version']}:{one['name']}" for one in listed]
    names = [one["name"] for one in listed]
    model = mlflow.pyfunc.load_model(f"models:/{registry.name}/{registry.version}")
    app = FastAPI()
    checked: set[str] = set()

    @app.post("/score")
    def score(entity: dict[str, Any]) -> dict[str, Any]:
        try:
            found = store.get_online_features(features=references, entity_rows=[entity]).to_df()
        except (KeyError, ValueError) as error:
            raise HTTPException(400, str(error)) from error
        columns = found[names]
        absent = columns.columns[columns.isna().any()].to_list()
        if absent:
            raise HTTPException(404, f"the feature store has no {', '.join(absent)} for {entity}")
        types = {name: str(dtype) for name, dtype in columns.dtypes.items()}
        # The store returns the same columns each time, so one check is enough.
        if str(types) not in checked:
            report = registry.check(types)
            if not report["ok"]:
                raise HTTPException(500, report)
            checked.add(str(types))
        prediction = model.predict(columns)
        return {"prediction": prediction.tolist()[0], "version": registry.version}

    @app.get("/health")
    def health() -> dict[str, str]:
        return {"model": registry.name, "version": registry.version}

    return app


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("version", help="a number, a stage or an alias")
    parser.add_argument("--port", type=int, default=8000)
    arguments = parser.parse_args()
    app = service(Registry(arguments.model, arguments.version))
    uvicorn.run(app, host="127.0.0.1", port=arguments.port)


if __name__ == "__main__":
    main()
