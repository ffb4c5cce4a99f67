"""One tab of the browser on one server's UI, in the words of who looks at it."""

import json
import re
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Locator, expect

from browser.watch import NOTE_TOASTS, Watcher

# What a returning user's browser remembers: experiments are about model training, and the assistant's panel,
# which opens by itself on the first visit, was closed. So was the introduction to aliases.
REMEMBERED = {
    "mlflow.workflowType_v1": '"machine_learning"',
    "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
    "mlflow.assistant.panelOpen_v1": "false",
    "_mlflow_model_registry_promo_modal_dismissed_v1": "true",
}

# The tabs share the browser's cache, but not what the UI keeps: session storage is new in each tab.
START_AFRESH = """
if (window === top && !sessionStorage.getItem('started afresh')) {
  localStorage.clear();
  sessionStorage.setItem('started afresh', 'yes');
  for (const [key, value] of Object.entries(REMEMBERED)) localStorage.setItem(key, value);
}
"""


class Tab:
    def __init__(
        self, context: BrowserContext, *, url: str, facts: dict[str, Any], report: Path, returning: bool
    ) -> None:
        self.url = url
        self.facts = facts
        self.page = context.new_page()
        self.page.add_init_script(NOTE_TOASTS)
        remembered = json.dumps(REMEMBERED if returning else {})
        self.page.add_init_script(START_AFRESH.replace("REMEMBERED", remembered))
        self.watch = Watcher(self.page, url)
        self._report = report

    @property
    def experiment(self) -> str:
        return f"/experiments/{self.facts['experiment_id']}"

    def run(self, name: str) -> str:
        return f"{self.experiment}/runs/{self.facts['runs'][name]}"

    @property
    def spare_run(self) -> str:
        """A run that tests may change, in an experiment of its own."""
        return f"/experiments/{self.facts['spare_experiment_id']}/runs/{self.facts['spare_run']}"

    def open(self, path: str) -> None:
        """Goes to a page of the UI and waits until it is complete."""
        self.page.goto(f"{self.url}/#{path}")
        self.settle()

    def reload(self) -> None:
        self.page.reload()
        self.settle()

    def settle(self) -> None:
        self.watch.settle()

    def sees(self, *texts: str | re.Pattern[str]) -> None:
        """Waits until each text is on the page."""
        for text in texts:
            expect(self.page.get_by_text(text).filter(visible=True).first).to_be_visible()

    def lacks(self, *texts: str) -> None:
        for text in texts:
            expect(self.page.get_by_text(text, exact=True).filter(visible=True)).to_have_count(0)

    def heading(self, text: str) -> None:
        expect(self.page.get_by_role("heading", name=text).first).to_be_visible()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True).filter(visible=True).first

    def click(self, text: str) -> None:
        """Clicks what has this text and waits for what comes of it."""
        self.page.get_by_text(text, exact=True).filter(visible=True).first.click()
        self.settle()

    def press(self, name: str) -> None:
        self.button(name).click()
        self.settle()

    def element(self, component: str) -> Locator:
        """What the UI marks with this name for its usage statistics, where nothing on the screen names it."""
        return self.page.locator(f'[data-component-id$="{component}"]').filter(visible=True).first

    def until(self, look: Callable[[], Any], expected: Any, seconds: float = 60) -> None:
        """Looks until it sees what is expected."""
        deadline = time.monotonic() + seconds
        while (seen := look()) != expected:
            assert time.monotonic() < deadline, f"{seen}\nin the place of\n{expected}"
            self.page.wait_for_timeout(100)

    def screenshot(self, name: str) -> None:
        self._report.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self._report / f"{name}.png")

    def finish(self, name: str) -> None:
        """Keeps what was seen and asked for, and fails on what a healthy server does not cause."""
        self.settle()
        self.screenshot(name)
        calls = [asdict(call) for call in self.watch.calls]
        (self._report / f"{name}.json").write_text(json.dumps(calls, indent=1))
        problems = self.watch.problems()
        assert not problems, "\n".join(problems)
