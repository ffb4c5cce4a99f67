"""Secrets of webhooks are kept as stock MLflow keeps them: either server signs for the other's webhooks."""

from collections.abc import Callable, Iterator

import pytest

from harness.servers import STOCK, Server
from webhooks.changes import API, create_webhook
from webhooks.receiver import Message, Receiver

SECRETS = {"/of-stock": "stock's secret: Größe", "/of-ours": "our secret: 日本語"}


@pytest.fixture(scope="module")
def messages(
    start_sender: Callable[..., Server], subject: str, database_kind: str
) -> Iterator[dict[str, list[Message]]]:
    """What two webhooks, one made by each server, are sent by each server, by the server that sent it."""
    with Receiver() as receiver:
        stock = start_sender(STOCK, database_kind=database_kind)
        ours = start_sender(subject, like=stock)
        for server, path in [(stock, "/of-stock"), (ours, "/of-ours")]:
            create_webhook(server, receiver.url + path, SECRETS[path])
        for sender, server in [("stock", stock), ("ours", ours)]:
            server.post(
                f"{API}/registered-models/create", name=f"by {sender}", tags=[{"key": "a", "value": "ß"}]
            )
        receiver.wait_until(lambda messages: len(messages) >= 4)
        by_sender: dict[str, list[Message]] = {"stock": [], "ours": []}
        for message in receiver.messages:
            by_sender[message.data["name"].removeprefix("by ")].append(message)
        yield by_sender


@pytest.mark.parametrize("sender", ["stock", "ours"])
@pytest.mark.parametrize("path", list(SECRETS))
def test_signature(messages: dict[str, list[Message]], sender: str, path: str) -> None:
    [message] = [message for message in messages[sender] if message.path == path]
    assert message.is_signed_with(SECRETS[path])


def test_the_same_message(messages: dict[str, list[Message]]) -> None:
    stock, ours = (messages[sender][0] for sender in ("stock", "ours"))
    assert list(stock.content) == list(ours.content)
    assert stock.data | {"name": ""} == ours.data | {"name": ""}
    # Names of headers are compared as HTTP does, without their case; what a library adds is left out.
    kept = [name for name in stock.headers if name.startswith("x-mlflow-") or name == "content-type"]
    assert len(kept) == 4
    assert {name for name in ours.headers if name in kept} == set(kept)
