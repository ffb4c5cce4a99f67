"""Buttons and pages of what flowkeep does not have yet: where the UI shows nothing, flowkeep says so."""

import pytest

from browser.tab import Tab
from harness.servers import FLOWKEEP

NOTHING = "there is nothing to see here."


@pytest.fixture(autouse=True)
def only_on_flowkeep(kind: str) -> None:
    if kind != FLOWKEEP:
        pytest.skip("Stock MLflow has all of it.")


def test_buttons_that_are_refused(tab: Tab) -> None:
    refused = "Nothing was done: flowkeep does not have"
    tab.watch.expect_refusal("POST", "/ajax-api/3.0/mlflow/datasets/create", 501)
    tab.open(f"{tab.experiment}/datasets")
    tab.press("Create dataset")
    dialog = tab.page.get_by_role("dialog")
    dialog.get_by_role("textbox").first.fill("golden answers")
    dialog.get_by_role("button", name="Create", exact=True).click()
    tab.sees(f"{refused} evaluation datasets yet.")
    tab.screenshot("create dataset")
    tab.watch.expect_refusal("POST", "/ajax-api/3.0/mlflow/demo/generate", 501)
    tab.open("/")
    tab.press("Start Demo")
    tab.sees(f"{refused} the demo yet.")
    tab.screenshot("start demo")


def test_pages_that_can_only_be_empty(tab: Tab) -> None:
    tab.watch.expect_refusal("POST", "/ajax-api/3.0/mlflow/review-queues/get-or-create-user", 501)
    run = tab.run("tuned")
    for path, thing in {
        f"{run}/traces": "traces",
        f"{tab.experiment}/evaluation-runs?selectedRunUuid={tab.facts['runs']['tuned']}": "traces",
        f"{tab.experiment}/traces": "traces",
        f"{tab.experiment}/review-queue": "review queues",
        f"{tab.experiment}/datasets": "evaluation datasets",
        "/mcp-registry": "the MCP registry",
    }.items():
        tab.open(path)
        tab.sees(f"flowkeep does not have {thing} yet: {NOTHING}")
    # A page that lacks nothing says nothing.
    tab.open(run)
    tab.heading("tuned")
    assert tab.page.get_by_text(NOTHING).count() == 0
