"""The first page and the list of experiments."""

from playwright.sync_api import expect

from browser.tab import Tab


def test_first_visit(new_tab: Tab) -> None:
    """The assistant opens by itself, and the UI asks what the user works on."""
    tab = new_tab
    tab.open("/")
    tab.heading("Welcome to MLflow")
    tab.sees("Beta", "churn")
    tab.screenshot("assistant")
    tab.press("Close")
    expect(tab.button("Close")).to_have_count(0)
    tab.click("Model training")
    tab.sees("Model registry")


def test_home(tab: Tab) -> None:
    tab.open("/")
    tab.heading("Recent Experiments")
    row = tab.page.get_by_role("row").filter(has_text="churn")
    expect(row).to_contain_text("team: growth")
    expect(tab.button("Close")).to_have_count(0)
    tab.click("churn")
    tab.sees("baseline", "tuned", "deep")


def test_experiment_list(tab: Tab) -> None:
    tab.open("/experiments")
    tab.heading("Experiments")
    tab.sees("churn", "Default", "team: growth")
    search = tab.page.get_by_placeholder("Search experiments")
    search.fill("chu")
    search.press("Enter")
    tab.settle()
    tab.lacks("Default")
    tab.sees("churn")
    search.fill("no such name")
    search.press("Enter")
    tab.settle()
    tab.lacks("churn")


def test_create_and_delete_experiment(tab: Tab) -> None:
    # The dialog asks whether the name is still free.
    tab.watch.expect_refusal("GET", "/ajax-api/2.0/mlflow/experiments/get-by-name", 404)
    tab.open("/experiments")
    tab.press("Create")
    dialog = tab.page.get_by_role("dialog")
    dialog.get_by_placeholder("Input an experiment name").fill("made in the browser")
    dialog.get_by_role("button", name="Create", exact=True).click()
    expect(dialog).to_have_count(0)
    tab.settle()
    tab.open("/experiments")
    row = tab.page.get_by_role("row").filter(has_text="made in the browser")
    row.get_by_role("checkbox").click()
    tab.press("Delete")
    tab.screenshot("delete_experiment")
    dialog.get_by_role("button", name="Delete", exact=True).click()
    expect(row).to_have_count(0)
