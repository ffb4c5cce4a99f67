"""Registered models, their versions, aliases and stages."""

import re

from playwright.sync_api import expect

from browser.tab import Tab

VERSION = "/models/churn-predictor/versions"


def test_model_list(tab: Tab) -> None:
    tab.open("/models")
    tab.heading("Registered Models")
    row = tab.page.get_by_role("row").filter(has_text="churn-predictor")
    expect(row).to_contain_text("Version 3")
    expect(row).to_contain_text("owner: growth")
    tab.sees("spare-model")
    # Prompts are kept beside models, but are none.
    tab.lacks("summary-prompt")
    search = tab.page.get_by_placeholder("Search registered models")
    search.fill("spare")
    search.press("Enter")
    tab.settle()
    tab.lacks("churn-predictor")
    search.fill("tags.owner = 'growth'")
    search.press("Enter")
    tab.settle()
    tab.sees("churn-predictor")
    tab.lacks("spare-model")


def test_model(tab: Tab) -> None:
    tab.open("/models/churn-predictor")
    tab.heading("churn-predictor")
    tab.sees("Who will leave?", "growth")
    rows = tab.page.get_by_role("row")
    expect(rows.filter(has_text="Version 1")).to_contain_text("champion")
    expect(rows.filter(has_text="Version 2")).to_contain_text("challenger")
    expect(rows.filter(has_text="Version 2")).to_contain_text("approved: yes")
    expect(rows.filter(has_text="Version 3")).to_contain_text("Attempt 3")


def test_version(tab: Tab) -> None:
    tab.open(f"{VERSION}/1")
    tab.heading("Version 1")
    tab.sees("Attempt 1", "champion", "Production", "baseline", "classifier")
    tab.click("Inputs (2)")
    tab.sees("age", "balance")


def test_edit_model_description(tab: Tab) -> None:
    tab.open("/models/spare-model")
    tab.press("Edit")
    tab.page.locator("textarea").filter(visible=True).fill("Kept for *later*")
    tab.press("Save")
    expect(tab.page.locator("em").filter(has_text="later")).to_be_visible()
    tab.reload()
    expect(tab.page.locator("em").filter(has_text="later")).to_be_visible()


def test_edit_model_tags(tab: Tab) -> None:
    tab.open("/models/spare-model")
    tab.click("Tags")
    tab.page.get_by_placeholder("Name").fill("team")
    tab.page.get_by_placeholder("Value").fill("blue")
    tab.press("Add")
    tab.reload()
    row = tab.page.get_by_role("row").filter(has_text="team")
    expect(row).to_contain_text("blue")
    row.get_by_role("button").last.click()
    tab.page.get_by_role("dialog").get_by_role("button", name=re.compile("Delete|Confirm|OK")).click()
    expect(row).to_have_count(0)


def test_set_alias(tab: Tab) -> None:
    tab.open(f"{VERSION}/3")
    tab.press("Add")
    dialog = tab.page.get_by_role("dialog")
    dialog.get_by_role("combobox").fill("golden")
    tab.page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Save aliases").click()
    expect(dialog).to_have_count(0)
    tab.sees("@ golden")
    tab.open("/models/churn-predictor")
    expect(tab.page.get_by_role("row").filter(has_text="Version 3")).to_contain_text("golden")


def test_move_stage(tab: Tab) -> None:
    tab.open(f"{VERSION}/2")
    tab.page.get_by_role("switch", name="New model registry UI").click()
    tab.press("Disable")
    tab.click("Staging")
    tab.screenshot("stages")
    tab.page.get_by_role("menuitem", name=re.compile("Transition to")).filter(has_text="Archived").click()
    dialog = tab.page.get_by_role("dialog")
    dialog.get_by_role("button", name=re.compile("OK|Confirm")).click()
    expect(dialog).to_have_count(0)
    tab.sees("Archived")
    tab.reload()
    tab.sees("Archived")


def test_compare_versions(tab: Tab) -> None:
    tab.open("/models/churn-predictor")
    for version in (1, 2):
        row = tab.page.get_by_role("row").filter(has_text=f"Version {version}")
        row.get_by_role("checkbox").click()
    tab.page.get_by_test_id("compareButton").click()
    tab.settle()
    tab.sees("Comparing 2 Versions", "baseline", "tuned")
