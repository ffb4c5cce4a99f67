"""Runs that are created, logged to and read one by one."""

import sqlite3
import time
from itertools import count
from pathlib import Path
from typing import Any

import floor_postgres
from bench import FASTTRACKML, FLOOR, FLOWKEEP, STOCK, Group, Report, ReportOf
from measure import Client, Load, latency, throughput
from seed import run_ids
from servers import Server
from stores import make_schema

LOG_METRIC = """
function body(n)
  return string.format('{"run_id":"RUN","key":"loss-%d","value":%f,"timestamp":%d,"step":%d}',
    id, 1 / n, 1700000000000 + n, n)
end
"""

# One metric after the other, each with the same step: what a callback logs at the end of an epoch.
LOG_BATCH = """
local runs = {RUNS}
local metrics = {}
for key = 1, SIZE do
  metrics[key] = string.format('{"key":"m%d","value":%d.5,"timestamp":1700000000000,"step":@}', key, key)
end
metrics = table.concat(metrics, ",")
function body(n)
  local step = tostring(n)
  return '{"run_id":"' .. runs[1 + n % 2 + 2 * id] .. '","metrics":[' .. metrics:gsub("@", step) .. ']}'
end
"""

CREATE_RUN = """
function body(n)
  return string.format('{"experiment_id":"0","start_time":%d,"tags":[{"key":"team","value":"a"}]}', n)
end
"""

BATCHES_OF_1000 = "log-batch of 1,000, 4 connections"


def run(server: Server, report: Report) -> None:
    client = Client(server.url)
    run_id = client.create_run()
    for connections in (16, 64):
        log_metric = Load(
            f"{client.api}/runs/log-metric",
            LOG_METRIC.replace("RUN", client.create_run()),
            connections=connections,
        )
        report(
            f"log-metric, {connections} connections",
            throughput(log_metric).rate,
            "req/s",
        )
    one_by_one(client, run_id, report)
    for size in (100, 1000):
        runs = ", ".join(f'"{client.create_run()}"' for _ in range(4))
        script = LOG_BATCH.replace("RUNS", runs).replace("SIZE", str(size))
        load = Load(f"{client.api}/runs/log-batch", script, connections=4)
        report(
            f"log-batch of {size:,}, 4 connections",
            throughput(load).rate * size,
            "metrics/s",
        )
    load = Load(f"{client.api}/runs/create", CREATE_RUN, seconds=5)
    report("create-run, 16 connections", throughput(load).rate, "req/s")
    one_run = client.create_run()
    for key in range(10):
        client.post(
            "runs/log-metric",
            run_id=one_run,
            key=f"m{key}",
            value=1.5,
            timestamp=1,
            step=1,
        )
        client.post("runs/log-parameter", run_id=one_run, key=f"p{key}", value="some value")
    load = Load(f"{client.api}/runs/get?run_id={one_run}", seconds=5)
    report(
        "get-run of 10 metrics and params, 16 connections",
        throughput(load).rate,
        "req/s",
    )
    load = Load(f"{server.url}/health", seconds=5)
    report("health, 16 connections", throughput(load).rate, "req/s")
    report("memory, loaded", server.memory(), "MiB")


def one_by_one(client: Client, run_id: str, report: Report) -> None:
    batch = [{"key": f"m{key}", "value": key, "timestamp": 1} for key in range(1000)]
    numbers = count()

    def log_batch(_: int) -> Any:
        step = next(numbers)
        return client.post(
            "runs/log-batch",
            run_id=run_id,
            metrics=[one | {"step": step} for one in batch],
        )

    report("log-batch of 1,000, median", latency(log_batch, 20).median * 1000, "ms")


def floor(folder: Path, report_of: ReportOf) -> None:
    """The same rows by prepared statements and nothing else, a transaction for each 1,000 metrics."""
    database = folder / "mlflow.db"
    make_schema(f"sqlite:///{database}")
    connection = sqlite3.connect(database, isolation_level=None)
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;")
    runs = run_ids(4)
    for run_id in runs:
        connection.execute(
            "INSERT INTO runs (run_uuid, source_type, status, lifecycle_stage) VALUES (?, ?, ?, ?)",
            (run_id, "UNKNOWN", "RUNNING", "active"),
        )
    begin, batches = time.perf_counter(), 0
    while time.perf_counter() - begin < 8:
        run_id, step = runs[batches % 4], batches
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(
            "INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES (?, ?, ?, ?, ?, 0)",
            ((f"m{key}", key + 0.5, 1_700_000_000_000, run_id, step) for key in range(1000)),
        )
        connection.executemany(
            "INSERT INTO latest_metrics (key, value, timestamp, run_uuid, step, is_nan)"
            " VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value,"
            " timestamp = excluded.timestamp, step = excluded.step WHERE excluded.step > step",
            ((f"m{key}", key + 0.5, 1_700_000_000_000, run_id, step) for key in range(1000)),
        )
        connection.execute("COMMIT")
        batches += 1
    report_of(FLOOR)(BATCHES_OF_1000, batches * 1000 / (time.perf_counter() - begin), "metrics/s")
    connection.close()


def floor_on_postgres(uri: str, report_of: ReportOf) -> None:
    floor_postgres.prepare(uri)
    report = report_of(FLOOR)
    report("log-metric, 16 connections", floor_postgres.pgbench(uri, floor_postgres.LOG_METRIC), "req/s")
    report(BATCHES_OF_1000, floor_postgres.copy_and_merge(uri), "metrics/s")
    report("create-run, 16 connections", floor_postgres.pgbench(uri, floor_postgres.CREATE_RUN), "req/s")
    read = floor_postgres.pgbench(uri, floor_postgres.GET_RUN, seconds=5)
    report("get-run of 10 metrics and params, 16 connections", read, "req/s")


GROUP = Group(run, servers=(STOCK, FASTTRACKML, FLOWKEEP), alone=floor, floor=floor_on_postgres)
