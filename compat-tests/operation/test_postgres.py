"""A PostgreSQL that speaks TLS, and one that goes and comes back."""

import contextlib
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import requests

from harness.postgres import PrivatePostgres
from operation.conftest import Serve
from operation.test_start import start

SEARCH = "/api/2.0/mlflow/experiments/search?max_results=1"


def openssl(*arguments: str, folder: Path) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An authority of our own, and what it signed for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("certificates")
    new = ("req", "-newkey", "rsa:2048", "-nodes", "-x509", "-days", "2")
    openssl(*new, "-subj", "/CN=tests", "-keyout", "ca.key", "-out", "ca.pem", folder=folder)
    openssl(*new, "-subj", "/CN=others", "-keyout", "other.key", "-out", "other.pem", folder=folder)
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key", "-addext", "subjectAltName=IP:127.0.0.1")
    openssl(
        *new, "-subj", "/CN=127.0.0.1", *signed, "-keyout", "server.key", "-out", "server.pem", folder=folder
    )
    return folder


@pytest.fixture(scope="module")
def postgres(certificates: Path) -> Iterator[PrivatePostgres]:
    postgres = PrivatePostgres()
    try:
        yield postgres
    finally:
        postgres.stop()


@pytest.fixture(scope="module")
def encrypted(
    certificates: Path, postgres: PrivatePostgres, tmp_path_factory: pytest.TempPathFactory
) -> PrivatePostgres:
    """The cluster, with TLS turned on."""
    nowhere = "postgresql://postgres@127.0.0.1:1/postgres?sslmode=require"
    refused = start(tmp_path_factory.mktemp("without"), "--backend-store-uri", nowhere)
    if "--features postgres-tls" in refused.stderr:
        pytest.skip("this build has no TLS to PostgreSQL, and says so")
    postgres.halt()
    postgres.use_tls(certificates / "server.pem", certificates / "server.key")
    postgres.start()
    return postgres


def test_a_database_that_goes_and_comes_back_is_told_of_once(postgres: PrivatePostgres, serve: Serve) -> None:
    server = serve(uri=postgres.uri)
    url = f"{server.url}{SEARCH}"
    assert requests.get(url, timeout=60).ok
    postgres.halt()
    for _ in range(3):
        gone = requests.get(url, timeout=60)
        assert (gone.status_code, gone.json()["error_code"]) == (503, "TEMPORARILY_UNAVAILABLE")
        assert gone.headers["Retry-After"] == "1"
    postgres.start()
    deadline = time.monotonic() + 60
    while not requests.get(url, timeout=60).ok:
        assert time.monotonic() < deadline
    # A restart that is quick enough costs no request.
    postgres.halt()
    postgres.start()
    assert requests.get(url, timeout=60).ok
    server.stop()
    log = [line for line in server.log.read_text().splitlines() if "::requests" not in line]
    told = [line for line in log if " ERROR " in line or " WARN " in line or "is back" in line]
    gone, back, *rest = told
    assert "cannot be reached: " in gone
    # Whichever a client met first: a connection that was ended under it, or one that could not be made.
    assert "Connection refused" in gone or "terminating connection" in gone
    assert "is back, after" in back
    # Of the restart, at most the same.
    assert len(rest) in (0, 2), told
    assert "r2d2" not in server.log.read_text()


def test_connections_are_encrypted_and_their_other_end_is_known(
    encrypted: PrivatePostgres, certificates: Path, serve: Serve
) -> None:
    verified = f"{encrypted.uri}?sslmode=verify-full&sslrootcert={certificates / 'ca.pem'}"
    server = serve(uri=verified)
    assert requests.get(f"{server.url}{SEARCH}", timeout=60).ok
    with contextlib.closing(psycopg2.connect(encrypted.uri)) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_and(ssl) FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
            " WHERE datname IS NOT NULL AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchone() == (True,)


def test_a_connection_that_is_not_as_safe_as_asked_for_is_refused(
    encrypted: PrivatePostgres, certificates: Path, tmp_path: Path
) -> None:
    required = f"{encrypted.uri}?sslmode=require"
    refused = start(tmp_path, "--backend-store-uri", f"{required}&sslrootcert={certificates / 'other.pem'}")
    assert refused.returncode == 1
    assert "certificate verify failed" in refused.stderr
    # The certificate is not for this name.
    named = encrypted.uri.replace("127.0.0.1", "localhost")
    verified = f"{named}?sslmode=verify-full&sslrootcert={certificates / 'ca.pem'}"
    refused = start(tmp_path, "--backend-store-uri", verified)
    assert refused.returncode == 1
    assert "does not match host name" in refused.stderr
