"""The log of a running server."""

import re

import requests

from harness.environments import CLIENT_PYTHONS
from harness.programs import run_program
from operation.conftest import Serve

EVALUATE = """
import json, sys
import mlflow
from mlflow.genai.scorers import scorer

@scorer
def is_short(outputs):
    return len(outputs) < 5

result = mlflow.genai.evaluate(data=[{"inputs": {"q": "a"}, "outputs": "b"}], scorers=[is_short])
json.dump({"run_id": result.run_id}, open(sys.argv[1], "w"))
"""


def test_each_request_has_a_line_and_no_secret(serve: Serve) -> None:
    server = serve()
    requests.get(f"{server.url}/health?token=secret", timeout=60)
    requests.post(
        f"{server.url}/api/2.0/mlflow/runs/create",
        json={"experiment_id": "404"},
        headers={"Authorization": "Bearer secret", "X-Forwarded-For": "198.51.100.7"},
        timeout=60,
    )
    evil = {"Host": "evil.example.com", "Origin": "http://evil.example.com"}
    requests.get(server.url, headers=evil, timeout=60)
    requests.post(
        f"{server.url}/api/2.0/mlflow/runs/create",
        json={},
        headers={"Origin": "http://evil.example.com"},
        timeout=60,
    )
    server.stop()
    log = server.log.read_text()
    assert "secret" not in log
    lines = [line.split("flowkeep::requests: ")[1] for line in log.splitlines() if "::requests" in line]
    lines = [re.sub(r" \d+\.\d ms$", "", line) for line in lines]
    assert '127.0.0.1 - "GET /health?… HTTP/1.1" 200' in lines
    refused = '"POST /api/2.0/mlflow/runs/create HTTP/1.1" 404 RESOURCE_DOES_NOT_EXIST'
    assert f"198.51.100.7 - {refused}" in lines
    assert '127.0.0.1 - "GET / HTTP/1.1" 403' in lines
    assert "--allowed-hosts evil.example.com" in log
    assert "--cors-allowed-origins" in log


def test_the_request_log_can_be_turned_off(serve: Serve) -> None:
    server = serve(environment={"RUST_LOG": "info,flowkeep::requests=off"})
    server.stop()
    assert "/health" not in server.log.read_text()


def test_rows_of_an_evaluation_that_are_lost_are_told_of_once(serve: Serve) -> None:
    server = serve()
    program = server.folder / "evaluate.py"
    program.write_text(EVALUATE)
    for _ in range(2):
        run_program(program, python=CLIENT_PYTHONS["mlflow3"], server=server, folder=server.folder)
    server.stop()
    told = [line for line in server.log.read_text().splitlines() if "does not keep traces yet" in line]
    assert any("POST /api/3.0/mlflow/traces:" in line for line in told)
    assert len(told) == len(set(re.findall(r"A client called (\S+ \S+):", "\n".join(told))))


def test_a_deployments_client_is_answered_as_by_stock(serve: Serve) -> None:
    """No tracking server is an AI gateway, which the client finds out by a 404."""
    server = serve()
    program = server.folder / "endpoints.py"
    program.write_text(
        "import json, sys, requests\n"
        "from mlflow.deployments import get_deploy_client\n"
        f"client = get_deploy_client({server.url!r})\n"
        "answers = []\n"
        "for call in (client.list_endpoints, lambda: client.get_endpoint('chat')):\n"
        "    try:\n"
        "        call()\n"
        "    except requests.HTTPError as error:\n"
        "        answers.append(error.response.status_code)\n"
        "json.dump(answers, open(sys.argv[1], 'w'))\n"
    )
    for python in CLIENT_PYTHONS.values():
        answers = run_program(program, python=python, server=server, folder=server.folder)
        assert answers == [404, 404]
