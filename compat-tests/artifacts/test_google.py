"""What the proxy reads, lists and deletes in Google Cloud Storage.

Uploads are not tested: the emulator takes those of the JSON API only, and flowkeep sends them by the XML API.
"""

from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest
import requests

from harness.object_stores import FakeGcs
from harness.servers import STOCK, Server

ROUTE = "/api/2.0/mlflow-artifacts/artifacts"
NAMES = ["plain", "größe #1%.txt", "a+b=c", "a%20b", "a%2Fb", "x%E4.txt"]


@pytest.fixture(scope="module")
def store(subject: str) -> Iterator[FakeGcs]:
    if subject == STOCK:
        pytest.skip("the stock server needs a package for this store that the tests do not install")
    store = FakeGcs()
    for name in NAMES:
        store.put(f"kept here/folder/{name}", name.encode())
    store.put("kept here/large", bytes(range(251)) * 100_000)
    yield store
    store.stop()


@pytest.fixture(scope="module")
def server(new_server: Callable[..., Server], store: FakeGcs) -> Server:
    server = new_server()
    server.environment |= store.environment
    server.destination = store.destination
    server.start()
    return server


def get(server: Server, path: str, **headers: str) -> requests.Response:
    return requests.get(f"{server.url}{ROUTE}/{quote(path)}", headers=headers, timeout=60)


def test_names_come_back(server: Server) -> None:
    for name in NAMES:
        assert get(server, f"folder/{name}").content == name.encode()
    files = server.get(ROUTE, path="folder")["files"]
    assert {file["path"]: file["file_size"] for file in files} == {name: len(name.encode()) for name in NAMES}


def test_large_files_and_ranges(server: Server) -> None:
    content = bytes(range(251)) * 100_000
    assert get(server, "large").content == content
    assert get(server, "large", Range="bytes=1000000-1000009").content == content[1_000_000:1_000_010]


def test_folders_are_no_files(server: Server) -> None:
    assert get(server, "folder").status_code == 400
    assert get(server, "fold").status_code == 404


def test_server_tells_what_the_store_can(server: Server) -> None:
    told = server.get("/api/3.0/mlflow/server-info")
    assert (told["multipart_uploads_enabled"], told["multipart_downloads_enabled"]) == (True, False)
    signed = requests.get(f"{server.url}/api/2.0/mlflow-artifacts/presigned/large", timeout=60)
    assert signed.status_code == 501


def test_deleted_folder_is_gone(server: Server, store: FakeGcs) -> None:
    store.put("kept here/gone/below/a", b"1")
    store.put("kept here/gone/b", b"2")
    store.put("kept here/gone too", b"3")
    assert requests.delete(f"{server.url}{ROUTE}/gone", timeout=60).json() == {}
    assert server.get(ROUTE, path="gone") == {}
    assert get(server, "gone too").content == b"3"
