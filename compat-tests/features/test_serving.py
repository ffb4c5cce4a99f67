"""examples/feature-serving as its README tells to run it."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from harness.environments import FEAST_BIN, REPOSITORY
from harness.process import ServerProcess, free_port
from harness.programs import client_environment
from harness.servers import Server


@pytest.fixture(scope="module")
def database_kind() -> str:
    # What the service asks for is in artifacts: one database will do.
    return "sqlite"


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of its own: training writes into the feature store."""
    folder = tmp_path_factory.mktemp("example") / "feature-serving"
    shutil.copytree(
        REPOSITORY / "examples" / "feature-serving", folder, ignore=shutil.ignore_patterns("data", "*.db")
    )
    return folder


@pytest.fixture(scope="module")
def environment(server: Server) -> dict[str, str]:
    # Without its assertions, Feast does not check its own types at import, which takes seconds.
    return client_environment(server) | {"PYTHONOPTIMIZE": "1", "PYTHONWARNINGS": "ignore"}


@pytest.fixture(scope="module")
def trained(example: Path, environment: dict[str, str]) -> str:
    finished = subprocess.run(
        [FEAST_BIN / "python", "train.py"],
        cwd=example,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert finished.returncode == 0, finished.stderr[-8000:]
    return finished.stdout


@pytest.fixture(scope="module")
def service(example: Path, environment: dict[str, str], trained: str) -> Iterator[str]:
    port = free_port()
    process = ServerProcess(
        [str(FEAST_BIN / "python"), "serve.py", "credit-risk", "champion", "--port", str(port)],
        folder=example,
        environment=environment,
        log=example / "serve.log",
    )
    try:
        process.wait_until_healthy(f"http://127.0.0.1:{port}", seconds=300)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()


def test_an_id_is_enough(service: str) -> None:
    replies = [
        requests.post(f"{service}/score", json={"client_id": client_id}, timeout=60)
        for client_id in range(1000, 1020)
    ]
    assert [reply.status_code for reply in replies] == [200] * 20, replies[0].text
    assert {reply.json()["version"] for reply in replies} == {"1"}
    # Half of the clients defaulted.
    assert {reply.json()["prediction"] for reply in replies} == {0, 1}


def test_what_the_store_does_not_have(service: str) -> None:
    unknown = requests.post(f"{service}/score", json={"client_id": 7}, timeout=60)
    assert unknown.status_code == 404
    assert "income" in unknown.json()["detail"]
    assert requests.post(f"{service}/score", json={"customer": 7}, timeout=60).status_code == 400
