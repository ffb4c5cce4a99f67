"""Fills a database with the rows of a large company by SQL alone, and keeps it for the next time."""

import os
import sqlite3
import subprocess
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psycopg2

from seed import START, run_ids

EXPERIMENTS = 10

# The same value on both databases: k is the number of the metric, n that of the run, s the step.
VALUE = "((n * 7919 + k * 104729 + s * 1299709) % 1000003) / 1000003.0"


@dataclass(frozen=True)
class Size:
    runs: int
    metrics: int = 20
    """Of each run."""
    points: int = 1
    """Of each metric."""
    params: int = 5
    tags: int = 2

    @property
    def name(self) -> str:
        return f"flowkeep_runs_{self.runs}_points_{self.runs * self.metrics * self.points}"


def sqlite_database(size: Size, folder: Path) -> Path:
    """A database of that size, made at the first time."""
    database = folder / f"{size.name}.db"
    if not database.exists():
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = database.with_suffix(".unfinished")
        unfinished.unlink(missing_ok=True)
        make_schema(f"sqlite:///{unfinished}")
        with closing(sqlite3.connect(unfinished, isolation_level=None)) as connection:
            connection.executescript(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -500000;"
                f"PRAGMA threads = {os.cpu_count()};"
            )
            fill_sqlite(connection, size)
            connection.execute("PRAGMA journal_mode = WAL")
        unfinished.rename(database)
    return database


def make_schema(uri: str) -> None:
    program = Path(os.environ["FLOWKEEP_BIN"]).resolve()
    subprocess.run([program, "db", "init", uri], check=True, stdout=subprocess.DEVNULL)


def fill_sqlite(connection: sqlite3.Connection, size: Size) -> None:
    """In the order of the tables' keys. Other indexes are made afterwards, and triggers are not run for each row."""
    tables = "('runs', 'metrics', 'latest_metrics', 'params', 'tags')"
    later = connection.execute(
        "SELECT type, name, sql FROM sqlite_master"
        f" WHERE type IN ('index', 'trigger') AND sql IS NOT NULL AND tbl_name IN {tables}"
    ).fetchall()
    for kind, name, _ in later:
        connection.execute(f"DROP {kind} {name}")
    connection.execute("CREATE TEMP TABLE seeded (run_uuid TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID")
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO seeded (n, run_uuid) VALUES (?, ?)", enumerate(run_ids(size.runs)))
    for what, column, count in (("ks", "k", max(size.metrics, size.params)), ("ss", "s", size.points)):
        connection.execute(f"CREATE TEMP TABLE {what} ({column} INTEGER PRIMARY KEY)")
        connection.executemany(f"INSERT INTO {what} VALUES (?)", ((number,) for number in range(count)))
    for statement in statements(size):
        connection.execute(statement)
    connection.execute("COMMIT")
    for _, _, sql in later:
        connection.execute(sql)
    connection.execute("ANALYZE")


def postgres_database(size: Size, server: str) -> str:
    """The name of a database of that size on the server, made at the first time."""
    with closing(psycopg2.connect(server)) as connection:
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (size.name,))
        if cursor.fetchone():
            return size.name
        unfinished = f"{size.name}_unfinished"
        cursor.execute(f"DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {unfinished}")
        uri = server.rsplit("/", 1)[0] + f"/{unfinished}"
        make_schema(uri)
        fill_postgres(uri, size)
        cursor.execute(f"ALTER DATABASE {unfinished} RENAME TO {size.name}")
    return size.name


def fill_postgres(uri: str, size: Size) -> None:
    """A connection for each table that can be filled beside the others."""

    def execute(statement: str) -> None:
        with closing(psycopg2.connect(uri)) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            # Keys and triggers are not looked at for each row, and what is lost by a crash is made again.
            cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
            cursor.execute("SET maintenance_work_mem = '256MB'")
            cursor.execute(statement)

    execute("CREATE TABLE seeded (run_uuid VARCHAR(32) PRIMARY KEY, n BIGINT)")
    with closing(psycopg2.connect(uri)) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "CREATE TABLE ks AS SELECT k FROM generate_series(0, %s) k", (max(size.metrics, size.params) - 1,)
        )
        cursor.execute("CREATE TABLE ss AS SELECT s FROM generate_series(0, %s) s", (size.points - 1,))
        ids = ",".join(run_ids(size.runs))
        cursor.execute(
            "INSERT INTO seeded SELECT id, n - 1 FROM unnest(string_to_array(%s, ',')) WITH ORDINALITY AS ids(id, n)",
            (ids,),
        )
        cursor.execute(
            "SELECT indexname, indexdef FROM pg_indexes JOIN pg_class ON relname = indexname"
            " JOIN pg_index ON indexrelid = pg_class.oid AND NOT indisprimary"
            " WHERE tablename IN ('runs', 'metrics', 'latest_metrics', 'params', 'tags')"
        )
        later = cursor.fetchall()
        for name, _ in later:
            cursor.execute(f"DROP INDEX {name}")
        connection.commit()
    first, *others = statements(size)
    execute(first)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        list(threads.map(execute, others))
        list(threads.map(execute, (definition for _, definition in later)))
    execute("DROP TABLE seeded, ks, ss")
    execute("VACUUM ANALYZE")


def statements(size: Size) -> list[str]:
    """For both databases. The first makes the experiments."""
    last = size.points - 1
    latest = f"SELECT 'metric-' || k, {VALUE.replace('s *', f'{last} *')}, {START} + {last}, run_uuid, {last}, FALSE"
    return [
        "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time,"
        " last_update_time, workspace)"
        f" SELECT 1 + n, 'bench-' || n, 'mlflow-artifacts:/bench', 'active', {START}, {START}, 'default'"
        f" FROM seeded WHERE n < {EXPERIMENTS}",
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)"
        f" SELECT 'metric-' || k, {VALUE}, {START} + s, run_uuid, s, FALSE"
        f" FROM ks CROSS JOIN ss CROSS JOIN seeded WHERE k < {size.metrics}",
        "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan)"
        f" {latest} FROM ks CROSS JOIN seeded WHERE k < {size.metrics}",
        "INSERT INTO flowkeep_metric_values (experiment_id, key, value, run_uuid)"
        f" SELECT 1 + n % {EXPERIMENTS}, 'metric-' || k, {VALUE.replace('s *', f'{last} *')}, run_uuid"
        f" FROM ks CROSS JOIN seeded WHERE k < {size.metrics} ORDER BY 1, 2, 3",
        "INSERT INTO runs (run_uuid, name, source_type, user_id, status, start_time, end_time, lifecycle_stage,"
        " artifact_uri, experiment_id, source_name, entry_point_name, source_version)"
        f" SELECT run_uuid, 'run-' || n, 'UNKNOWN', 'bench', 'FINISHED', {START} + n, {START} + n + 1, 'active',"
        f" 'mlflow-artifacts:/' || run_uuid, 1 + n % {EXPERIMENTS}, '', '', '' FROM seeded",
        "INSERT INTO params (key, value, run_uuid)"
        " SELECT 'param-' || k, CAST((n + k) % 50 AS VARCHAR(2)), run_uuid"
        f" FROM ks CROSS JOIN seeded WHERE k < {size.params}",
        "INSERT INTO tags (key, value, run_uuid)"
        f" SELECT 'tag-' || k, 'value-' || (n % 100), run_uuid FROM ks CROSS JOIN seeded WHERE k < {size.tags}",
    ]
