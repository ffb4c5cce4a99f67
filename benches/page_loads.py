r"""How soon the UI shows itself and 20,000 runs, on stock MLflow and on flowkeep: one table.

    ./run-tests venvs mlflow3 browser
    FLOWKEEP_BIN=target/release/flowkeep PYTHONPATH=compat-tests:benches \
        compat-tests/.venvs/browser/bin/python benches/page_loads.py
"""

import json
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from bench import FLOWKEEP, STOCK
from browser.conftest import CHROMIUM_ARGUMENTS
from browser.tab import REMEMBERED, START_AFRESH
from harness.environments import STOCK_BIN
from seed import seed_runs
from servers import Server
from stores import SqliteStore
from table import Table

RUNS = 20_000
TIMES = 7
PATIENCE = 120_000

# Notes when the first name of a run stands in the table, by the clock that the page's paints are timed with.
NOTE_TABLE = """
new MutationObserver((_, observer) => {
  if (!document.querySelector('.ag-pinned-left-cols-container .ag-row a')) return;
  observer.disconnect();
  requestAnimationFrame(() => { window.tableShown = performance.now(); });
}).observe(document, {subtree: true, childList: true});
"""

FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def load(context: BrowserContext, url: str) -> tuple[float, float]:
    """Opens the page of an experiment's runs and returns the two times, in milliseconds."""
    page = context.new_page()
    page.add_init_script(START_AFRESH.replace("REMEMBERED", json.dumps(REMEMBERED)))
    page.add_init_script(NOTE_TABLE)
    page.goto(f"{url}/#/experiments/1/runs")
    page.wait_for_function("window.tableShown", timeout=PATIENCE)
    times = page.evaluate(f"[{FIRST_PAINT}, window.tableShown]")
    page.close()
    return times[0], times[1]


def measure(browser: Browser, server: Server, table: Table) -> None:
    # What a server does once, on its first requests, belongs to its start.
    first = browser.new_context()
    load(first, server.url)
    first.close()
    for cache in ("empty", "filled"):
        loads = []
        context = browser.new_context()
        if cache == "filled":
            load(context, server.url)
        for _ in range(TIMES):
            if cache == "empty":
                context.close()
                context = browser.new_context()
            loads.append(load(context, server.url))
        context.close()
        for name, times in zip(
            ("first contentful paint", "runs table"), zip(*loads, strict=True), strict=True
        ):
            table.add(server.kind, f"{name}, {cache} browser cache, median", statistics.median(times), "ms")
            table.add(server.kind, f"{name}, {cache} browser cache, worst of {TIMES}", max(times), "ms")


def main() -> None:
    os.environ["VIRTUAL_ENV"] = str(STOCK_BIN.parent)
    table = Table()
    with tempfile.TemporaryDirectory(prefix="flowkeep-figures-") as name, sync_playwright() as playwright:
        store = SqliteStore(Path(name))
        store.fill(lambda rows: seed_runs(rows, runs=RUNS, experiments=1))
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_ARGUMENTS
        )
        for kind in (STOCK, FLOWKEEP):
            folder = Path(name) / kind
            folder.mkdir()
            with store.copy(folder) as uri, Server(kind, folder, uri) as server:
                measure(browser, server, table)
        browser.close()
    table.print()


if __name__ == "__main__":
    sys.exit(main())
