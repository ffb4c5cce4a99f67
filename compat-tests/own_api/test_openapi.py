"""flowkeep's own API against its OpenAPI document: schemathesis makes up requests from the document, right
and wrong ones, and holds each reply against it."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from conftest import StartServer
from harness.environments import OPENAPI_BIN, clean_environment
from harness.servers import FLOWKEEP, Server

MODEL = "credit risk"
VERSION = "/api/1.0/flowkeep/model-versions/credit%20risk/1"
POLICY = """\
apiVersion: flowkeep/v1
kind: LifecyclePolicy
metadata:
  name: warns
spec:
  enforcement: warn
  stages:
    Production:
      require:
        evaluations: [bias]
        ab_test: {metric: conversion}
      approvals: {count: 1}
  aliases:
    champion: {same_as: Production}
  retention: {archived: 30d}
"""
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]


@pytest.fixture(scope="module")
def server(start_server: StartServer) -> Iterator[Server]:
    """A server with a version that has something to tell at each endpoint."""
    server = start_server(FLOWKEEP, database_kind="sqlite")
    server.post("/api/2.0/mlflow/registered-models/create", name=MODEL)
    run = server.post("/api/2.0/mlflow/runs/create", experiment_id="0")["run"]["info"]
    of_run = {"source": f"{run['artifact_uri']}/model", "run_id": run["run_id"]}
    server.post("/api/2.0/mlflow/model-versions/create", name=MODEL, **of_run)
    policies = server.url + "/api/1.0/flowkeep/policies"
    requests.put(policies, data=POLICY, timeout=60).raise_for_status()
    server.post(f"{VERSION}/evaluations", kind="bias", verdict="failed", metrics={"bias": 0.5})
    baseline = {"samples": 500, "successes": 40}
    server.post(f"{VERSION}/ab-tests", metric="conversion", baseline=baseline, candidate=baseline)
    server.post(f"{VERSION}/approvals", by="carol", stage="Production")
    for stage in ("Production", "Archived"):
        transition = {"name": MODEL, "version": "1", "stage": stage, "archive_existing_versions": False}
        server.post("/api/2.0/mlflow/model-versions/transition-stage", **transition)
    server.post(f"{VERSION}/holds", reason="lawsuit")
    return server


def schemathesis(server: Server, config: str, phases: str, examples: int) -> str:
    """Runs schemathesis, and returns what it found. Each run makes up the same requests."""
    command = [
        OPENAPI_BIN / "schemathesis",
        *("--config-file", Path(__file__).with_name(config)),
        *("run", f"{server.url}/api/1.0/flowkeep/openapi.json"),
        *("--checks", ",".join(CHECKS)),
        *("--phases", phases, "--max-examples", str(examples), "--seed", "1"),
        *("--no-shrink", "--suppress-health-check", "all", "--no-color"),
    ]
    environment = clean_environment() | {"PYTHONWARNINGS": "ignore"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    return f"{done.stdout}\n{done.stderr}" if done.returncode else ""


def test_no_reply_contradicts_the_document(server: Server) -> None:
    assert schemathesis(server, "known_version.toml", "coverage,fuzzing", 10) == ""


def test_nor_does_one_about_what_is_not_there(server: Server) -> None:
    assert schemathesis(server, "any_version.toml", "fuzzing", 10) == ""
