"""What the calls of flowkeep cost as the database grows."""

from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any

from bench import FLOWKEEP, Group, Report, ReportOf
from measure import Client, Load, latency, throughput
from seed import START, SqliteRows, model_name, run_ids, seed_models, seed_runs
from servers import Server
from stores import make_schema

RUNS = (1_000, 10_000, 100_000)
POINTS = (1_000_000, 10_000_000)
RUNS_OF_POINTS = 1_000
KEYS_OF_POINTS = 10

LOG_METRIC = """
function body(n)
  return string.format('{"run_id":"RUN","key":"loss-%d","value":%f,"timestamp":%d,"step":%d}',
    id, 1 / n, 1700000000000 + n, n)
end
"""


def measure(folder: Path, report_of: ReportOf) -> None:
    report = report_of(FLOWKEEP)
    for runs in RUNS:
        database = new_database(folder / f"runs-{runs}")
        with closing(SqliteRows(database)) as rows:
            seed_runs(rows, runs, keys=5, tags=2)
            seed_models(rows, runs // 5, versions=5)
        with Server(FLOWKEEP, database.parent, f"sqlite:///{database}") as server:
            calls_of_runs_and_models(Client(server.url), runs, report)
        database.unlink()
    for points in POINTS:
        database = new_database(folder / f"points-{points}")
        with closing(SqliteRows(database)) as rows:
            seed_points(rows, points)
        with Server(FLOWKEEP, database.parent, f"sqlite:///{database}") as server:
            calls_of_metrics(Client(server.url), points, report)
        database.unlink()


def new_database(folder: Path) -> Path:
    folder.mkdir()
    make_schema(f"sqlite:///{folder / 'mlflow.db'}")
    return folder / "mlflow.db"


def calls_of_runs_and_models(client: Client, runs: int, report: Report) -> None:
    one_run = run_ids(runs)[runs // 2]
    name = model_name(runs // 10)
    searches: dict[str, dict[str, Any]] = {
        "newest 100 runs": {"max_results": 100},
        "runs by metric and param, ordered by a metric": {
            "filter": "metrics.`metric-3` > 0.5 AND params.`param-2` = '12'",
            "order_by": ["metrics.`metric-3` DESC"],
            "max_results": 100,
        },
        "runs by tag": {"filter": "tags.`tag-1` = 'value-42'", "max_results": 100},
    }
    calls: dict[str, Callable[[int], Any]] = {"get-run": lambda _: client.get("runs/get", run_id=one_run)}
    for what, body in searches.items():
        calls[what] = lambda _, body=body: client.post("runs/search", experiment_ids=["1"], **body)
    calls |= {
        "get version by alias": lambda _: client.get("registered-models/alias", name=name, alias="champion"),
        "first page of 100 models": lambda _: client.get("registered-models/search", max_results=100),
        "models by tag": lambda _: client.get("registered-models/search", filter="tags.team = 'team-42'"),
        "versions by tag": lambda _: client.get(
            "model-versions/search", filter="tags.algorithm = 'kind-42'", max_results=100
        ),
    }
    for what, call in calls.items():
        report(f"{runs:,} runs and versions: {what}, median", latency(call, 20).median * 1000, "ms")
    log_metric_rate(client, f"{runs:,} runs and versions", report)


def calls_of_metrics(client: Client, points: int, report: Report) -> None:
    one_run = run_ids(RUNS_OF_POINTS)[RUNS_OF_POINTS // 2]
    steps = count(10_000_000)

    def log_batch(_: int) -> Any:
        step = next(steps)
        metrics = [{"key": f"m{key}", "value": key, "timestamp": START, "step": step} for key in range(1000)]
        return client.post("runs/log-batch", run_id=one_run, metrics=metrics)

    calls: dict[str, Callable[[int], Any]] = {
        "get-run": lambda _: client.get("runs/get", run_id=one_run),
        "history of one metric": lambda _: client.get(
            "metrics/get-history", run_id=one_run, metric_key="metric-3", max_results=100
        ),
        "log-batch of 1,000": log_batch,
    }
    for what, call in calls.items():
        report(f"{points:,} points: {what}, median", latency(call, 20).median * 1000, "ms")
    log_metric_rate(client, f"{points:,} points", report)


def log_metric_rate(client: Client, size: str, report: Report) -> None:
    script = LOG_METRIC.replace("RUN", client.create_run())
    load = Load(f"{client.api}/runs/log-metric", script, seconds=5)
    report(f"{size}: log-metric, 16 connections", throughput(load).rate, "req/s")


def seed_points(rows: SqliteRows, points: int) -> None:
    """Points by SQL alone, in the order of the primary key; the other indexes are made afterwards."""
    connection = rows.connection
    runs = [
        (run, f"run-{number}", "UNKNOWN", "FINISHED", "active", START)
        for number, run in enumerate(run_ids(RUNS_OF_POINTS))
    ]
    rows.insert("runs (run_uuid, name, source_type, status, lifecycle_stage, start_time)", runs)
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master"
        " WHERE type = 'index' AND tbl_name = 'metrics' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f"DROP INDEX {name}")
    numbers = "WITH RECURSIVE numbers(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?)"
    connection.execute(
        "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan)"
        f" {numbers}, keys(k) AS (SELECT n FROM numbers WHERE n < ?)"
        " SELECT 'metric-' || k, n * 0.5, ? + n, run_uuid, n, 0 FROM keys, numbers, runs"
        " ORDER BY k, n, run_uuid",
        (points // RUNS_OF_POINTS // KEYS_OF_POINTS, KEYS_OF_POINTS, START),
    )
    connection.execute(
        "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan)"
        " SELECT key, max(value), max(timestamp), run_uuid, max(step), 0 FROM metrics GROUP BY key, run_uuid"
    )
    for _, sql in indexes:
        connection.execute(sql)


GROUP = Group(alone=measure, on_request=True)
