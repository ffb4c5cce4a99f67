"""What a start says and does before the first request, and the commands that need no server."""

import contextlib
import os
import re
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
import requests

from harness.databases import PostgresDatabase, create_database
from harness.environments import clean_environment
from harness.servers import FLOWKEEP, READY, STOCK, Server

# What every flowkeep takes in PostgreSQL while it makes a database ready.
PREPARING = 0x666C6F77

EXPERIMENTS = "/api/2.0/mlflow/experiments/search?max_results=10"


@pytest.fixture(autouse=True)
def _only_flowkeep(subject: str) -> None:
    if subject == STOCK:
        pytest.skip("these are flowkeep's own words")


def run(folder: Path, *arguments: str, **variables: str) -> tuple[int, str]:
    """Runs flowkeep in a folder; returns its exit code and everything that it printed."""
    finished = subprocess.run(
        [os.environ["FLOWKEEP_BIN"], *arguments],
        cwd=folder,
        env=clean_environment() | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return finished.returncode, finished.stdout + finished.stderr


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[PostgresDatabase]:
    database = create_database("postgres", tmp_path)
    yield database
    database.drop()


def test_a_server_that_makes_its_database_ready_says_so(tmp_path: Path, postgres: PostgresDatabase) -> None:
    server = Server(FLOWKEEP, postgres, tmp_path)
    with contextlib.closing(psycopg2.connect(postgres.uri)) as other:
        other.cursor().execute(f"SELECT pg_advisory_lock({PREPARING})")
        process = server.launch()
        try:
            until_answered(server.url + "/health")
            with requests.Session() as session:
                reply = session.get(server.url + EXPERIMENTS, timeout=60)
                assert reply.status_code == 503
                assert reply.headers["Retry-After"] == "1"
                assert reply.json()["error_code"] == "TEMPORARILY_UNAVAILABLE"
                assert "waiting until no other server works on it" in reply.json()["message"]
                other.cursor().execute(f"SELECT pg_advisory_unlock({PREPARING})")
                process.wait_until_healthy(server.url, seconds=120, pages=READY)
                # A connection from before the server was ready does not outlive that server's stead.
                assert session.get(server.url + EXPERIMENTS, timeout=60).status_code == 200
        finally:
            server.stop()
    assert "is being made ready" in server.log.read_text()


def until_answered(url: str) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with contextlib.suppress(requests.ConnectionError):
            assert requests.get(url, timeout=60).text == "OK"
            return
        time.sleep(0.05)
    raise AssertionError(f"{url} is not answered")


def test_a_taken_port_leaves_nothing_behind(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, words = run(tmp_path, "server", "--port", str(port))
    assert code == 1
    assert f"Port {port} of 127.0.0.1 is taken." in words
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "variables",
    [
        {"MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": "no key"},
        {"MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX": "("},
    ],
)
def test_a_wrong_setting_leaves_nothing_behind(tmp_path: Path, variables: dict[str, str]) -> None:
    code, _ = run(tmp_path, "server", "--port", "0", **variables)
    assert code == 1
    assert list(tmp_path.iterdir()) == []


def test_check_and_init_find_the_database_that_a_server_would_use(tmp_path: Path) -> None:
    missing = (1, "Error: sqlite:///mlflow.db does not exist. ")
    assert starts(run(tmp_path, "db", "check"), missing)
    assert starts(run(tmp_path, "db", "check", MLFLOW_BACKEND_STORE_URI=""), missing)
    elsewhere = {"MLFLOW_BACKEND_STORE_URI": "sqlite:///elsewhere.db"}
    assert starts(run(tmp_path, "db", "init", **elsewhere), (0, "sqlite:///elsewhere.db was empty"))
    assert [path.name for path in tmp_path.glob("*.db")] == ["elsewhere.db"]
    assert starts(run(tmp_path, "db", "check", **elsewhere), (0, "sqlite:///elsewhere.db is ready."))
    # What is named goes before the variable, and MLflow's flag is known, too.
    named = ("db", "check", "sqlite:///named.db")
    assert starts(run(tmp_path, *named, **elsewhere), (1, "Error: sqlite:///named.db does not"))
    flag = ("db", "check", "--backend-store-uri", "sqlite:///named.db")
    assert starts(run(tmp_path, *flag, **elsewhere), (1, "Error: sqlite:///named.db does not"))
    (tmp_path / "named.db").touch()
    assert starts(run(tmp_path, *named), (0, "sqlite:///named.db is empty."))
    two = run(tmp_path, "db", "check", **elsewhere, MLFLOW_REGISTRY_STORE_URI="sqlite:///named.db")
    assert two[0] == 1
    assert "names another place" in two[1]


def starts(outcome: tuple[int, str], expected: tuple[int, str]) -> bool:
    assert outcome[0] == expected[0], outcome
    assert outcome[1].startswith(expected[1]), outcome
    return True


def test_init_makes_a_named_schema_and_changes_none(tmp_path: Path) -> None:
    assert run(tmp_path, "db", "init", "--schema", "3.18.0")[0] == 0
    ready = (0, "sqlite:///mlflow.db is ready. MLflow's schema is f4a9b2c7d1e6 (MLflow 3.18.0).")
    assert starts(run(tmp_path, "db", "check"), ready)
    assert run(tmp_path, "db", "init")[0] == 0
    code, words = run(tmp_path, "db", "init", "--schema", "3.17.2")
    assert code == 1
    assert "has MLflow's schema f4a9b2c7d1e6 (MLflow 3.18.0) already" in words
    assert starts(run(tmp_path, "db", "check"), ready)


def test_what_is_special_about_a_database_is_said_in_a_line(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    server = start_server(FLOWKEEP, database_kind="sqlite")
    server.stop()
    plain = server.log.read_text()
    assert "Not shown" not in plain
    assert "newer" not in plain
    with contextlib.closing(sqlite3.connect(server.database.uri.removeprefix("sqlite:///"))) as database:
        database.executescript(
            """
            UPDATE alembic_version SET version_num = '0123456789ab';
            INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status)
            VALUES ('tr-1', 0, 1, 'OK');
            INSERT INTO evaluation_datasets (dataset_id, name) VALUES ('d-1', 'questions');
            DROP TABLE review_queues;
            """
        )
    server.start()
    server.stop()
    words = server.log.read_text().removeprefix(plain)
    assert len(re.findall("at MLflow's schema 0123456789ab, which is newer than this flowkeep", words)) == 1
    assert len(re.findall(r"Not shown +traces, evaluation datasets: ", words)) == 1
    with contextlib.closing(sqlite3.connect(server.database.uri.removeprefix("sqlite:///"))) as database:
        database.executescript("ALTER TABLE runs RENAME COLUMN name TO title")
    code, words = run(tmp_path, "server", "--port", "0", "--backend-store-uri", server.database.uri)
    assert code == 1
    assert "the column runs.name is missing" in words
