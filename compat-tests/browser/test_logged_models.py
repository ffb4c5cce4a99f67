"""The models that runs logged."""

from playwright.sync_api import expect

from browser.tab import Tab


def test_list(tab: Tab) -> None:
    tab.open(f"{tab.experiment}/models")
    tab.heading("Models")
    rows = tab.page.locator(".ag-center-cols-container .ag-row")
    expect(rows).to_have_count(3)
    tab.sees("Ready", "baseline", "tuned", "deep", "churn-predictor", "customers (#0414fd9a)")


def test_charts(tab: Tab) -> None:
    tab.open(f"{tab.experiment}/models")
    tab.element("list.view-mode").locator("label").last.click()
    tab.settle()
    tab.screenshot("logged_model_charts")


def test_model(tab: Tab) -> None:
    tab.open(f"{tab.experiment}/models/{tab.facts['models'][1]}")
    tab.heading("classifier")
    tab.sees(
        "Metrics (34)", "train/loss", "Parameters (3)", "threshold", "tuned", "churn-predictor", "v2", "Ready"
    )


def test_mlmodel(tab: Tab) -> None:
    tab.open(f"{tab.experiment}/models/{tab.facts['models'][1]}/artifacts")
    tab.sees("conda.yaml", "python_model.pkl", "requirements.txt")
    tab.click("MLmodel")
    tab.sees("python_function", f"model_id: {tab.facts['models'][1]}", "mlflow_version: 3.17.2")


def test_register(tab: Tab) -> None:
    tab.open(f"{tab.experiment}/models/{tab.facts['models'][0]}")
    tab.press("Register model")
    dialog = tab.page.get_by_role("dialog")
    tab.screenshot("register_model")
    dialog.get_by_role("combobox").click()
    tab.page.get_by_text("Create New Model", exact=True).click()
    dialog.get_by_placeholder("Input a model name").fill("registered in the browser")
    dialog.get_by_role("button", name="Register", exact=True).click()
    expect(dialog).to_have_count(0)
    tab.open("/models/registered%20in%20the%20browser/versions/1")
    tab.heading("Version 1")
