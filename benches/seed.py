"""Fills a database with runs and models, by plain SQL, so that all servers read the same rows."""

import argparse
import io
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from random import Random

import psycopg2

START = 1_700_000_000_000


class Rows(ABC):
    """A database to put rows into."""

    @abstractmethod
    def insert(self, columns: str, rows: Iterable[tuple]) -> None:
        """`columns` is the table with its columns in parentheses."""

    @abstractmethod
    def execute(self, statement: str) -> None:
        """Runs a statement that both databases know."""

    @abstractmethod
    def close(self) -> None:
        """Keeps the rows, and lets the database count them for its query planner."""


class SqliteRows(Rows):
    def __init__(self, database: Path) -> None:
        self.connection = sqlite3.connect(database)

    def insert(self, columns: str, rows: Iterable[tuple]) -> None:
        places = ", ".join("?" * (columns.count(",") + 1))
        self.connection.executemany(f"INSERT INTO {columns} VALUES ({places})", rows)

    def execute(self, statement: str) -> None:
        self.connection.execute(statement)

    def close(self) -> None:
        self.connection.commit()
        self.connection.execute("ANALYZE")
        self.connection.commit()
        self.connection.close()


class PostgresRows(Rows):
    def __init__(self, uri: str) -> None:
        self._connection = psycopg2.connect(uri)

    def insert(self, columns: str, rows: Iterable[tuple]) -> None:
        with self._connection.cursor() as cursor:
            for lines in chunks("\t".join(map(str, row)) + "\n" for row in rows):
                cursor.copy_expert(f"COPY {columns} FROM STDIN", io.StringIO("".join(lines)))

    def execute(self, statement: str) -> None:
        self._connection.cursor().execute(statement)

    def close(self) -> None:
        self._connection.commit()
        self._connection.autocommit = True
        self._connection.cursor().execute("VACUUM ANALYZE")
        self._connection.close()


def chunks(lines: Iterator[str], size: int = 50_000) -> Iterator[list[str]]:
    chunk: list[str] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) == size:
            yield chunk
            chunk = []
    yield chunk


def run_ids(runs: int) -> list[str]:
    random = Random(7)
    return [f"{random.getrandbits(128):032x}" for _ in range(runs)]


def seed_runs(rows: Rows, runs: int, experiments: int = 10, keys: int = 20, tags: int = 4) -> None:
    """Runs with `keys` metrics and params each, and `tags` tags, spread over the experiments."""
    random = Random(8)
    rows.insert(
        "experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time,"
        " last_update_time, workspace)",
        (
            (
                number,
                f"bench-{number}",
                f"mlflow-artifacts:/{number}",
                "active",
                START,
                START,
                "default",
            )
            for number in range(1, experiments + 1)
        ),
    )
    numbered = list(enumerate(run_ids(runs)))
    rows.insert(
        "runs (run_uuid, name, source_type, user_id, status, start_time, end_time, lifecycle_stage,"
        " artifact_uri, experiment_id, source_name, entry_point_name, source_version)",
        (
            (
                *(
                    run,
                    f"run-{number}",
                    "UNKNOWN",
                    "bench",
                    "FINISHED",
                    START + number,
                    START + number + 1,
                ),
                *(
                    "active",
                    f"mlflow-artifacts:/{run}",
                    1 + number % experiments,
                    "",
                    "",
                    "",
                ),
            )
            for number, run in numbered
        ),
    )
    values = [
        (f"metric-{key}", random.random(), START + number, run, 0, False)
        for number, run in numbered
        for key in range(keys)
    ]
    rows.insert("metrics (key, value, timestamp, run_uuid, step, is_nan)", values)
    rows.insert("latest_metrics (key, value, timestamp, run_uuid, step, is_nan)", values)
    sort_values(rows)
    rows.insert(
        "params (key, value, run_uuid)",
        ((f"param-{key}", str((number + key) % 50), run) for number, run in numbered for key in range(keys)),
    )
    rows.insert(
        "tags (key, value, run_uuid)",
        ((f"tag-{key}", f"value-{number % 100}", run) for number, run in numbered for key in range(tags)),
    )


def sort_values(rows: Rows) -> None:
    """What flowkeep does in the background with metrics that are new: it takes minutes for so many at once."""
    rows.execute(
        "INSERT INTO flowkeep_metric_values (experiment_id, key, value, run_uuid)"
        " SELECT runs.experiment_id, latest.key, latest.value, latest.run_uuid"
        " FROM latest_metrics latest JOIN runs ON runs.run_uuid = latest.run_uuid ORDER BY 1, 2, 3"
    )
    rows.execute("DELETE FROM flowkeep_metric_marks")


def model_name(number: int) -> str:
    return f"model-{number:06}"


def seed_models(rows: Rows, models: int, versions: int) -> None:
    """Registered models with tags, each with versions of which the last has an alias."""
    names = [model_name(number) for number in range(models)]
    keys = list(product(enumerate(names), range(1, versions + 1)))
    rows.insert(
        "registered_models (name, creation_time, last_updated_time, description, workspace)",
        ((name, START + number, START + number, "", "default") for number, name in enumerate(names)),
    )
    rows.insert(
        "registered_model_tags (key, value, name, workspace)",
        (("team", f"team-{number % 100}", name, "default") for number, name in enumerate(names)),
    )
    rows.insert(
        "model_versions (name, version, creation_time, last_updated_time, description, user_id,"
        " current_stage, source, run_id, status, run_link, storage_location, workspace)",
        (
            (
                *(name, version, START + number, START + number, "", "bench"),
                *(
                    "Production" if version == versions else "Archived",
                    "mlflow-artifacts:/1/models/m",
                ),
                *("", "READY", "", "mlflow-artifacts:/1/models/m", "default"),
            )
            for (number, name), version in keys
        ),
    )
    rows.insert(
        "model_version_tags (key, value, name, version, workspace)",
        (("algorithm", f"kind-{number % 100}", name, version, "default") for (number, name), version in keys),
    )
    rows.insert(
        "registered_model_aliases (alias, version, name, workspace)",
        (("champion", versions, name, "default") for name in names),
    )


def main() -> None:
    """Makes a large database for groups/scale.py: see large_seed.py."""
    parser = argparse.ArgumentParser(prog="benches/seed.py", description=main.__doc__)
    parser.add_argument("--scale", type=int, metavar="RUNS", required=True, help="how many runs")
    parser.add_argument("--metrics", type=int, default=20, help="metrics of each run")
    parser.add_argument("--points", type=int, default=5, help="points of each metric")
    parser.add_argument("--folder", type=Path, help="for a file of SQLite")
    parser.add_argument("--server", help="for a database of PostgreSQL: the address of any database there")
    chosen = parser.parse_args()
    from large_seed import Size, postgres_database, sqlite_database

    size = Size(chosen.scale, chosen.metrics, chosen.points)
    begun = time.monotonic()
    if chosen.folder:
        print(sqlite_database(size, chosen.folder))
    if chosen.server:
        print(postgres_database(size, chosen.server))
    print(f"{time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
