"""What the server has, read over plain HTTP: the client that wrote it has no say in how it is read."""

from dataclasses import dataclass
from typing import Any

import requests

from harness.servers import Server

API = "/api/2.0/mlflow"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


@dataclass
class Run:
    run_id: str
    name: str
    status: str
    artifact_uri: str
    params: dict[str, str]
    metrics: dict[str, float]
    tags: dict[str, str]
    # Each input dataset's name with the context that it was used in, if that is known.
    datasets: list[tuple[str, str | None]]
    model_ids: list[str]

    @property
    def own_tags(self) -> dict[str, str]:
        """The tags without those that each client adds by itself."""
        return {key: value for key, value in self.tags.items() if not key.startswith("mlflow.")}


@dataclass
class Model:
    model_id: str
    name: str
    status: str
    run_id: str
    artifact_uri: str
    params: dict[str, str]
    # Each metric's key and value with the name of the dataset that it was measured on.
    metrics: list[tuple[str, float, str | None]]
    tags: dict[str, str]


class Records:
    def __init__(self, server: Server) -> None:
        self._server = server

    def experiment(self, name: str) -> dict[str, Any]:
        return self._server.get(f"{API}/experiments/get-by-name", experiment_name=name)["experiment"]

    def run(self, run_id: str) -> Run:
        run = self._server.get(f"{API}/runs/get", run_id=run_id)["run"]
        info, data = run["info"], run["data"]
        return Run(
            run_id=info["run_id"],
            name=info["run_name"],
            status=info["status"],
            artifact_uri=info["artifact_uri"],
            params=_by_key(data.get("params", [])),
            metrics={key: float(value) for key, value in _by_key(data.get("metrics", [])).items()},
            tags=_by_key(data.get("tags", [])),
            datasets=sorted(
                (used["dataset"]["name"], _by_key(used.get("tags", [])).get("mlflow.data.context"))
                for used in run.get("inputs", {}).get("dataset_inputs", [])
            ),
            model_ids=[made["model_id"] for made in run.get("outputs", {}).get("model_outputs", [])],
        )

    def runs(self, experiment_id: str, **search: Any) -> list[Run]:
        """The runs of an experiment, oldest first."""
        found = self._server.post(
            f"{API}/runs/search",
            experiment_ids=[experiment_id],
            order_by=["attributes.start_time ASC"],
            **search,
        )
        return [self.run(run["info"]["run_id"]) for run in found.get("runs", [])]

    def history(self, run_id: str, key: str) -> list[tuple[int, float]]:
        """All steps and values of a metric, page by page, in the order of their steps."""
        points: list[tuple[int, float]] = []
        page: dict[str, str] = {}
        while True:
            found = self._server.get(
                f"{API}/metrics/get-history", run_id=run_id, metric_key=key, max_results=300, **page
            )
            points += [(point["step"], float(point["value"])) for point in found.get("metrics", [])]
            if not found.get("next_page_token"):
                return sorted(points)
            page = {"page_token": found["next_page_token"]}

    def model(self, model_id: str) -> Model:
        model = self._server.get(f"{API}/logged-models/{model_id}")["model"]
        info, data = model["info"], model.get("data", {})
        return Model(
            model_id=info["model_id"],
            name=info["name"],
            status=info["status"],
            run_id=info["source_run_id"],
            artifact_uri=info["artifact_uri"],
            params=_by_key(data.get("params", [])),
            metrics=sorted(
                (metric["key"], float(metric["value"]), metric.get("dataset_name"))
                for metric in data.get("metrics", [])
            ),
            tags=_by_key(info.get("tags", [])),
        )

    def files(self, artifact_uri: str) -> dict[str, int]:
        """The paths and sizes of all files in a folder of artifacts and in the folders below it."""
        found = {}
        folders = [""]
        while folders:
            folder = folders.pop()
            path = "/".join(filter(None, [_path(artifact_uri), folder]))
            for item in self._server.get(ARTIFACTS, path=path).get("files", []):
                item_path = "/".join(filter(None, [folder, item["path"]]))
                if item.get("is_dir"):
                    folders.append(item_path)
                else:
                    found[item_path] = int(item["file_size"])
        return found

    def content(self, artifact_uri: str, path: str) -> bytes:
        quoted = requests.utils.quote(path)
        answer = requests.get(f"{self._server.url}{ARTIFACTS}/{_path(artifact_uri)}/{quoted}", timeout=60)
        assert answer.status_code == 200, answer.text
        return answer.content


def _path(artifact_uri: str) -> str:
    assert artifact_uri.startswith("mlflow-artifacts:/")
    return artifact_uri.removeprefix("mlflow-artifacts:/")


def _by_key(entries: list[dict[str, Any]]) -> dict[str, Any]:
    return {entry["key"]: entry.get("value", "") for entry in entries}
