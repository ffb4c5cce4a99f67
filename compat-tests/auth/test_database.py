"""Stock MLflow's auth app and flowkeep in turns on one database of users."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy

from harness.databases import Database, create_database
from harness.environments import AUTH_BIN, clean_environment

PROGRAM = Path(__file__).parent / "programs" / "stock_users.py"

PASSWORD = "a users password"
OTHER_PASSWORD = "another password"

# The revisions of MLflow's auth schema, and what a database at each may hold beside what those before have.
ROWS = {
    "8606fa83a998": [
        "INSERT INTO users (username, password_hash, is_admin)"
        " VALUES ('ann', 'a', true), ('bob', 'b', false)",
        "INSERT INTO experiment_permissions (experiment_id, user_id, permission)"
        " VALUES ('7', 1, 'MANAGE'), ('7', 2, 'NO_PERMISSIONS'), ('8', 2, 'READ'), ('9', 1, 'nonsense')",
        "INSERT INTO registered_model_permissions (name, user_id, permission)"
        " VALUES ('churn', 2, 'EDIT'), ('a/b', 1, 'READ')",
    ],
    "0965eb92f5f0": [
        "INSERT INTO scorer_permissions (experiment_id, scorer_name, user_id, permission)"
        " VALUES ('7', 'a/b c~ü', 2, 'READ'), ('7', 'plain_name-1.0', 1, 'USE')",
    ],
    "a1b2c3d4e5f6": [
        "INSERT INTO gateway_secret_permissions (secret_id, user_id, permission) VALUES ('s', 2, 'USE')",
        "INSERT INTO gateway_endpoint_permissions (endpoint_id, user_id, permission) VALUES ('e', 1, 'EDIT')",
        "INSERT INTO gateway_model_definition_permissions (model_definition_id, user_id, permission)"
        " VALUES ('d', 2, 'NO_PERMISSIONS')",
    ],
    "2ed73881770d": [
        "INSERT INTO workspace_permissions (workspace, user_id, permission) VALUES"
        " ('team', 1, 'EDIT'), ('default', 1, 'READ'),"
        " ('team', 2, 'MANAGE'), ('default', 2, 'NO_PERMISSIONS')",
        "INSERT INTO registered_model_permissions (name, user_id, permission, workspace)"
        " VALUES ('churn', 2, 'MANAGE', 'team')",
    ],
    "c3d4e5f6a7b8": [
        "INSERT INTO roles (name, workspace, description) VALUES ('readers', 'default', 'they read')",
        "INSERT INTO role_permissions (role_id, resource_type, resource_pattern, permission)"
        " VALUES (1, 'experiment', '*', 'READ')",
        "INSERT INTO user_role_assignments (user_id, role_id) VALUES (1, 1)",
    ],
    "e5f6a7b8c9d0": [],
}

# The oldest goes through every step, and the last through one. Those between run with --full.
OFTEN = {"8606fa83a998", "e5f6a7b8c9d0"}


@pytest.fixture
def databases(database_kind: str, tmp_path: Path) -> Iterator[list[Database]]:
    """Two empty databases of a kind."""
    made = []
    for name in ("stock", "ours"):
        folder = tmp_path / name
        folder.mkdir()
        made.append(create_database(database_kind, folder))
    yield made
    for database in made:
        database.drop()


def stock(*steps: list[Any]) -> list[Any]:
    """Lets stock MLflow do something, and returns what it answers to each step."""
    done = subprocess.run(
        [AUTH_BIN / "python", PROGRAM],
        input=json.dumps(steps),
        env=clean_environment() | {"PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.rpartition("answers: ")[2])


def flowkeep(database: Database, *arguments: str, password: str = "", ok: bool = True) -> str:
    done = subprocess.run(
        [os.environ["FLOWKEEP_BIN"], "user", *arguments, "--auth-database", database.uri],
        input=password + "\n",
        env=clean_environment(),
        capture_output=True,
        text=True,
    )
    assert (done.returncode == 0) == ok, done.stderr
    return done.stdout if ok else done.stderr


def describe(database: Database) -> dict[str, Any]:
    """The schema of MLflow's tables, and all their rows."""
    engine = sqlalchemy.create_engine(database.stock_uri)
    inspector = sqlalchemy.inspect(engine)
    tables = [
        name
        for name in inspector.get_table_names()
        if not name.startswith("flowkeep_") and "_before_" not in name
    ]
    with engine.connect() as connection:
        described = {
            table: {
                "columns": [
                    (column["name"], str(column["type"]), column["nullable"], column["default"])
                    for column in inspector.get_columns(table)
                ],
                "primary key": inspector.get_pk_constraint(table),
                "foreign keys": sorted(map(str, inspector.get_foreign_keys(table))),
                "unique": sorted(map(str, inspector.get_unique_constraints(table))),
                "indexes": sorted(map(str, inspector.get_indexes(table))),
                "rows": sorted(map(str, connection.execute(sqlalchemy.text(f"SELECT * FROM {table}")))),
            }
            for table in tables
        }
    engine.dispose()
    return described


