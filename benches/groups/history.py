"""The history of one metric with many points."""

from bench import FASTTRACKML, FLOWKEEP, STOCK, Group, Report
from measure import Client, report_latency
from servers import Server

POINTS = 25_000
AT_ONCE = 1_000


def run(server: Server, report: Report) -> None:
    client = Client(server.url)
    run_id = client.create_run()
    for first in range(0, POINTS, AT_ONCE):
        metrics = [
            {
                "key": "loss",
                "value": 1 / (step + 1),
                "timestamp": 1_700_000_000_000 + step,
                "step": step,
            }
            for step in range(first, first + AT_ONCE)
        ]
        client.post("runs/log-batch", run_id=run_id, metrics=metrics).raise_for_status()
    report_latency(
        report,
        f"history of {POINTS:,} points",
        lambda _: client.get("metrics/get-history", run_id=run_id, metric_key="loss"),
        20,
    )


GROUP = Group(run, servers=(STOCK, FASTTRACKML, FLOWKEEP))
