"""The UI under a name of the server's own, and the pages of others, in a browser that knows the names."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from browser.tab import Tab
from harness.databases import create_database
from harness.environments import REPORTS, stock_ui
from harness.servers import FLOWKEEP, STOCK, Server

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

CREATE = """([url, name]) => fetch(url + '/ajax-api/2.0/mlflow/experiments/create', {
    method: 'POST',
    headers: HEADERS,
    body: JSON.stringify({name}),
}).then((reply) => reply.status, () => 'refused')"""


class Nothing(BaseHTTPRequestHandler):
    """An empty page."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def foreign_port() -> Iterator[str]:
    """The port of somebody else's web site."""
    site = ThreadingHTTPServer(("127.0.0.1", 0), Nothing)
    threading.Thread(target=site.serve_forever, daemon=True).start()
    try:
        yield str(site.server_port)
    finally:
        site.shutdown()


@pytest.fixture(scope="module", params=["mlflow.example.com", "192.168.1.5"])
def named(
    request: pytest.FixtureRequest, subject: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Server, str]]:
    """A server that is allowed to go by a name, or by the private address that is allowed by itself."""
    if subject == STOCK:
        pytest.skip("stock MLflow refuses its own UI under such names")
    folder = tmp_path_factory.mktemp("named")
    name: str = request.param
    allowed = [] if name[0].isdigit() else ["--allowed-hosts", name]
    arguments = ["--ui-dir", str(stock_ui()), *allowed]
    server = Server(FLOWKEEP, create_database("sqlite", folder), folder, extra_arguments=arguments)
    server.start()
    try:
        yield server, server.url.replace("127.0.0.1", name)
    finally:
        server.stop()


def names(server: Server) -> list[str]:
    found = server.post("/api/2.0/mlflow/experiments/search", max_results=1000)
    return [experiment["name"] for experiment in found["experiments"]]


def create(page: "Page", url: str, name: str, *, content_type: str = "application/json") -> int | str:
    """Has the page create an experiment, and returns the status or that the browser kept it from the page."""
    script = CREATE.replace("HEADERS", f"{{'Content-Type': '{content_type}'}}")
    return page.evaluate(script, [url, name])


def test_the_ui_works_and_other_pages_may_change_nothing(
    named: tuple[Server, str], foreign_port: str, context: "BrowserContext"
) -> None:
    server, url = named
    run = server.post("/api/2.0/mlflow/runs/create", experiment_id="0", run_name="seen by name")
    run_id = run["run"]["info"]["run_id"]
    # The page of a run that goes on never comes to rest.
    server.post("/api/2.0/mlflow/runs/update", run_id=run_id, status="FINISHED", end_time=1)
    report = REPORTS / "browser" / FLOWKEEP / "hosts"
    tab = Tab(context, url=url, facts={}, report=report, returning=True)
    try:
        tab.open("/experiments/0/runs")
        tab.sees("seen by name")
        tab.open(f"/experiments/0/runs/{run_id}")
        tab.sees("seen by name")
        assert create(tab.page, url, "of the own page") == 200
        tab.finish(url.split("/")[2].split(":")[0])
    finally:
        tab.page.close()

    page = context.new_page()
    try:
        page.goto(f"http://10.evil.example.com:{foreign_port}/")
        for content_type in ("application/json", "text/plain"):
            assert create(page, url, f"foreign {content_type}", content_type=content_type) == "refused"
        # Another port of the same host is another site.
        page.goto(f"{url.rpartition(':')[0]}:{foreign_port}/")
        assert create(page, url, "other port", content_type="text/plain") == "refused"
        # A page whose own name leads to the server, as in DNS rebinding.
        rebound = f"http://10.evil.example.com:{url.rpartition(':')[2]}"
        reply = page.goto(f"{rebound}/")
        assert reply is not None
        assert reply.status == 403
        assert create(page, rebound, "rebound") == 403
    finally:
        page.close()
    assert sorted(names(server)) == ["Default", "of the own page"]
