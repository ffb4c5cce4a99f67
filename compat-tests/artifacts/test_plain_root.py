"""Artifacts in a bucket of the experiment: clients go there themselves, the server shows them."""

from collections.abc import Callable, Iterator

import pytest
import requests

from harness.object_stores import SeaweedFs
from harness.servers import STOCK, Server

API = "/api/2.0/mlflow"


@pytest.fixture(scope="module")
def bucket(subject: str) -> Iterator[SeaweedFs]:
    if subject == STOCK:
        pytest.skip("the stock server needs a package for S3 that the tests do not install")
    store = SeaweedFs()
    yield store
    store.stop()


@pytest.fixture(scope="module")
def server(new_server: Callable[..., Server], bucket: SeaweedFs) -> Server:
    """It keeps its own artifacts in a folder."""
    server = new_server()
    server.environment |= bucket.environment
    server.start()
    return server


@pytest.fixture(scope="module")
def run_id(server: Server, bucket: SeaweedFs) -> str:
    created = server.post(f"{API}/experiments/create", name="in a bucket", artifact_location=bucket.root)
    run = server.post(f"{API}/runs/create", experiment_id=created["experiment_id"])["run"]["info"]
    assert run["artifact_uri"].startswith(f"{bucket.root}/{run['run_id']}")
    return run["run_id"]


@pytest.fixture(scope="module")
def sent(server: Server, run_id: str) -> bytes:
    """What a client stores by a signed address."""
    content = b"from afar\n" * 1000
    path = f"{API}/artifacts/presigned-upload-url"
    signed = server.post(path, run_id=run_id, path="deep down/größe 1%.txt")
    answer = requests.put(signed["presigned_url"], data=content, headers=signed["headers"], timeout=60)
    assert answer.ok, answer.text
    return content


def test_server_lists(server: Server, run_id: str, sent: bytes) -> None:
    assert server.get(f"{API}/artifacts/list", run_id=run_id)["files"] == [
        {"path": "deep down", "is_dir": True}
    ]
    assert server.get(f"{API}/artifacts/list", run_id=run_id, path="deep down")["files"] == [
        {"path": "deep down/größe 1%.txt", "is_dir": False, "file_size": len(sent)}
    ]


def test_server_shows(server: Server, run_id: str, sent: bytes) -> None:
    wanted = {"run_id": run_id, "path": "deep down/größe 1%.txt"}
    answer = requests.get(f"{server.url}/get-artifact", params=wanted, timeout=60)
    assert (answer.status_code, answer.content) == (200, sent)


def test_client_fetches(server: Server, run_id: str, sent: bytes) -> None:
    path = f"{API}/artifacts/presigned-download-url"
    signed = server.post(path, run_id=run_id, path="deep down/größe 1%.txt", expiration=60)
    assert signed["file_size"] == len(sent)
    answer = requests.get(signed["presigned_url"], timeout=60)
    assert answer.content == sent
    disposition = answer.headers["Content-Disposition"]
    assert disposition == "attachment; filename*=UTF-8''gr%C3%B6%C3%9Fe%201%25.txt"


def test_address_is_good_for_one_file(server: Server, run_id: str, sent: bytes) -> None:
    path = f"{API}/artifacts/presigned-download-url"
    url = server.post(path, run_id=run_id, path="deep down/größe 1%.txt")["presigned_url"]
    assert requests.put(url, data=b"x", timeout=60).status_code == 403
    assert requests.get(url.replace("deep", "Deep"), timeout=60).status_code == 403
    missing = requests.post(server.url + path, json={"run_id": run_id, "path": "nope"}, timeout=60)
    assert (missing.status_code, missing.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_form_of_the_ui_stores(server: Server, run_id: str) -> None:
    wanted = {"run_uuid": run_id, "path": "note.txt"}
    upload = f"{server.url}/ajax-api/2.0/mlflow/upload-artifact"
    assert requests.post(upload, params=wanted, data=b"a note", timeout=60).ok
    answer = requests.get(
        f"{server.url}/get-artifact", params={"run_id": run_id, "path": "note.txt"}, timeout=60
    )
    assert answer.content == b"a note"


@pytest.mark.parametrize("name", ["loss%step%20%timestamp%1724.png", "a%2Fb.txt", "x%E4", "a?b#c"])
def test_names_that_look_encoded(server: Server, run_id: str, name: str) -> None:
    path = f"{API}/artifacts/presigned-upload-url"
    signed = server.post(path, run_id=run_id, path=f"odd/{name}")
    answer = requests.put(signed["presigned_url"], data=name.encode(), headers=signed["headers"], timeout=60)
    assert answer.ok, answer.text
    files = server.get(f"{API}/artifacts/list", run_id=run_id, path="odd")["files"]
    assert f"odd/{name}" in [file["path"] for file in files]
    wanted = {"run_id": run_id, "path": f"odd/{name}"}
    assert requests.get(f"{server.url}/get-artifact", params=wanted, timeout=60).text == name
    path = f"{API}/artifacts/presigned-download-url"
    signed = server.post(path, run_id=run_id, path=f"odd/{name}")
    assert requests.get(signed["presigned_url"], timeout=60).text == name
