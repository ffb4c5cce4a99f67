"""Prompts and their versions."""

from playwright.sync_api import expect

from browser.tab import Tab


def test_list(tab: Tab) -> None:
    tab.open("/prompts")
    tab.heading("Prompts")
    row = tab.page.get_by_role("row").filter(has_text="summary-prompt")
    expect(row).to_contain_text("Version 2")
    expect(row).to_contain_text("task: summary")
    tab.lacks("churn-predictor")


def test_versions(tab: Tab) -> None:
    tab.open("/prompts/summary-prompt")
    tab.sees(
        "Viewing version 2", "Length is free", "Summarize {{ text }} in {{ count }} lines.", "@ production"
    )
    tab.click("Version 1")
    tab.sees("Viewing version 1", "A first try", "Summarize {{ text }} in one line.")
    tab.click("Compare")
    tab.sees("Comparing version")
    tab.screenshot("prompt_versions_compared")


def test_create(tab: Tab) -> None:
    tab.open("/prompts")
    tab.press("Create prompt")
    dialog = tab.page.get_by_role("dialog")
    tab.screenshot("create_prompt")
    dialog.get_by_placeholder("Provide an unique prompt name").fill("browser-prompt")
    dialog.locator("textarea").first.fill("Say hello to {{ name }}.")
    dialog.get_by_role("button", name="Create", exact=True).click()
    expect(dialog).to_have_count(0)
    tab.settle()
    tab.sees("Viewing version 1", "Say hello to {{ name }}.")
