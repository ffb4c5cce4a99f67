"""Both servers with the same data, one browser for each, and a fresh tab for each test."""

import contextlib
import importlib.util
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conftest import started
from harness.databases import create_database
from harness.environments import CLIENT_PYTHONS, NEWEST_BIN, REPORTS, newest_version, stock_ui
from harness.migrations import create_tables
from harness.programs import run_program
from harness.servers import FLOWKEEP, STOCK, Server

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext

    from browser.tab import Tab

# The driver of the browser has an environment of its own: `./run-tests browser`.
collect_ignore_glob = [] if importlib.util.find_spec("playwright") else ["test_*.py"]

passed = pytest.StashKey[bool]()

# How long the UI may take to show what is asked of it, in milliseconds. A busy machine is slow.
PATIENCE = 60_000

# Ids in paths, without which a call is the same on each server.
IDS = re.compile(r"(m-)?[0-9a-f]{32}")

PROGRAMS = Path(__file__).parent / "programs"

# flowkeep in the place of the newest MLflow: with its UI and its tables, and seen by its client.
NEWEST_UI = "newest-ui"
KINDS = [STOCK, FLOWKEEP, NEWEST_UI]
# Where most of what flowkeep answers is shown.
PAGES_OF_THE_NEWEST = ["browser/test_registry.py", "browser/test_run.py"]
# What test_hosts.py calls its servers.
HOSTS_OF_TESTS = ["mlflow.example.com", "10.evil.example.com", "192.168.1.5"]
CHROMIUM_ARGUMENTS = [
    # Chromium's sandbox wants rights that neither root nor a container has.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    # No other machine is reached, whatever the UI links to. Some names and an address lead here.
    "--host-resolver-rules="
    + ", ".join(f"MAP {host} 127.0.0.1" for host in HOSTS_OF_TESTS)
    + ", MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


@pytest.fixture(
    scope="session",
    params=[pytest.param(kind, marks=pytest.mark.xdist_group(f"browser-{kind}")) for kind in KINDS],
)
def kind(request: pytest.FixtureRequest, subject: str) -> str:
    """Every test runs on stock MLflow as well: one that fails there expects the wrong thing."""
    if subject == STOCK and request.param != STOCK:
        pytest.skip("only the stock server is asked for")
    return request.param


@pytest.fixture(scope="session")
def server(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp(f"browser-{kind}")
    database = create_database("sqlite", folder)
    if kind == NEWEST_UI:
        version = newest_version()
        create_tables(database, version)
        arguments = ["--ui-dir", str(stock_ui(NEWEST_BIN)), "--mlflow-version", version]
    else:
        arguments = ["--ui-dir", str(stock_ui())] if kind == FLOWKEEP else []
    server = Server(STOCK if kind == STOCK else FLOWKEEP, database, folder, extra_arguments=arguments)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def facts(server: Server, kind: str) -> dict[str, Any]:
    """The ids of what the stock client logged."""
    python = NEWEST_BIN / "python" if kind == NEWEST_UI else CLIENT_PYTHONS["mlflow3"]
    return run_program(PROGRAMS / "seed.py", python=python, server=server, folder=server.folder)


@pytest.fixture(scope="session")
def context() -> "Iterator[BrowserContext]":
    """One browser for all tests of a server, so that the UI's files are read and compiled once."""
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_ARGUMENTS, timeout=120_000
        )
        context = browser.new_context(
            viewport={"width": 1600, "height": 1000},
            reduced_motion="reduce",
            timezone_id="UTC",
            locale="en-US",
        )
        context.set_default_timeout(PATIENCE)
        yield context
        browser.close()


OpenTab = Callable[..., "contextlib.AbstractContextManager[Tab]"]


@pytest.fixture
def open_tab(
    server: Server,
    kind: str,
    facts: dict[str, Any],
    context: "BrowserContext",
    request: pytest.FixtureRequest,
) -> OpenTab:
    from browser.tab import Tab

    module = request.node.module.__name__.rpartition("test_")[2]
    name = request.node.name.removeprefix("test_").replace(f"[{kind}]", "").replace(f"{kind}-", "")

    @contextlib.contextmanager
    def open_tab(*, returning: bool) -> "Iterator[Tab]":
        report = REPORTS / "browser" / kind / module
        tab = Tab(context, url=server.url, facts=facts, report=report, returning=returning)
        try:
            yield tab
            if request.node.stash.get(passed, False):
                tab.finish(name)
            else:
                tab.screenshot(f"{name} failed")
                print(*tab.watch.problems(), sep="\n")
        finally:
            tab.page.close()

    return open_tab


@pytest.fixture
def tab(open_tab: OpenTab) -> "Iterator[Tab]":
    """A fresh tab of a user who has been here before. What its test made the UI do is judged at the end."""
    with open_tab(returning=True) as tab:
        yield tab


@pytest.fixture
def new_tab(open_tab: OpenTab) -> "Iterator[Tab]":
    """A fresh tab of a user who has not."""
    with open_tab(returning=False) as tab:
        yield tab


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves the newest UI the pages that show most."""
    left_out = [item for item in items if not _is_wanted(item)]
    items[:] = [item for item in items if _is_wanted(item)]
    config.hook.pytest_deselected(items=left_out)


def _is_wanted(item: pytest.Item) -> bool:
    kind = getattr(getattr(item, "callspec", None), "params", {}).get("kind")
    return kind != NEWEST_UI or any(item.path.match(page) for page in PAGES_OF_THE_NEWEST)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    report = yield
    if call.when == "call":
        item.stash[passed] = report.passed
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Tells how many different calls the UI made on each server, and how they were answered."""
    for kind in KINDS:
        calls: dict[str, set[int]] = {}
        for path in (REPORTS / "browser" / kind).glob("*/*.json"):
            seen = json.loads(path.read_text()) if path.stat().st_mtime >= config.stash[started] else []
            for call in seen:
                name = f"{call['method']} {IDS.sub('{id}', call['path'])} {call['operation']}"
                if "/static-files/" not in name and call["path"] != "/":
                    calls.setdefault(name, set()).add(call["status"])
        good = sum(any(status < 300 for status in statuses) for statuses in calls.values())
        if calls:
            terminalreporter.write_line(
                f"UI on {kind}: {len(calls)} different calls, {good} answered with 2xx"
            )
