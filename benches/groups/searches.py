"""The searches for runs."""

from typing import Any

from bench import Group, Report
from measure import Client, report_latency
from seed import seed_runs
from servers import Server

SEARCHES: dict[str, dict[str, Any]] = {
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


def run(server: Server, report: Report) -> None:
    client = Client(server.url)
    for name, body in SEARCHES.items():
        report_latency(report, name, lambda _, body=body: client.post("runs/search", **body), 30)


GROUP = Group(run, lambda rows: seed_runs(rows, runs=20_000))
