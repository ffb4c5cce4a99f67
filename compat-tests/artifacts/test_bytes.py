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
    "a%20b",
    "a%2Fb.txt",
    "a%252Fb.txt",
    "x%E4.txt",
    "dog%step%20%timestamp%1795841614982%g.png",
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
        assert listed(server, f"names/{name}") == {name: len(name.encode())}
    assert listed(server, "names") == dict.fromkeys(NAMES)
    for name in NAMES:
        path = f"{server.url}{ROUTE}/{quote(f'names/{name}')}"
        assert requests.delete(path, timeout=60).json() == {}
    assert listed(server, "names") == {}


def test_names_are_no_other_names(server: Server) -> None:
    put(server, "apart/a/b", b"in a folder")
    put(server, "apart/a%2Fb", b"beside it")
    assert listed(server, "apart") == {"a": None, "a%2Fb": 9}
    assert get(server, "apart/a/b").content == b"in a folder"
    assert requests.delete(f"{server.url}{ROUTE}/apart/a%252Fb", timeout=60).ok
    assert get(server, "apart/a/b").content == b"in a folder"
    assert get(server, "apart/a%2Fb").status_code == 404


def test_parts_and_signed_addresses_are_for_one_name(server: Server, store_kind: str) -> None:
    api = f"{server.url}/api/2.0/mlflow-artifacts"
    upload = {"path": "/tmp/a%2Fb.bin", "num_parts": 1}
    begun = requests.post(f"{api}/mpu/create/parts/c%2520d", json=upload, timeout=60)
    if store_kind != "s3":
        # Azure's signed addresses cannot hold such names: the client sends the file through the proxy.
        assert begun.status_code == 501
        return
    address = begun.json()["credentials"][0]["url"]
    sent = requests.put(address, data=b"a part", timeout=60)
    part = {"part_number": 1, "etag": sent.headers["ETag"], "url": address}
    upload |= {"upload_id": begun.json()["upload_id"], "parts": [part]}
    assert requests.post(f"{api}/mpu/complete/parts/c%2520d", json=upload, timeout=60).ok
    assert listed(server, "parts/c%20d") == {"a%2Fb.bin": 6}
    signed = requests.get(f"{api}/presigned/parts/c%2520d/a%252Fb.bin", timeout=60).json()
    assert requests.get(signed["url"], timeout=60).content == b"a part"
    assert requests.get(f"{api}/presigned/parts/c%2520d/a%2Fb.bin", timeout=60).status_code == 404


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
    [
        *("../x", "a/../../x", "%2e%2e/x", "%252e%252e%252fx", "%25252e%25252e/x", "..%252fx", "..%5cx"),
        *("..%255cx", "%2fetc/passwd", "%252fetc", "C:/x", "C%253a/x", "x%00", "..%2500/x", "x%0ay"),
        *("%c0%ae%c0%ae/x", "..%25c0%25afx", "%ff"),
    ],
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
