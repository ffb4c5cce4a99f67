"""A run that is being logged to."""

import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from playwright.sync_api import Response, expect

from browser.conftest import PROGRAMS
from browser.tab import Tab
from harness.environments import CLIENT_PYTHONS
from harness.programs import run_program
from harness.servers import Server

STEP = re.compile(r"^\d+$")


def history_of(metric: str) -> Callable[[Response], bool]:
    return lambda reply: "get-history-bulk" in reply.url and f"metric_key={metric}" in reply.url


def steps_in(reply: Response) -> int:
    return max((point["step"] for point in reply.json()["metrics"]), default=0)


def shown_value(tab: Tab, metric: str) -> int:
    row = tab.page.get_by_role("row").filter(has=tab.page.get_by_text(metric, exact=True))
    return int(row.get_by_text(STEP).first.inner_text())


def test_run_refreshes_while_clients_log(tab: Tab, server: Server, tmp_path: Path) -> None:
    started, stop = tmp_path / "started.json", tmp_path / "stop"
    with ThreadPoolExecutor(1) as background:
        finished = background.submit(
            run_program,
            PROGRAMS / "live.py",
            python=CLIENT_PYTHONS["mlflow3"],
            server=server,
            folder=tmp_path,
        )
        try:
            tab.until(lambda: started.exists() or finished.done(), True)
            run: dict[str, Any] = json.loads(started.read_text())
            page = f"/experiments/{run['experiment_id']}/runs/{run['run_id']}"
            with tab.page.expect_response(history_of("client_0")) as first:
                tab.page.goto(f"{tab.url}/#{page}/model-metrics")
            # Nobody touches the page: it asks again by itself, and there is more to draw.
            with tab.page.expect_response(history_of("client_0"), timeout=120_000) as second:
                pass
            assert steps_in(second.value) > steps_in(first.value)
            expect(tab.page.locator(".js-plotly-plot .scatterlayer .trace").first).to_be_attached()
            tab.screenshot("while_clients_log")
        finally:
            stop.touch()
        steps = finished.result()["steps"]
    # The UI remembers what it knew of the run, which was under way, until it is loaded anew.
    tab.page.goto(f"{tab.url}/#{page}")
    tab.reload()
    tab.sees("Finished", "Metrics (8)")
    assert [shown_value(tab, f"client_{number}") for number in range(8)] == steps
