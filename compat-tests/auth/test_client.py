"""Stock MLflow's client with logins, on flowkeep with `--app-name basic-auth`."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from harness.databases import create_database
from harness.environments import AUTH_BIN
from harness.programs import run_program
from harness.servers import FLOWKEEP, STOCK, Server

PROGRAM = Path(__file__).parent / "programs" / "stock_client.py"
ADMIN_PASSWORD = "the password of admin"

EXPECTED = {
    "nobody searches": 401,
    "a short password": "INVALID_PARAMETER_VALUE",
    "bob reads a metric": 0.9,
    "bob reads a file": "hello",
    "bob logs": 403,
    "bob uploads": 403,
    "bob deletes": 403,
    "bob promotes": 403,
    "bob sets an alias": 403,
    "bob makes a user": 403,
    "ann lets bob edit": None,
    "ann denies bob": None,
    "bob may promote": "1",
    "bob reads no more": 403,
    "bob finds": ["Default"],
    "bob searches": 0,
    "a wrong password": 401,
    "the old password": 401,
    "the new password": "churn",
    "a deleted user": 401,
}


@pytest.fixture
def server(database_kind: str, subject: str, tmp_path: Path) -> Iterator[Server]:
    """A server with logins, whose users have a database of their own."""
    if subject == STOCK:
        pytest.skip("its auth app is in another environment")
    with contextlib.ExitStack() as cleanup:
        databases = {}
        for name in ("tracking", "users"):
            folder = tmp_path / name
            folder.mkdir()
            databases[name] = create_database(database_kind, folder)
            cleanup.callback(databases[name].drop)
        settings = tmp_path / "auth.ini"
        lines = ["[mlflow]", "default_permission = READ", "admin_username = admin"]
        settings.write_text("\n".join([*lines, f"database_uri = {databases['users'].stock_uri}"]))
        environment = {
            "MLFLOW_AUTH_CONFIG_PATH": str(settings),
            "MLFLOW_AUTH_ADMIN_PASSWORD": ADMIN_PASSWORD,
        }
        arguments = ["--app-name", "basic-auth", "--require-auth"]
        server = Server(FLOWKEEP, databases["tracking"], tmp_path, environment, arguments)
        cleanup.callback(server.stop)
        # Without a login, only this page says how the server is.
        server.launch().wait_until_healthy(server.url, seconds=120)
        yield server


def test_people_can_do_what_they_are_allowed_to(server: Server, tmp_path: Path) -> None:
    outcomes = run_program(
        PROGRAM,
        python=AUTH_BIN / "python",
        server=server,
        folder=tmp_path,
        environment={"ADMIN_PASSWORD": ADMIN_PASSWORD},
    )
    assert outcomes == EXPECTED
    # Who did it is in the history, and no password is in the log.
    history = requests.get(
        f"{server.url}/api/1.0/flowkeep/history", auth=("admin", ADMIN_PASSWORD), timeout=60
    ).json()["entries"]
    done = {entry["action"]: entry["actor"] for entry in history if entry["outcome"] == "done"}
    assert (done["version.created"]["name"], done["version.created"]["authenticated"]) == ("ann", True)
    log = server.log.read_text()
    assert "password of" not in log
    assert 'A login as "bob"' in log
