"""A day of three people at a server with logins, as stock MLflow's client shows it to them.

Writes what each step gave: its value, or the status and the body of the refusal.
"""

import json
import os
import re
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

warnings.simplefilter("ignore")

import mlflow  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from mlflow.server import get_app_client  # noqa: E402
from requests import HTTPError  # noqa: E402

SERVER = os.environ["MLFLOW_TRACKING_URI"]
ADMIN_PASSWORD = os.environ["ADMIN_PASSWORD"]

outcomes: dict[str, Any] = {}


def become(name: str, password: str = "") -> None:
    os.environ["MLFLOW_TRACKING_USERNAME"] = name
    os.environ["MLFLOW_TRACKING_PASSWORD"] = password or f"the password of {name}"


def note(step: str, work: Callable[[], Any]) -> None:
    try:
        outcomes[step] = work()
    except HTTPError as error:
        outcomes[step] = error.response.status_code
    except MlflowException as error:
        status = re.search(r"error code (\d+)", str(error))
        outcomes[step] = int(status.group(1)) if status else error.error_code


def main() -> None:
    client = mlflow.MlflowClient()
    note("nobody searches", lambda: client.search_experiments())

    become("admin", ADMIN_PASSWORD)
    users = get_app_client("basic-auth", tracking_uri=SERVER)
    for name in ("ann", "bob"):
        users.create_user(name, f"the password of {name}")
    note("a short password", lambda: users.create_user("eve", "short"))

    become("ann")
    experiment = mlflow.create_experiment("ann's")
    with mlflow.start_run(experiment_id=experiment) as run:
        mlflow.log_metric("auc", 0.9)
        mlflow.log_text("hello", "note.txt")
    run_id = run.info.run_id
    client.create_registered_model("churn")
    client.create_model_version("churn", f"runs:/{run_id}/note.txt", run_id)

    become("bob")
    note("bob reads a metric", lambda: client.get_run(run_id).data.metrics["auc"])
    note("bob reads a file", lambda: mlflow.artifacts.load_text(f"runs:/{run_id}/note.txt"))
    note("bob logs", lambda: client.log_metric(run_id, "auc", 1))
    note("bob uploads", lambda: client.log_text(run_id, "x", "other.txt"))
    note("bob deletes", lambda: client.delete_run(run_id))
    note("bob promotes", lambda: client.transition_model_version_stage("churn", "1", "Production").version)
    note("bob sets an alias", lambda: client.set_registered_model_alias("churn", "champion", "1"))
    note("bob makes a user", lambda: users.create_user("eve", "the password of eve").username)

    become("ann")
    note("ann lets bob edit", lambda: users.grant_user_permission("bob", "registered_model", "churn", "EDIT"))
    note("ann denies bob", lambda: users.grant_user_permission("bob", "experiment", experiment, "DENY"))

    become("bob")
    note("bob may promote", lambda: client.transition_model_version_stage("churn", "1", "Production").version)
    note("bob reads no more", lambda: client.get_run(run_id).info.run_id)
    note("bob finds", lambda: sorted(one.name for one in client.search_experiments()))
    note("bob searches", lambda: len(client.search_runs([experiment])))

    become("bob", "a password of others")
    note("a wrong password", lambda: client.search_experiments())

    become("admin", ADMIN_PASSWORD)
    users.update_user_password("bob", "another password")
    become("bob")
    note("the old password", lambda: client.search_experiments())
    become("bob", "another password")
    note("the new password", lambda: client.get_registered_model("churn").name)
    become("admin", ADMIN_PASSWORD)
    users.delete_user("bob")
    become("bob", "another password")
    note("a deleted user", lambda: client.search_experiments())
    Path(sys.argv[1]).write_text(json.dumps(outcomes))


main()
