"""Pages that a team which trains models seldom opens: complete on each server, and without an error."""

from browser.tab import Tab

PAGES = {
    "traces": "{experiment}/traces",
    "run traces": "{run}/traces",
    "logged model traces": "{experiment}/models/{model}/traces",
    "overview": "{experiment}/overview",
    "sessions": "{experiment}/chat-sessions",
    "judges": "{experiment}/judges",
    "review queues": "{experiment}/review-queues",
    "datasets": "{experiment}/datasets",
    "evaluation runs": "{experiment}/evaluation-runs",
    "experiment prompts": "{experiment}/prompts",
    "playground": "{experiment}/playground",
    "settings": "/settings",
    "webhooks": "/settings/webhooks",
    "llm connections": "/settings/llm-connections",
    "gateway": "/gateway",
    "mcp registry": "/mcp-registry",
}


def test_pages(tab: Tab) -> None:
    for name, path in PAGES.items():
        tab.open(path.format(experiment=tab.experiment, run=tab.run("tuned"), model=tab.facts["models"][1]))
        tab.screenshot(name)
        tab.sees("3.17.2")
        tab.lacks("Error", "Something went wrong", "An error occurred while rendering this component.")
