"""The page of one run."""

from pathlib import Path

from playwright.sync_api import expect

from browser.tab import Tab


def test_overview(tab: Tab) -> None:
    tab.open(tab.run("tuned"))
    tab.heading("tuned")
    tab.sees(
        "The tuned attempt", "Finished", "customers (0414fd9a)", "stage: trial", "churn-predictor", "seed.py"
    )
    tab.sees("Metrics (34)", "System metrics (3)", "Model metrics (31)", "Parameters (2)", "classifier")
    row = tab.page.get_by_role("row").filter(has_text="system/cpu_utilization_percentage")
    expect(row).to_contain_text("20")
    tab.page.get_by_placeholder("Search metrics").fill("metric_27")
    tab.lacks("metric_26")
    tab.sees("metric_27")


def test_parent_and_children(tab: Tab) -> None:
    tab.open(tab.run("sweep-2"))
    tab.sees("Parent run")
    tab.click("sweep")
    tab.heading("sweep")
    tab.sees("Child runs", "sweep-0", "sweep-3")


def test_model_metrics(tab: Tab) -> None:
    tab.open(f"{tab.run('tuned')}/model-metrics")
    tab.sees("train", "accuracy", "loss", "Model metrics", "metric_00")
    expect(tab.page.locator(".js-plotly-plot .scatterlayer .trace").first).to_be_attached()
    tab.page.get_by_placeholder("Search metric charts").fill("loss")
    tab.lacks("metric_00")


def test_system_metrics(tab: Tab) -> None:
    tab.open(f"{tab.run('tuned')}/system-metrics")
    tab.sees("cpu_utilization_percentage", "disk_usage_percentage")
    for chart in range(3):
        traces = tab.page.locator(".js-plotly-plot").nth(chart).locator(".scatterlayer .trace")
        expect(traces.first).to_be_attached()


def test_edit_description(tab: Tab) -> None:
    tab.open(tab.spare_run)
    tab.press("Edit description")
    tab.page.locator("textarea").filter(visible=True).fill("A **bold** word")
    tab.press("Save")
    expect(tab.page.locator("strong").filter(has_text="bold")).to_be_visible()
    tab.reload()
    expect(tab.page.locator("strong").filter(has_text="bold")).to_be_visible()


def test_edit_tags(tab: Tab) -> None:
    tab.open(tab.spare_run)
    tab.press("Add tags")
    dialog = tab.page.get_by_role("dialog")
    dialog.get_by_role("combobox").fill("colour")
    tab.page.keyboard.press("Enter")
    dialog.get_by_placeholder("Type a value").fill("blue")
    dialog.get_by_role("button", name="Add tag").click()
    dialog.get_by_role("button", name="Save tags").click()
    expect(dialog).to_have_count(0)
    tab.sees("colour: blue")
    tab.reload()
    tab.sees("colour: blue")


def test_rename(tab: Tab) -> None:
    tab.open(tab.spare_run)
    tab.press("Open header dropdown menu")
    tab.click("Rename")
    dialog = tab.page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("renamed")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    tab.settle()
    tab.heading("renamed")


def test_previews(tab: Tab) -> None:
    tab.open(f"{tab.run('tuned')}/artifacts")
    tab.sees("Select a file to preview")
    tab.click("answers.json")
    tab.sees("question", "Who leaves?", "Grace", "0.75")
    tab.screenshot("preview_table")
    tab.click("classes.json")
    tab.sees('"classes"', '"leaves"')
    tab.screenshot("preview_json")
    tab.click("gradient.png")
    picture = (
        tab.page.get_by_role("main").locator("img[src^='blob:'], img[src*='get-artifact'], canvas").first
    )
    expect(picture).to_be_visible()
    tab.screenshot("preview_image")
    tab.click("page.html")
    expect(tab.page.frame_locator("iframe").get_by_text("Hello from HTML")).to_be_visible()
    tab.screenshot("preview_html")
    tab.click("report.md")
    tab.heading("Report")
    tab.click("scores.csv")
    tab.sees("Previewing the first 2 rows", "grace")
    tab.screenshot("preview_csv")
    tab.click("notes")
    tab.click("note.txt")
    tab.sees("second line of the note")


def test_download_artifact(tab: Tab) -> None:
    tab.open(f"{tab.run('tuned')}/artifacts")
    tab.click("scores.csv")
    with tab.page.expect_download() as started:
        tab.element("artifactview.tsx_337").click()
    assert started.value.suggested_filename == "scores.csv"
    assert Path(started.value.path()).read_text() == "name,score\nada,1\ngrace,2\n"
