"""Commands that make and change the tables of a database, without a server."""

import os
import subprocess

from harness.databases import Database
from harness.environments import NEWEST_BIN, clean_environment


def create_tables(database: Database, schema: str) -> None:
    """Has flowkeep create MLflow's tables as a version of MLflow has them."""
    _run([os.environ["FLOWKEEP_BIN"], "db", "init", database.uri, "--schema", schema])


def upgrade(database: Database) -> None:
    """Has the newest MLflow bring the tables up to its own schema, or create them."""
    _run([str(NEWEST_BIN / "mlflow"), "db", "upgrade", database.stock_uri])


def _run(command: list[str]) -> None:
    finished = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, timeout=600)
    assert finished.returncode == 0, f"{command}:\n{finished.stderr[-8000:]}"
