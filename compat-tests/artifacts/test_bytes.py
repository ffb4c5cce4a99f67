"""What any HTTP client sees of the proxy, on each kind of store."""

import hashlib
import socket
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import pytest
import requests

from harness.servers import Server

ROUTE = "/api/2.0/mlflow-artifacts/artifacts"
MEBIBYTE = 1024 * 1024

NAMES = [
    "plain",
    "with space",
    "größe-日本語-🦀",
    "a#b",
    "100%",
    "a+b=c&d;e,f",
    "it's (a) [list] {of} ~things~ !@$",
    "?query",
    "*",
    "..dots..",
]


def put(server: Server, path: str, data: bytes | Iterator[bytes]) -> requests.Response:
    return requests.put(f"{server.url}{ROUTE}/{quote(path)}", data=data, timeout=120)


def get(server: Server, path: str, **headers: str) -> requests.Response:
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(f"{server.url}{ROUTE}/{quote(path)}", headers=headers, timeout=120)


def listed(server: Server, path: str) -> dict[str, int | None]:
    files = server.get(ROUTE, path=path).get("files", [])
    return {file["path"]: file.get("file_size") for file in files}


def head(path: str, length: int) -> bytes:
    """The head of an upload, as it is: libraries tidy paths up before they send them."""
    lines = [f"PUT {ROUTE}/{path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {length}", "", ""]
    return "\r\n".join(lines).encode()


pytestmark = pytest.mark.usefixtures("only_flowkeep")


def test_names_come_back_as_they_went(server: Server) -> None:
    for name in NAMES:
        answer = put(server, f"names/{name}/{name}", name.encode())
        assert answer.status_code == 200, (name, answer.text)
    for name in NAMES:
        assert get(server, f"names/{name}/{name}").content == name.encode(), name
        assert listed(server, quote(f"names/{name}")) == {name: len(name.encode())}
    assert listed(server, "names") == dict.fromkeys(NAMES)
    for name in NAMES:
        path = f"{server.url}{ROUTE}/{quote(f'names/{name}')}"
        assert requests.delete(path, timeout=60).json() == {}
    assert listed(server, "names") == {}


@pytest.mark.parametrize("size", [0, 1, 256 * 1024, 8 * MEBIBYTE, 8 * MEBIBYTE + 1, 21 * MEBIBYTE])
@pytest.mark.parametrize("way", ["whole", "chunked"])
def test_digest_is_that_of_the_bytes(server: Server, size: int, way: str) -> None:
    content = bytes(range(251)) * (size // 251 + 1)
    content = content[:size]
    digest = f'"{hashlib.sha256(content).hexdigest()}"'
    chunks = (content[start : start + 70_000] for start in range(0, size, 70_000))
    answer = put(server, f"sizes/{way}-{size}", content if way == "whole" else chunks)
    assert (answer.status_code, answer.headers["ETag"]) == (200, digest)
    answer = get(server, f"sizes/{way}-{size}")
    assert answer.content == content
    assert answer.headers["ETag"] == digest
    assert int(answer.headers["Content-Length"]) == size


def test_ranges_and_conditions(server: Server) -> None:
    put(server, "range", b"0123456789")
    etag = get(server, "range").headers["ETag"]
    assert get(server, "range", Range="bytes=3-5").content == b"345"
    assert get(server, "range", Range="bytes=-2", If_Range=etag).content == b"89"
    assert get(server, "range", Range="bytes=-2", If_Range='"x"').content == b"0123456789"
    assert get(server, "range", Range="bytes=10-").status_code == 416
    assert get(server, "range", If_None_Match=etag).status_code == 304
    put(server, "range", b"abcdefghij")
    assert get(server, "range", If_None_Match=etag).content == b"abcdefghij"


def test_folders_are_no_files(server: Server) -> None:
    put(server, "folder/below/file", b"x")
    assert get(server, "folder").status_code == 400
    assert get(server, "folder/nope").status_code == 404
    assert get(server, "fold").status_code == 404
    assert listed(server, "folder/below/file") == {}
    requests.delete(f"{server.url}{ROUTE}/fold", timeout=60)
    assert listed(server, "folder") == {"below": None}


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../../x", "%2e%2e/x", "%252e%252e%252fx", "..%5cx", "%2fetc/passwd", "C:/x", "x%00", "x%0ay"],
)
def test_no_path_leaves_the_root(server: Server, path: str) -> None:
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
        connection.sendall(head(path, 0))
        assert connection.recv(12) == b"HTTP/1.1 400"


def test_nothing_stays_of_an_upload_that_breaks_off(server: Server) -> None:
    put(server, "broken/before", b"kept")
    address = urlsplit(server.url)
    for path in ("broken/new", "broken/before"):
        with socket.create_connection((address.hostname, address.port), timeout=60) as connection:
            head = (
                f"PUT {ROUTE}/{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {50 * MEBIBYTE}\r\n\r\n"
            )
            connection.sendall(head.encode() + bytes(20 * MEBIBYTE))
    assert listed(server, "broken") == {"before": 4}
    assert get(server, "broken/before").content == b"kept"
    assert get(server, "broken/new").status_code == 404
