"""Measures flowkeep's calls on databases of growing size, and draws the growth curves of docs/performance.md.

    FLOWKEEP_BIN=... benches/growth.py --runs 10000,100000 --folder /var/tmp/flowkeep-growth
    FLOWKEEP_BIN=... benches/growth.py --runs 10000,100000 --server postgresql://me@127.0.0.1/postgres

The databases are made by large_seed.py at the first time. Figures are added to docs/growth/figures.json; the pictures
beside it show all that is there. Run it with PYTHONPATH=compat-tests:benches and the environment of the compat tests.
"""

import argparse
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from curves import Curve, draw
from groups.scale import LOG_METRIC
from large_seed import Size, postgres_database, sqlite_database
from measure import Client, Load, latency, throughput
from seed import run_ids
from servers import Server

FOLDER = Path(__file__).parents[1] / "docs" / "growth"
FIGURES = FOLDER / "figures.json"
TITLES = {"sqlite": "SQLite", "postgres": "PostgreSQL"}

# Each within one of ten experiments.
SEARCHES: dict[str, dict[str, Any]] = {
    "newest 100 runs": {"max_results": 100},
    "by metric and param, ordered by the metric": {
        "filter": "metrics.`metric-3` > 0.5 AND params.`param-2` = '12'",
        "order_by": ["metrics.`metric-3` DESC"],
        "max_results": 100,
    },
    "best 100 by a metric": {"order_by": ["metrics.`metric-3` DESC"], "max_results": 100},
    "by a rare value of a metric": {"filter": "metrics.`metric-3` > 0.999", "max_results": 100},
    "by a common value of a metric": {"filter": "metrics.`metric-3` > 0.5", "max_results": 100},
    "by tag": {"filter": "tags.`tag-1` = 'value-40'", "max_results": 100},
}


def measure(url: str, runs: int) -> dict[str, float]:
    client = Client(url)
    one_run = run_ids(runs)[runs // 2]
    calls: dict[str, Callable[[int], Any]] = {"get-run": lambda _: client.get("runs/get", run_id=one_run)}
    for what, body in SEARCHES.items():
        calls[what] = lambda _, body=body: client.post("runs/search", experiment_ids=["1"], **body)
    figures = {}
    for what, call in calls.items():
        taken = latency(call, 20)
        figures[what] = taken.median * 1000
        print(f"  {what:50} {taken.median * 1000:8.2f} ms, p95 {taken.p95 * 1000:8.2f} ms", flush=True)
    load = Load(f"{client.api}/runs/log-metric", LOG_METRIC.replace("RUN", client.create_run()), seconds=3)
    figures["log-metric, req/s"] = throughput(load).rate
    print(f"  {'log-metric':50} {figures['log-metric, req/s']:8.0f} req/s", flush=True)
    return figures


def draw_all(figures: dict[str, dict[str, dict[str, float]]]) -> None:
    for kind, sizes in figures.items():
        names = [name for name in next(iter(sizes.values())) if not name.endswith("/s")]
        curves = [
            Curve(
                name,
                [
                    (int(runs), values[name])
                    for runs, values in sorted(sizes.items(), key=lambda item: int(item[0]))
                    if name in values
                ],
            )
            for name in names
        ]
        title = f"{TITLES[kind]}: median of a call in ms, by the number of runs"
        (FOLDER / f"{kind}.svg").write_text(draw(title, curves))


def main() -> None:
    parser = argparse.ArgumentParser(prog="benches/growth.py", description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=lambda text: [int(part) for part in text.split(",")], default=[])
    parser.add_argument("--metrics", type=int, default=20)
    parser.add_argument("--points", type=int, default=1)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--server")
    chosen = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    figures = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for runs in chosen.runs:
        size = Size(runs, chosen.metrics, chosen.points)
        if chosen.folder:
            kind, uri = "sqlite", f"sqlite:///{sqlite_database(size, chosen.folder)}"
        else:
            name = postgres_database(size, chosen.server)
            kind, uri = "postgres", f"{chosen.server.rsplit('/', 1)[0]}/{name}"
        print(f"{kind}, {runs:,} runs", flush=True)
        with tempfile.TemporaryDirectory() as folder, Server("flowkeep", Path(folder), uri) as server:
            figures.setdefault(kind, {})[str(runs)] = measure(server.url, runs)
    FIGURES.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    draw_all(figures)


if __name__ == "__main__":
    main()
