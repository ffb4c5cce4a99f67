"""Fills a SQLite database with runs and models, by plain SQL, so that both servers read the same rows."""

import sqlite3
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from random import Random

BATCH = 50_000
START = 1_700_000_000_000


def seed_runs(database: Path, runs: int, experiments: int = 10, keys: int = 20, tags: int = 4) -> None:
    """Runs with `keys` metrics and params each, and `tags` tags, spread over the experiments."""
    random = Random(7)
    connection = sqlite3.connect(database)
    for experiment in range(1, experiments + 1):
        connection.execute(
            "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time,"
            " last_update_time, workspace) VALUES (?, ?, ?, 'active', ?, ?, 'default')",
            (experiment, f"bench-{experiment}", f"mlflow-artifacts:/{experiment}", START, START),
        )
    identifiers = [f"{random.getrandbits(128):032x}" for _ in range(runs)]
    numbered = list(enumerate(identifiers))
    insert(
        connection,
        "runs (run_uuid, name, source_type, user_id, status, start_time, end_time, lifecycle_stage,"
        " artifact_uri, experiment_id, source_name, entry_point_name, source_version)",
        (
            (
                *(run, f"run-{number}", "UNKNOWN", "bench", "FINISHED", START + number, START + number + 1),
                *("active", f"mlflow-artifacts:/{run}", 1 + number % experiments, "", "", ""),
            )
            for number, run in numbered
        ),
    )
    values = [
        (f"metric-{key}", random.random(), START + number, run, 0, False)
        for number, run in numbered
        for key in range(keys)
    ]
    insert(connection, "metrics (key, value, timestamp, run_uuid, step, is_nan)", values)
    insert(connection, "latest_metrics (key, value, timestamp, run_uuid, step, is_nan)", values)
    insert(
        connection,
        "params (key, value, run_uuid)",
        ((f"param-{key}", str((number + key) % 50), run) for number, run in numbered for key in range(keys)),
    )
    insert(
        connection,
        "tags (key, value, run_uuid)",
        ((f"tag-{key}", f"value-{number % 100}", run) for number, run in numbered for key in range(tags)),
    )
    finish(connection)


def seed_models(database: Path, models: int, versions: int) -> None:
    """Registered models with tags, each with versions of which the last has an alias."""
    connection = sqlite3.connect(database)
    names = [f"model-{number:06}" for number in range(models)]
    keys = list(product(enumerate(names), range(1, versions + 1)))
    insert(
        connection,
        "registered_models (name, creation_time, last_updated_time, description, workspace)",
        ((name, START + number, START + number, "", "default") for number, name in enumerate(names)),
    )
    insert(
        connection,
        "registered_model_tags (key, value, name, workspace)",
        (("team", f"team-{number % 100}", name, "default") for number, name in enumerate(names)),
    )
    insert(
        connection,
        "model_versions (name, version, creation_time, last_updated_time, description, user_id,"
        " current_stage, source, run_id, status, run_link, storage_location, workspace)",
        (
            (
                *(name, version, START + number, START + number, "", "bench"),
                *("Production" if version == versions else "Archived", "mlflow-artifacts:/1/models/m"),
                *("", "READY", "", "mlflow-artifacts:/1/models/m", "default"),
            )
            for (number, name), version in keys
        ),
    )
    insert(
        connection,
        "model_version_tags (key, value, name, version, workspace)",
        (("algorithm", f"kind-{number % 100}", name, version, "default") for (number, name), version in keys),
    )
    insert(
        connection,
        "registered_model_aliases (alias, version, name, workspace)",
        (("champion", versions, name, "default") for name in names),
    )
    finish(connection)


def insert(connection: sqlite3.Connection, columns: str, rows: Iterator[tuple] | list[tuple]) -> None:
    """`columns` is the table with its columns in parentheses."""
    places = ", ".join("?" * (columns.count(",") + 1))
    connection.executemany(f"INSERT INTO {columns} VALUES ({places})", rows)


def finish(connection: sqlite3.Connection) -> None:
    connection.commit()
    connection.execute("ANALYZE")
    connection.commit()
    connection.close()
