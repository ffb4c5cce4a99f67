"""What was acknowledged is there after `kill -9`, and what was not is there as a whole or not at all."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from harness.servers import STOCK, Server

CLIENTS = 8
ROUNDS = 3
ACKNOWLEDGED_BEFORE_KILL = 400
BATCH_SIZE = 5
API = "/api/2.0/mlflow"
WHOLE_BATCH = [(step, 1) for step in range(BATCH_SIZE)]
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


@dataclass
class Acknowledged:
    """What the server said that it has kept, over all rounds."""

    metrics: list[tuple[str, int]] = field(default_factory=list)
    params: list[tuple[str, int]] = field(default_factory=list)
    tags: list[tuple[str, int]] = field(default_factory=list)
    batches: list[tuple[str, int]] = field(default_factory=list)
    versions: list[tuple[str, str]] = field(default_factory=list)
    stages: list[tuple[str, str]] = field(default_factory=list)
    artifacts: list[tuple[str, int]] = field(default_factory=list)
    runs: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return sum(len(kind) for kind in vars(self).values())


class Client:
    """One of several clients that write for as long as the server answers."""

    def __init__(self, server: Server, model: str, acknowledged: Acknowledged) -> None:
        self._url = server.url
        self._session = requests.Session()
        self._model = model
        self._acknowledged = acknowledged

    def write_until_killed(self) -> bool:
        """Tells whether the client ended because the server was gone."""
        try:
            for _ in self._writes():
                pass
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            return True
        return False

    def _writes(self) -> Iterator[None]:
        kept = self._acknowledged
        run_id = self._post("/runs/create", experiment_id="0")["run"]["info"]["run_id"]
        kept.runs.append(run_id)
        for number in range(10_000):
            self._post("/runs/log-metric", run_id=run_id, key="m", value=number, step=number, timestamp=1)
            kept.metrics.append((run_id, number))
            self._post("/runs/log-parameter", run_id=run_id, key=f"p{number}", value=str(number))
            kept.params.append((run_id, number))
            self._post("/runs/set-tag", run_id=run_id, key=f"t{number}", value=str(number))
            kept.tags.append((run_id, number))
            self._post("/runs/log-batch", run_id=run_id, **_batch(number))
            kept.batches.append((run_id, number))
            if number % 5 == 0:
                self._register(number)
                self._put(f"{ARTIFACTS}/{run_id}/{number}.bin", _content(number))
                kept.artifacts.append((run_id, number))
            yield

    def _register(self, number: int) -> None:
        answer = self._post("/model-versions/create", name=self._model, source="s3://bucket/model")
        version = answer["model_version"]["version"]
        self._acknowledged.versions.append((self._model, version))
        if number % 2 == 0:
            self._post(
                "/model-versions/transition-stage",
                name=self._model,
                version=version,
                stage="Staging",
                archive_existing_versions=False,
            )
            self._acknowledged.stages.append((self._model, version))

    def _post(self, path: str, **body: Any) -> dict[str, Any]:
        return self._check(self._session.post(self._url + API + path, json=body, timeout=60)).json()

    def _put(self, path: str, content: bytes) -> None:
        self._check(self._session.put(self._url + path, data=content, timeout=60))

    @staticmethod
    def _check(response: requests.Response) -> requests.Response:
        assert response.status_code == 200, response.text
        return response


def _batch(number: int) -> dict[str, Any]:
    metrics = [{"key": f"b{number}", "value": 1, "step": step, "timestamp": 1} for step in range(BATCH_SIZE)]
    return {"metrics": metrics, "params": [{"key": f"b{number}", "value": "1"}]}


def _content(number: int) -> bytes:
    return f"{number}\n".encode() * 20_000


@pytest.fixture(scope="module")
def server(start_server: Callable[..., Server], subject: str, database_kind: str) -> Server:
    return start_server(subject, database_kind=database_kind)


@pytest.fixture(scope="module")
def acknowledged(server: Server) -> Acknowledged:
    """Kills the server in the middle of the writing, several times, and leaves it running once more."""
    kept = Acknowledged()
    models = [f"model {number}" for number in range(CLIENTS)]
    for model in models:
        server.post(f"{API}/registered-models/create", name=model)
    for _ in range(ROUNDS):
        before = len(kept)
        with ThreadPoolExecutor(CLIENTS) as pool:
            clients = [Client(server, model, kept) for model in models]
            writing = [pool.submit(client.write_until_killed) for client in clients]
            enough = threading.Event()
            while not enough.wait(0.01):
                if len(kept) - before >= ACKNOWLEDGED_BEFORE_KILL or any(one.done() for one in writing):
                    enough.set()
            server.kill()
            # A client that ended for another reason says so here.
            assert all(one.result() for one in writing)
        server.start()
    return kept


@pytest.fixture(scope="module")
def runs(server: Server, acknowledged: Acknowledged) -> dict[str, dict[str, Any]]:
    return {
        run_id: server.get(f"{API}/runs/get", run_id=run_id)["run"]["data"] for run_id in acknowledged.runs
    }


def _values(entries: list[dict[str, str]]) -> dict[str, str]:
    return {entry["key"]: entry["value"] for entry in entries}


def _steps(server: Server, run_id: str, key: str) -> list[tuple[int, float]]:
    points = server.get(f"{API}/metrics/get-history", run_id=run_id, metric_key=key)["metrics"]
    return sorted((point["step"], point["value"]) for point in points)


def test_enough_was_acknowledged(acknowledged: Acknowledged) -> None:
    assert len(acknowledged) >= ROUNDS * ACKNOWLEDGED_BEFORE_KILL
    assert all(len(kind) >= ROUNDS for kind in vars(acknowledged).values())


def test_metrics_are_kept(server: Server, acknowledged: Acknowledged) -> None:
    kept = {run_id: set(_steps(server, run_id, "m")) for run_id, _ in acknowledged.metrics}
    assert [one for one in acknowledged.metrics if (one[1], one[1]) not in kept[one[0]]] == []


def test_params_are_kept(runs: dict[str, dict[str, Any]], acknowledged: Acknowledged) -> None:
    kept = {run_id: _values(data["params"]) for run_id, data in runs.items() if "params" in data}
    assert [one for one in acknowledged.params if kept[one[0]].get(f"p{one[1]}") != str(one[1])] == []


def test_tags_are_kept(runs: dict[str, dict[str, Any]], acknowledged: Acknowledged) -> None:
    kept = {run_id: _values(data["tags"]) for run_id, data in runs.items()}
    assert [one for one in acknowledged.tags if kept[one[0]].get(f"t{one[1]}") != str(one[1])] == []


def test_batches_are_kept(server: Server, acknowledged: Acknowledged) -> None:
    for run_id, number in acknowledged.batches[-100:]:
        assert _steps(server, run_id, f"b{number}") == WHOLE_BATCH


def test_batch_under_way_is_kept_whole_or_not_at_all(
    server: Server, runs: dict[str, dict[str, Any]], subject: str
) -> None:
    if subject == STOCK:
        pytest.skip("stock MLflow keeps the params and the metrics of a batch in separate transactions")
    for run_id, data in runs.items():
        params = {key for key in _values(data.get("params", [])) if key.startswith("b")}
        metrics = {metric["key"] for metric in data.get("metrics", []) if metric["key"].startswith("b")}
        assert params == metrics
        newest = max(params, key=lambda key: int(key[1:]), default=None)
        assert newest is None or _steps(server, run_id, newest) == WHOLE_BATCH


def test_model_versions_are_kept(server: Server, acknowledged: Acknowledged) -> None:
    staged = set(acknowledged.stages)
    for name, version in acknowledged.versions:
        found = server.get(f"{API}/model-versions/get", name=name, version=version)["model_version"]
        assert found["source"] == "s3://bucket/model"
        if (name, version) in staged:
            assert found["current_stage"] == "Staging"


def test_artifacts_are_kept_whole(server: Server, acknowledged: Acknowledged) -> None:
    for run_id, number in acknowledged.artifacts:
        answer = requests.get(f"{server.url}{ARTIFACTS}/{run_id}/{number}.bin", timeout=60)
        assert answer.content == _content(number)


def test_database_is_sound(server: Server, acknowledged: Acknowledged) -> None:
    """The server goes on as before: numbers continue and nothing is locked."""
    name, _ = acknowledged.versions[0]
    taken = {int(version) for model, version in acknowledged.versions if model == name}
    created = server.post(f"{API}/model-versions/create", name=name, source="s3://bucket/model")
    assert int(created["model_version"]["version"]) > max(taken)
