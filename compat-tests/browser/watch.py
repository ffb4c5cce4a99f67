"""Listens to a tab: what it asks the server for, what it complains about, and whether it still loads."""

import re
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import ConsoleMessage, Error, Page, Request, Response

# What the stock server answers to its own UI with a 4xx: method, path and status.
STOCK_REFUSALS = {
    # The UI asks who is logged in. Without the authentication app there is no such route.
    ("GET", "/ajax-api/2.0/mlflow/users/current", 404),
}

# What the stock UI writes to the console as errors while all is well.
STOCK_COMPLAINTS = [
    # Chromium says so of each reply with a 4xx or 5xx. The replies themselves are judged instead.
    r"^Failed to load resource: the server responded with a status of \d+",
    # Two charts that are laid out at once. Browsers report it, and it has no consequence.
    r"ResizeObserver loop completed with undelivered notifications",
    # Pages without traces embed a film of mlflow.org, which the browser of the tests may not reach.
    r"net::ERR_NAME_NOT_RESOLVED",
]

# Runs in each page. An error toast goes away by itself, so each is noted on the console when it comes.
NOTE_TOASTS = """
if (window === top) {
  const noted = new WeakSet();
  new MutationObserver(() => {
    const found = document.querySelectorAll('[class*="-notification-notice-icon-error"]');
    for (const icon of found) {
      if (noted.has(icon)) continue;
      noted.add(icon);
      const notice = icon.closest('[class$="-notification-notice"]') ?? icon.parentElement;
      console.error('error toast: ' + notice.innerText);
    }
  }).observe(document, {subtree: true, childList: true});
}
"""

# What shows that a page, or a part of it, is not there yet. Charts out of view are not filled at all.
LOADING_IN_VIEW = """() => {
  const marks = '[class*="-spin-spinning"], [class*="-skeleton-content"], .mlflow-artifact-view-skeleton';
  return [...document.querySelectorAll(marks)].filter((mark) => {
    const box = mark.getBoundingClientRect();
    const inView = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
    return inView && box.width > 0 && mark.checkVisibility({opacityProperty: true, visibilityProperty: true});
  }).map((mark) => mark.className);
}"""


@dataclass
class Call:
    method: str
    path: str
    status: int
    operation: str = ""
    body: Any = None


@dataclass
class Watcher:
    """Everything that one tab did since it was opened."""

    page: Page
    origin: str
    calls: list[Call] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    expected: set[tuple[str, str, int]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._waiting: set[Request] = set()
        self._graphql: list[Response] = []
        self.page.on("request", self._on_request)
        self.page.on("requestfinished", lambda request: self._waiting.discard(request))
        self.page.on("requestfailed", self._on_failed)
        self.page.on("response", self._on_response)
        self.page.on("console", self._on_console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))

    def expect_refusal(self, method: str, path: str, status: int) -> None:
        """Says that the test provokes this reply."""
        self.expected.add((method, path, status))

    def settle(self, seconds: float = 60) -> None:
        """Waits until no request is under way and nothing on the page is still loading."""
        deadline = time.monotonic() + seconds
        quiet = 0
        while quiet < 3:
            assert time.monotonic() < deadline, f"still loading after {seconds} seconds: {self._unfinished()}"
            # Also lets the events of the browser in.
            self.page.wait_for_timeout(50)
            quiet = 0 if self._unfinished() else quiet + 1

    def _unfinished(self) -> list[str]:
        return [request.url for request in self._waiting] + self.page.evaluate(LOADING_IN_VIEW)

    def problems(self) -> list[str]:
        """What a healthy server does not make the UI do."""
        allowed = STOCK_REFUSALS | self.expected
        refused = [
            f"{call.method} {call.path} {call.operation}: {call.status}"
            for call in self.calls
            if call.status >= 400 and (call.method, call.path, call.status) not in allowed
        ]
        return (
            refused + self.complaints + [problem for reply in self._graphql for problem in _errors_in(reply)]
        )

    def _ours(self, url: str) -> bool:
        return url.startswith(f"{self.origin}/")

    def _on_request(self, request: Request) -> None:
        # The worker that would send usage statistics is never reported as finished.
        if self._ours(request.url) and not request.url.endswith(".worker.js"):
            self._waiting.add(request)

    def _on_failed(self, request: Request) -> None:
        self._waiting.discard(request)
        # A page that is left breaks off what it was asking for.
        if self._ours(request.url) and request.failure != "net::ERR_ABORTED":
            self.complaints.append(f"{request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if not self._ours(response.url):
            return
        request = response.request
        path = urlsplit(response.url).path
        call = Call(request.method, path, response.status)
        if path.endswith("/graphql"):
            call.operation = request.post_data_json["operationName"]
            self._graphql.append(response)
        call.body = request.post_data or dict(parse_qsl(urlsplit(response.url).query))
        self.calls.append(call)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not any(re.search(one, message.text) for one in STOCK_COMPLAINTS):
            self.complaints.append(f"console: {message.text}")


def _errors_in(reply: Response) -> list[str]:
    """GraphQL tells of failures with the status 200."""
    try:
        answer = reply.json()
    except Error:
        # The browser forgets what a page received once the page is left.
        return []
    errors = [error["message"] for error in answer.get("errors") or []]
    for result in (answer.get("data") or {}).values():
        if isinstance(result, dict) and result.get("apiError"):
            errors.append(result["apiError"]["message"])
    return [f"GraphQL: {error}" for error in errors]
