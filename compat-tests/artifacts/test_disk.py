"""What a disk can do to a server: end in the middle of an upload, and be full."""

import hashlib
import os
import resource
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from harness.servers import Server

ROUTE = "/api/2.0/mlflow-artifacts/artifacts"
MEBIBYTE = 1024 * 1024
BLOCK = os.urandom(MEBIBYTE)

pytestmark = pytest.mark.usefixtures("only_flowkeep")


def blocks(count: int) -> Iterator[bytes]:
    return (BLOCK for _ in range(count))


def put(server: Server, path: str, data: bytes | Iterator[bytes]) -> requests.Response:
    return requests.put(f"{server.url}{ROUTE}/{path}", data=data, timeout=300)


def all_files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_killed_server_leaves_nothing_half_written(new_server: Callable[..., Server]) -> None:
    server = new_server()
    server.start()
    assert put(server, "run/old.bin", BLOCK).ok
    half_sent, killed = threading.Event(), threading.Event()

    def body() -> Iterator[bytes]:
        yield from blocks(250)
        half_sent.set()
        # The rest would be sent to nobody.
        assert killed.wait(120)
        yield from blocks(250)

    def upload() -> None:
        with pytest.raises(requests.RequestException):
            put(server, "run/old.bin", body())

    client = threading.Thread(target=upload)
    client.start()
    assert half_sent.wait(300)
    left = all_files(server.artifacts)
    server.kill()
    killed.set()
    client.join(120)
    assert len(left) == 2, left

    server.start()
    assert all_files(server.artifacts) == ["run/old.bin"]
    assert server.get(ROUTE, path="run")["files"] == [
        {"path": "old.bin", "is_dir": False, "file_size": MEBIBYTE}
    ]
    answer = put(server, "run/old.bin", blocks(500))
    assert answer.ok, answer.text
    digest = hashlib.sha256()
    for block in blocks(500):
        digest.update(block)
    fetched = hashlib.sha256()
    with requests.get(f"{server.url}{ROUTE}/run/old.bin", stream=True, timeout=300) as answer:
        for piece in answer.iter_content(MEBIBYTE):
            fetched.update(piece)
    assert fetched.hexdigest() == digest.hexdigest()
    assert answer.headers["ETag"] == f'"{digest.hexdigest()}"'
    server.stop()
    shutil.rmtree(server.artifacts)


def refuses_what_does_not_fit(server: Server) -> None:
    assert put(server, "a/small", b"fits").ok
    answer = put(server, "a/large", blocks(64))
    assert answer.status_code == 507, answer.text
    assert answer.json()["error_code"] == "INSUFFICIENT_STORAGE"
    answer = put(server, "a/small", blocks(64))
    assert answer.status_code == 507, answer.text
    assert server.get(ROUTE, path="a")["files"] == [{"path": "small", "is_dir": False, "file_size": 4}]
    assert requests.get(f"{server.url}{ROUTE}/a/small", timeout=60).content == b"fits"
    assert put(server, "a/other", b"goes on").ok


def test_a_file_that_may_not_grow(new_server: Callable[..., Server]) -> None:
    """The operating system's limit on the size of a file stands in for a full disk, without being root."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    limited = (
        "import os, resource, signal, sys;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({32 * MEBIBYTE}, {hard}));"
        "os.execv(sys.argv[1], sys.argv[1:])"
    )
    server = new_server()
    server.runner = [sys.executable, "-c", limited]
    server.start()
    refuses_what_does_not_fit(server)
    assert all_files(server.artifacts) == ["a/other", "a/small"]


def test_a_full_disk(new_server: Callable[..., Server], tmp_path: Path) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", tmp_path], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    try:
        server = new_server()
        server.destination = str(tmp_path)
        server.start()
        refuses_what_does_not_fit(server)
        assert all_files(tmp_path) == ["a/other", "a/small"]
        server.stop()
    finally:
        subprocess.run(["umount", "--lazy", tmp_path], check=True)


def test_what_is_too_large_is_refused_in_words(new_server: Callable[..., Server]) -> None:
    server = new_server()
    server.extra_arguments = ["--max-artifact-size", "1MiB"]
    server.start()
    assert put(server, "a", BLOCK).ok
    for body in (BLOCK + b"x", blocks(4)):
        answer = put(server, "b", body)
        assert (answer.status_code, answer.json()["error_code"]) == (413, "CONTENT_TOO_LARGE")
    assert all_files(server.artifacts) == ["a"]
