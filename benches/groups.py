"""What is measured. Each group starts both servers on the same rows, a copy each."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from measure import Client, latency, throughput
from seed import seed_models, seed_runs

Report = Callable[[str, float, str], None]


@dataclass(frozen=True)
class Group:
    run: Callable[[Any, Report], None]
    seed: Callable[[Path], None] | None = None


def start_and_size(server: Any, report: Report) -> None:
    report("start to first reply, empty folder", server.seconds_to_first_reply * 1000, "ms")
    report("memory, idle", server.memory(), "MiB")


LOG_METRIC = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local thread_number = 0
function setup(thread) thread:set("id", thread_number); thread_number = thread_number + 1 end
local step = 0
function request()
  step = step + 1
  return wrk.format(nil, nil, nil, string.format(
    '{"run_id":"%s","key":"loss-%%d","value":%%f,"timestamp":%%d,"step":%%d}',
    id, 1 / step, 1700000000000 + step, step))
end
"""

GET = """
wrk.method = "GET"
"""


def writes(server: Any, report: Report) -> None:
    client = Client(server.url)
    run = client.post("runs/create", experiment_id="0", start_time=0).json()["run"]["info"]["run_id"]
    script = LOG_METRIC.replace("%s", run, 1).replace("%%", "%")
    rate, failed = throughput(f"{server.url}/api/2.0/mlflow/runs/log-metric", script)
    assert failed == 0, f"{failed} requests failed"
    report("log-metric, 16 connections", rate, "req/s")
    batch = [{"key": f"m{key}", "value": key, "timestamp": 1, "step": key} for key in range(1000)]
    numbers = count()

    def log_batch(_: int) -> Any:
        step = next(numbers)
        return client.post("runs/log-batch", run_id=run, metrics=[one | {"step": step} for one in batch])

    report("log-batch of 1,000 metrics, median", latency(log_batch, 20).median * 1000, "ms")
    rate, failed = throughput(f"{server.url}/api/2.0/mlflow/runs/get?run_id={run}", GET, seconds=5)
    assert failed == 0, f"{failed} requests failed"
    report("get-run, 16 connections", rate, "req/s")
    rate, _ = throughput(f"{server.url}/health", GET, seconds=5)
    report("health, 16 connections", rate, "req/s")
    report("memory, loaded", server.memory(), "MiB")


RUN_SEARCHES: dict[str, dict[str, Any]] = {
    "runs by metric and param, ordered by a metric": {
        "experiment_ids": ["1"],
        "filter": "metrics.`metric-3` > 0.5 AND params.`param-2` = '12'",
        "order_by": ["metrics.`metric-3` DESC"],
        "max_results": 100,
    },
    "newest 100 runs": {"experiment_ids": ["1"], "max_results": 100},
    "newest 1,000 runs": {"experiment_ids": ["1"], "max_results": 1000},
    "runs by tag across 10 experiments": {
        "experiment_ids": [str(number) for number in range(1, 11)],
        "filter": "tags.`tag-1` = 'value-42'",
        "max_results": 100,
    },
}


def searches(server: Any, report: Report) -> None:
    client = Client(server.url)
    for name, body in RUN_SEARCHES.items():
        taken = latency(lambda _, body=body: client.post("runs/search", **body), 30)
        report(f"{name}, median", taken.median * 1000, "ms")
        report(f"{name}, p95", taken.p95 * 1000, "ms")


def registry(server: Any, report: Report) -> None:
    client = Client(server.url)
    token = None
    for _ in range(99):
        page = client.get("registered-models/search", max_results=100, page_token=token).json()
        token = page["next_page_token"]
    one = "model-010000"
    calls: dict[str, Callable[[int], Any]] = {
        "get version by alias": lambda _: client.get("registered-models/alias", name=one, alias="champion"),
        "get version": lambda _: client.get("model-versions/get", name=one, version="3"),
        "first page of 100 models": lambda _: client.get("registered-models/search", max_results=100),
        "page 100 of 100 models each": lambda _: client.get(
            "registered-models/search", max_results=100, page_token=token
        ),
        "models by tag": lambda _: client.get("registered-models/search", filter="tags.team = 'team-42'"),
        "models by name LIKE": lambda _: client.get(
            "registered-models/search", filter="name LIKE '%0042%'"
        ),
        "versions by tag": lambda _: client.get(
            "model-versions/search", filter="tags.algorithm = 'kind-42'", max_results=100
        ),
        "latest versions of a model": lambda _: client.get(
            "registered-models/get-latest-versions", name=one
        ),
    }
    for name, call in calls.items():
        taken = latency(call, 30)
        report(f"{name}, median", taken.median * 1000, "ms")
        report(f"{name}, p95", taken.p95 * 1000, "ms")


GROUPS = {
    "start": Group(start_and_size),
    "writes": Group(writes),
    "searches": Group(searches, lambda database: seed_runs(database, runs=20_000)),
    "registry": Group(registry, lambda database: seed_models(database, models=20_000, versions=5)),
}
