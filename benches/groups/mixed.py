"""Training jobs log while people search."""

from bench import Group, Report
from measure import Client, Load, UnderLoad
from seed import seed_runs
from servers import Server

# What a callback logs at the end of a step.
LOG = """
local runs = {RUNS}
function body(n)
  local run = runs[1 + (n * 2 + id) % #runs]
  local metrics = {}
  for key = 1, 20 do
    metrics[key] = string.format('{"key":"m%d","value":%f,"timestamp":%d,"step":%d}', key, key / n, n, n)
  end
  return '{"run_id":"' .. run .. '","metrics":[' .. table.concat(metrics, ",") .. ']}'
end
"""

SEARCH = """
function body(n)
  return string.format([[{"experiment_ids":["%d"],"max_results":50,"filter":"metrics.`metric-3` > 0.%d"}]],
    1 + n % 10, n % 10)
end
"""


def run(server: Server, report: Report) -> None:
    client = Client(server.url)
    runs = ", ".join(f'"{client.create_run()}"' for _ in range(50))
    logging = UnderLoad(
        Load(
            f"{client.api}/runs/log-batch",
            LOG.replace("RUNS", runs),
            seconds=12,
            connections=50,
        )
    )
    searching = UnderLoad(Load(f"{client.api}/runs/search", SEARCH, seconds=12, connections=5))
    logged, searched = logging.result(), searching.result()
    report("mixed load: batches of 20 logged, 50 connections", logged.rate, "req/s")
    report("mixed load: batches of 20 logged, p95", logged.p95 * 1000, "ms")
    report("mixed load: searches for 50 runs, 5 connections", searched.rate, "req/s")
    report("mixed load: searches for 50 runs, p95", searched.p95 * 1000, "ms")
    report("mixed load: memory", server.memory(), "MiB")


GROUP = Group(run, lambda rows: seed_runs(rows, runs=5_000))
