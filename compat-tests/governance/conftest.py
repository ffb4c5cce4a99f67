"""A server under a policy, and a stock client that has never heard of one."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import mlflow
import psycopg2
import pytest
import requests
from mlflow import MlflowClient

from harness.databases import Database
from harness.servers import FLOWKEEP, Server

POLICY = (Path(__file__).parent / "policy.yaml").read_text()

MLMODEL = """\
artifact_path: model
flavors: {}
signature:
  inputs: '[{"type": "double", "name": "income", "required": true}]'
  outputs: '[{"type": "double", "required": true}]'
"""


@dataclass
class Registry:
    """A registered model under the policy, seen through the stock client and through flowkeep's API."""

    server: Server
    client: MlflowClient
    name: str

    def register(self, **changes: Any) -> str:
        """Registers a version that has all that the policy asks for at registration."""
        run = self.client.create_run("0")
        for key, value in (changes.pop("params", None) or {"algorithm": "gbm", "dataset": "v7"}).items():
            self.client.log_param(run.info.run_id, key, value)
        self.client.log_metric(run.info.run_id, "auc", changes.pop("auc", 0.91))
        self.client.log_text(run.info.run_id, changes.pop("mlmodel", MLMODEL), "model/MLmodel")
        source = f"{run.info.artifact_uri}/model"
        arguments = {"name": self.name, "source": source, "run_id": run.info.run_id} | changes
        return self.client.create_model_version(**arguments, await_creation_for=0).version

    def evaluate(self, version: str, verdict: str = "passed", kind: str = "responsible_ai") -> None:
        """As the stock client can: by a tag."""
        body = f'{{"verdict": "{verdict}", "report_uri": "https://example.org/{version}"}}'
        self.client.set_model_version_tag(self.name, version, f"flowkeep.evaluation.{kind}", body)

    def win(self, version: str, baseline: str) -> None:
        self.give(
            version,
            "ab-tests",
            metric="conversion",
            baseline={"version": int(baseline), "samples": 5000, "successes": 400},
            candidate={"samples": 5000, "successes": 520},
        )

    def approve(self, version: str, by: str = "carol") -> None:
        self.client.set_model_version_tag(self.name, version, "flowkeep.approval", f'{{"by": "{by}"}}')

    def give(self, version: str, kind: str, **body: Any) -> dict[str, Any]:
        return self.server.post(f"{self.path(version)}/{kind}", **body)

    def path(self, version: str) -> str:
        return f"/api/1.0/flowkeep/model-versions/{quote(self.name, safe='')}/{version}"

    def promote(self, version: str, stage: str = "Production") -> None:
        self.client.transition_model_version_stage(self.name, version, stage, archive_existing_versions=True)

    def stage(self, version: str) -> str:
        return self.client.get_model_version(self.name, version).current_stage

    def history(self, **parameters: Any) -> list[dict[str, Any]]:
        reply = self.server.get("/api/1.0/flowkeep/history", model=self.name, max_results=1000, **parameters)
        return reply["entries"]

    def first_in_production(self) -> str:
        version = self.register()
        self.evaluate(version)
        self.promote(version, "Staging")
        self.approve(version)
        self.promote(version)
        return version

    def contender(self) -> str:
        """A version in Staging that lacks nothing but a test that it has won."""
        version = self.register()
        self.evaluate(version)
        self.client.transition_model_version_stage(self.name, version, "Staging")
        self.approve(version)
        return version


def apply_policy(server: Server, text: str) -> None:
    reply = requests.put(f"{server.url}/api/1.0/flowkeep/policies", data=text.encode(), timeout=60)
    assert reply.ok, reply.text


@contextmanager
def by_hand(database: Database) -> Iterator[Callable[[str], list[Any]]]:
    """Runs statements on the database, past every server."""
    if database.uri.startswith("sqlite"):
        opened: Any = sqlite3.connect(database.uri.removeprefix("sqlite:///"), timeout=30)
    else:
        opened = psycopg2.connect(database.uri)
    with closing(opened) as connection:

        def run(statement: str) -> list[Any]:
            cursor = connection.cursor()
            try:
                cursor.execute(statement)
                rows = cursor.fetchall() if cursor.description else []
                connection.commit()
            except Exception:
                connection.rollback()
                raise
            return rows

        yield run


@pytest.fixture(scope="module")
def server(
    start_server: Callable[..., Server], subject: str, database_kind: str, request: pytest.FixtureRequest
) -> Server:
    """A server under the `POLICIES` of the test's module, or under `policy.yaml` if it has none."""
    if subject != FLOWKEEP:
        pytest.skip("Only flowkeep has policies.")
    server = start_server(FLOWKEEP, database_kind=database_kind)
    for policy in getattr(request.module, "POLICIES", [POLICY]):
        apply_policy(server, policy)
    return server


@pytest.fixture
def client(server: Server, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """A stock client. The functions of the module `mlflow` call the same server."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    mlflow.set_tracking_uri(server.url)
    return MlflowClient(tracking_uri=server.url)


@pytest.fixture
def registry(server: Server, request: pytest.FixtureRequest) -> Registry:
    """A model of its own for each test."""
    name = f"credit {request.node.originalname}"
    client = MlflowClient(tracking_uri=server.url)
    client.create_registered_model(name)
    return Registry(server, client, name)