def test_a_new_database_has_the_tables_of_stock_mlflow(databases: list[Database]) -> None:
    theirs, ours = databases
    stock(["upgrade", theirs.stock_uri, "head"])
    flowkeep(ours, "add", "ann", password=PASSWORD)
    expected, found = describe(theirs), describe(ours)
    assert len(found["users"].pop("rows")) == 1
    expected["users"].pop("rows")
    assert found == expected


@pytest.mark.parametrize(
    "revision",
    [pytest.param(revision, marks=[] if revision in OFTEN else [pytest.mark.full]) for revision in ROWS],
)
def test_an_older_database_becomes_what_stock_mlflow_makes_of_it(
    databases: list[Database], revision: str
) -> None:
    steps = []
    for database in databases:
        for reached, rows in ROWS.items():
            steps.append(["upgrade", database.stock_uri, reached])
            steps.append(["execute", database.stock_uri, rows])
            if reached == revision:
                break
    theirs, ours = databases
    stock(*steps, ["upgrade", theirs.stock_uri, "head"])
    listed = flowkeep(ours, "list")
    assert listed.split() == ["ann", "admin", "bob"]
    assert describe(ours) == describe(theirs)


def test_users_go_to_and_fro(databases: list[Database]) -> None:
    database, _ = databases
    uri = database.stock_uri
    stock(["upgrade", uri, "head"], ["create_user", uri, "ann", PASSWORD])
    flowkeep(database, "add", "bob", "--admin", password=PASSWORD)
    flowkeep(database, "add", "eve", password=PASSWORD)
    assert "already exists" in flowkeep(database, "add", "ann", password=PASSWORD, ok=False)
    assert "at least 12" in flowkeep(database, "passwd", "ann", password="short", ok=False)
    flowkeep(database, "passwd", "ann", password=OTHER_PASSWORD)
    token = flowkeep(database, "token", "add", "eve", "--name", "ci", "--days", "3").strip()
    assert token.startswith("fkt_")
    assert "ci" in flowkeep(database, "token", "list", "eve")
    flowkeep(database, "disable", "eve")
    assert stock(
        ["authenticate", uri, "ann", PASSWORD],
        ["authenticate", uri, "ann", OTHER_PASSWORD],
        ["authenticate", uri, "bob", PASSWORD],
        ["grant", uri, "ann", "experiment", "7", "EDIT"],
        ["grants", uri, "ann"],
        # Stock MLflow knows nothing of what flowkeep keeps about a user, and leaves none of it.
        ["delete_user", uri, "eve"],
    ) == [False, True, True, None, [["__user_1__", "default", "experiment", "7", "EDIT"]], None]
    assert flowkeep(database, "list").split() == ["ann", "bob", "admin"]
    stock(["create_user", uri, "new", PASSWORD])
    assert flowkeep(database, "token", "list", "new") == ""
    assert "disabled" not in flowkeep(database, "list")
