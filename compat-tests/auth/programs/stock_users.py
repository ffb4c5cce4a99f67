"""Works on an auth database as stock MLflow's auth app does.

The steps come as JSON on stdin, and the answers go to stdout.
"""

import json
import sys
import warnings

warnings.simplefilter("ignore")

import sqlalchemy  # noqa: E402
from mlflow.server.auth.db import utils  # noqa: E402
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore  # noqa: E402


def upgrade(uri: str, revision: str) -> None:
    engine = sqlalchemy.create_engine(uri)
    utils.migrate(engine, revision)
    engine.dispose()


def execute(uri: str, statements: list[str]) -> None:
    engine = sqlalchemy.create_engine(uri)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sqlalchemy.text(statement))
    engine.dispose()


def create_user(uri: str, name: str, password: str) -> None:
    _store(uri).create_user(name, password)


def authenticate(uri: str, name: str, password: str) -> bool:
    return _store(uri).authenticate_user(name, password)


def grants(uri: str, name: str) -> list[list[str]]:
    store = _store(uri)
    roles = store.list_user_roles(store.get_user(name).id)
    return [
        [role.name, role.workspace, row.resource_type, row.resource_pattern, row.permission]
        for role in roles
        for row in role.permissions
    ]


def grant(uri: str, name: str, kind: str, pattern: str, permission: str) -> None:
    _store(uri).grant_user_permission(name, kind, pattern, permission)


def delete_user(uri: str, name: str) -> None:
    _store(uri).delete_user(name)


def _store(uri: str) -> SqlAlchemyStore:
    store = SqlAlchemyStore()
    store.init_db(uri)
    return store


if __name__ == "__main__":
    steps = {f.__name__: f for f in (upgrade, execute, create_user, authenticate, grants, grant, delete_user)}
    answers = [steps[name](*arguments) for name, *arguments in json.load(sys.stdin)]
    print("answers: " + json.dumps(answers))
