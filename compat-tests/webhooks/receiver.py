"""A receiver of webhooks on this machine, which checks signatures as one written for MLflow does."""

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from mlflow.webhooks.constants import (
    WEBHOOK_DELIVERY_ID_HEADER,
    WEBHOOK_SIGNATURE_HEADER,
    WEBHOOK_TIMESTAMP_HEADER,
)
from mlflow.webhooks.delivery import _generate_hmac_signature

FRESH_SECONDS = 300


@dataclass
class Message:
    path: str
    headers: dict[str, str]
    body: str
    received_at: float = field(default_factory=time.time)

    @property
    def delivery_id(self) -> str:
        return self.headers[WEBHOOK_DELIVERY_ID_HEADER.lower()]

    @property
    def content(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def event(self) -> str:
        return f"{self.content['entity']}.{self.content['action']}"

    @property
    def data(self) -> dict[str, Any]:
        return self.content["data"]

    def is_signed_with(self, secret: str) -> bool:
        """The check that MLflow's documentation shows: the signature, and that the message is fresh."""
        timestamp = self.headers[WEBHOOK_TIMESTAMP_HEADER.lower()]
        expected = _generate_hmac_signature(secret, self.delivery_id, timestamp, self.body)
        is_fresh = abs(self.received_at - int(timestamp)) < FRESH_SECONDS
        return self.headers[WEBHOOK_SIGNATURE_HEADER.lower()] == expected and is_fresh


class Receiver:
    """Keeps all that it is sent. Answers after a moment, so that some deliveries are always under way."""

    def __init__(self, *, seconds_to_answer: float = 0.0) -> None:
        self._messages: list[Message] = []
        self._changed = threading.Condition()
        self._answers = threading.Event()
        self._answers.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                if not receiver._answers.is_set():
                    receiver._answers.wait(60)
                    self.close_connection = True
                    return
                receiver._keep(Message(self.path, headers, body))
                time.sleep(seconds_to_answer)
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A server that is killed breaks its connections off, which is meant."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _keep(self, message: Message) -> None:
        with self._changed:
            self._messages.append(message)
            self._changed.notify_all()

    def hang(self) -> None:
        """From now on, what arrives is not taken, and whoever sent it waits for an answer."""
        self._answers.clear()

    def recover(self) -> None:
        self._answers.set()

    @property
    def messages(self) -> list[Message]:
        with self._changed:
            return list(self._messages)

    def wait_until(self, are_enough: Callable[[list[Message]], bool], *, seconds: float = 240) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: are_enough(self._messages), timeout=seconds)
