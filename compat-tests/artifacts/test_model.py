"""The stock client's way through the proxy, to each kind of store: whole files, and large ones in parts."""

from pathlib import Path
from typing import Any

import pytest
import requests

from artifacts.conftest import DISK
from harness.environments import CLIENT_PYTHONS
from harness.programs import run_program
from harness.servers import FLOWKEEP, Server

PROGRAM = Path(__file__).parent / "programs" / "model.py"
MEBIBYTE = 1024 * 1024
IN_PARTS = {
    "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
    "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": str(6 * MEBIBYTE),
    # The least that S3 takes for a part.
    "MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE": str(5 * MEBIBYTE),
}


@pytest.fixture(scope="module")
def facts(server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("client")
    python = CLIENT_PYTHONS["mlflow3"]
    return run_program(PROGRAM, python=python, server=server, folder=folder, environment=IN_PARTS)


def test_artifacts_go_through_the_proxy(facts: dict[str, Any]) -> None:
    assert facts["artifact_uri"].startswith("mlflow-artifacts:/")


def test_what_is_fetched_was_sent(facts: dict[str, Any]) -> None:
    assert facts["fetched"] == facts["sent"]


def test_lists(facts: dict[str, Any]) -> None:
    assert facts["listed"] == {"data": None, "small.txt": 12, "data/deep/large.bin": 13_000_000}


def test_loaded_model_predicts_the_same(facts: dict[str, Any]) -> None:
    assert facts["loaded"] == pytest.approx(facts["predicted"], rel=1e-12)


def test_server_tells_what_the_store_can(server: Server, store_kind: str) -> None:
    told = server.get("/api/3.0/mlflow/server-info")
    assert told["multipart_uploads_enabled"] == (store_kind != DISK)
    assert told["multipart_downloads_enabled"] == (store_kind == "s3")


@pytest.mark.usefixtures("only_flowkeep")
def test_parts_went_around_the_server(
    facts: dict[str, Any], server: Server, store_kind: str, subject: str
) -> None:
    """Of bytes that it saw the server knows the digest, of others it does not."""
    assert subject == FLOWKEEP
    path = facts["artifact_uri"].removeprefix("mlflow-artifacts:/") + "/data/deep/large.bin"
    answer = requests.head(f"{server.url}/api/2.0/mlflow-artifacts/artifacts/{path}", timeout=60)
    assert (answer.headers["ETag"] == f'"{facts["sent"]}"') == (store_kind == DISK)


def test_upload_in_parts_is_aborted(server: Server, store_kind: str) -> None:
    if store_kind == DISK:
        pytest.skip("a folder takes no parts")
    api = f"{server.url}/api/2.0/mlflow-artifacts"
    begun = requests.post(
        f"{api}/mpu/create/aborted", json={"path": "f.bin", "num_parts": 1}, timeout=60
    ).json()
    [part] = begun["credentials"]
    assert requests.put(part["url"], data=b"x", timeout=60).ok
    body = {"path": "f.bin", "upload_id": begun.get("upload_id")}
    assert requests.post(f"{api}/mpu/abort/aborted", json=body, timeout=60).json() == {}
    assert server.get("/api/2.0/mlflow-artifacts/artifacts", path="aborted") == {}
