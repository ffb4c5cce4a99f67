"""Two servers on one PostgreSQL: what is to be delivered is taken by one of them."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness.servers import STOCK, Server
from webhooks.changes import Changes, create_webhook, told
from webhooks.receiver import Receiver

SECRET = "one that only the two know"
MODELS = 20


def test_each_delivery_is_made_once(start_sender: Callable[..., Server], subject: str) -> None:
    if subject == STOCK:
        pytest.skip("stock MLflow delivers its own changes only")
    first = start_sender(subject, database_kind="postgres")
    second = start_sender(subject, like=first)
    with Receiver() as receiver:
        create_webhook(first, receiver.url, SECRET)
        clients = [
            Changes(server, f"client-{number}")
            for number, server in enumerate([first, second, first, second])
        ]
        with ThreadPoolExecutor(len(clients)) as pool:
            for done in [pool.submit(_change, client) for client in clients]:
                done.result()
        expected = Counter(one for client in clients for one in client.acknowledged)
        receiver.wait_until(lambda messages: len(messages) >= expected.total())
        # Both look into the outbox until they are stopped: nothing comes after that.
        first.stop()
        second.stop()
        messages = receiver.messages
    assert Counter(told(message.event, message.data) for message in messages) == expected
    assert len({message.delivery_id for message in messages}) == len(messages)
    assert all(message.is_signed_with(SECRET) for message in messages)


def _change(client: Changes) -> None:
    for number in range(MODELS):
        client.of_one_model(number)
