"""The runs of an experiment as a table, as charts and side by side."""

import re

from playwright.sync_api import expect

from browser.tab import Tab

SEARCH = re.compile(r"metrics\.rmse")


def names(tab: Tab) -> list[str]:
    """The names in the table, from top to bottom."""
    rows = tab.page.locator(".ag-pinned-left-cols-container .ag-row").evaluate_all(
        "rows => rows.map(row => [Number(row.getAttribute('row-index')), row.querySelector('a')?.innerText])"
    )
    return [name for _, name in sorted(rows) if name]


def shows(tab: Tab, expected: list[str]) -> None:
    """Waits until the table shows these runs, in this order."""
    tab.until(lambda: names(tab), expected)


def test_table(tab: Tab) -> None:
    tab.open(f"{tab.experiment}/runs")
    shows(tab, ["sweep", "deep", "tuned", "baseline"])
    tab.sees("8 matching runs", "customers (0414fd9a)", "seed.py", "v3")


def test_nested_runs(tab: Tab) -> None:
    tab.open(f"{tab.experiment}/runs")
    tab.element("runnamecellrenderer.tsx_46").click()
    shows(tab, ["sweep", "sweep-3", "sweep-2", "sweep-1", "sweep-0", "deep", "tuned", "baseline"])
    tab.element("runnamecellrenderer.tsx_46").click()
    shows(tab, ["sweep", "deep", "tuned", "baseline"])


def test_filter(tab: Tab) -> None:
    tab.open(f"{tab.experiment}/runs")
    search = tab.page.get_by_placeholder(SEARCH)
    for text, expected in {
        'params.solver = "network"': ["deep"],
        "metrics.`train/loss` < 0.3 AND metrics.score >= 0": ["tuned"],
        'tags.stage = "trial"': ["tuned", "baseline"],
        # Found runs stand below their parent, which is closed.
        'attributes.run_name LIKE "sweep-%" AND params.rate != "1.0"': ["sweep"],
        'dataset.name = "customers"': ["deep", "tuned", "baseline"],
    }.items():
        search.fill(text)
        search.press("Enter")
        shows(tab, expected)


def test_wrong_filter(tab: Tab) -> None:
    tab.open(f"{tab.experiment}/runs")
    tab.watch.expect_refusal("POST", "/ajax-api/2.0/mlflow/runs/search", 400)
    search = tab.page.get_by_placeholder(SEARCH)
    search.fill("nonsense = 1")
    search.press("Enter")
    tab.sees("Request error", "Invalid attribute key 'nonsense' specified.")


def test_order(tab: Tab) -> None:
    tab.open(f"{tab.experiment}/runs")
    tab.press("Sort: Created")
    tab.page.get_by_placeholder("Search").filter(visible=True).fill("Run Name")
    tab.click("Run Name")
    shows(tab, ["tuned", "sweep-3", "sweep-2", "sweep-1", "sweep-0", "sweep", "deep", "baseline"])
    tab.open(f"{tab.experiment}/runs?orderByKey=metrics.%60score%60&orderByAsc=true")
    tab.until(lambda: names(tab)[:3], ["baseline", "tuned", "deep"])


def test_groups(tab: Tab) -> None:
    tab.open(f"{tab.experiment}/runs")
    tab.press("Group by")
    tab.page.get_by_role("menuitemcheckbox", name="solver").or_(
        tab.page.get_by_role("menuitem", name="solver")
    ).first.click()
    tab.settle()
    rows = tab.page.locator(".ag-pinned-left-cols-container .ag-row")
    expect(rows.filter(has_text="Group: network").get_by_role("status")).to_have_text("1")
    expect(rows.filter(has_text="Group: linear").get_by_role("status")).to_have_text("2")
    expect(rows.filter(has_text="Additional runs").get_by_role("status")).to_have_text("5")


def test_columns(tab: Tab) -> None:
    tab.open(f"{tab.experiment}/runs")
    tab.press("Columns")
    tab.screenshot("columns_menu")
    tab.page.get_by_placeholder("Search columns").fill("score")
    tab.click("score")
    tab.page.keyboard.press("Escape")
    tab.settle()
    header = tab.page.locator(".ag-header-cell").filter(has_text="score")
    expect(header).to_be_visible()
    tab.sees("0.5", "0.6", "0.7")


def test_charts(tab: Tab) -> None:
    tab.open(f"{tab.experiment}/runs?compareRunsMode=CHART")
    tab.sees("Model metrics", "train/loss", "metric_00")
    expect(tab.page.locator(".js-plotly-plot .scatterlayer .trace").first).to_be_attached()


def test_compared_tables(tab: Tab) -> None:
    tab.open(f"{tab.experiment}/runs?compareRunsMode=ARTIFACT")
    tab.sees("answers.json", "Who leaves?", "Ada", "Grace")


def test_compare_two_runs(tab: Tab) -> None:
    tab.open(f"{tab.experiment}/runs")
    for name in ("deep", "tuned"):
        row = tab.page.locator(".ag-pinned-left-cols-container .ag-row").filter(has_text=name)
        row.locator(".ag-selection-checkbox input").click()
    tab.press("Compare")
    tab.heading("Comparing 2 Runs from 1 Experiment")
    expect(tab.page.locator(".parcoords")).to_be_attached()
    tab.screenshot("compare_parallel")
    for plot in ("Scatter Plot", "Contour Plot", "Box Plot"):
        tab.page.get_by_role("tab", name=plot).click()
        tab.settle()
        panel = tab.page.get_by_role("tabpanel", name=plot)
        if plot == "Box Plot":
            for axis, choice in (("X-axis:", "solver"), ("Y-axis:", "train/loss")):
                panel.get_by_label(axis).click()
                tab.page.get_by_role("option", name=choice, exact=True).first.click()
        expect(panel.locator(".js-plotly-plot")).to_be_visible()
        tab.screenshot(f"compare_{plot.split()[0].lower()}")
    details = tab.page.get_by_role("row")
    expect(details.filter(has_text="Run Name:")).to_contain_text("tuned")
    expect(details.filter(has_text="solver")).to_contain_text("network")
    expect(details.filter(has_text="solver")).to_contain_text("linear")
    tab.page.get_by_role("link", name="metric_00").click()
    tab.settle()
    tab.sees("(step=49)", "(step=999)")
    expect(tab.page.locator(".js-plotly-plot .scatterlayer .trace").first).to_be_attached()
    tab.screenshot("compare_metric")
