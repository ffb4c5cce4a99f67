"""What webhooks are to be told of outlives `kill -9`, with the change that it tells of."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
import requests

from harness.servers import STOCK, Server
from webhooks.changes import API, Changes, Told, create_webhook, told
from webhooks.receiver import Receiver

ROUNDS = 3
CLIENTS = 4
SECRET = "one that only the two know"


class Killed:
    """A server that was killed in the middle of changes and deliveries, and started again."""

    def __init__(self, server: Server, receiver: Receiver) -> None:
        self.server = server
        self.receiver = receiver
        self.acknowledged: set[Told] = set()
        self.refused = 0

    def kill_in_the_middle(self, number: int) -> None:
        clients = [Changes(self.server, f"round-{number}-client-{client}") for client in range(CLIENTS)]
        enough = random.randint(100, 300)
        stopped = threading.Event()
        with ThreadPoolExecutor(CLIENTS) as pool:
            writing = [pool.submit(_change_until_killed, client, stopped) for client in clients]
            for acknowledged, then in [(enough - 20, self.receiver.hang), (enough, self.server.kill)]:
                while sum(len(client.acknowledged) for client in clients) < acknowledged:
                    if stopped.wait(0.005):
                        break
                then()
            # A client that ended for another reason says so here.
            assert all(one.result() for one in writing)
        self.receiver.recover()
        for client in clients:
            self.acknowledged.update(client.acknowledged)
            self.refused += client.refused


def _change_until_killed(changes: Changes, stopped: threading.Event) -> bool:
    try:
        for number in count():
            changes.of_one_model(number)
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
        return True
    finally:
        stopped.set()
    return False


@pytest.fixture(scope="module")
def killed(start_sender: Callable[..., Server], subject: str, database_kind: str) -> Iterator[Killed]:
    if subject == STOCK:
        pytest.skip("stock MLflow keeps deliveries in memory only")
    with Receiver(seconds_to_answer=0.02) as receiver:
        server = start_sender(subject, database_kind=database_kind)
        create_webhook(server, receiver.url, SECRET)
        killed = Killed(server, receiver)
        for number in range(ROUNDS):
            killed.kill_in_the_middle(number)
            server.start()
        yield killed


@pytest.fixture(scope="module")
def delivered(killed: Killed) -> set[Told]:
    def is_all_there(messages: list) -> bool:
        return killed.acknowledged <= {told(message.event, message.data) for message in messages}

    killed.receiver.wait_until(is_all_there)
    return {told(message.event, message.data) for message in killed.receiver.messages}


def test_every_acknowledged_change_is_told(killed: Killed, delivered: set[Told]) -> None:
    assert len(killed.acknowledged) >= ROUNDS * 100
    assert killed.acknowledged - delivered == set()


def test_what_did_not_happen_is_not_told(killed: Killed, delivered: set[Told]) -> None:
    """What is told beyond the acknowledged changes was committed just before the kill."""
    assert killed.refused > 0
    beyond = delivered - killed.acknowledged
    assert len(beyond) <= ROUNDS * CLIENTS
    for event, *names in beyond:
        data = dict(name.split("=", 1) for name in names)
        if event == "registered_model.created":
            killed.server.get(f"{API}/registered-models/get", name=data["name"])
        elif "version" in data:
            found = killed.server.get(f"{API}/model-versions/get", name=data["name"], version=data["version"])
            if event == "model_version_tag.set":
                assert {"key": "a", "value": data["value"]} in found["model_version"]["tags"]
            if event == "model_version_alias.created":
                assert found["model_version"]["aliases"] == [data["alias"]]


def test_each_message_is_signed(killed: Killed, delivered: set[Told]) -> None:
    for message in killed.receiver.messages:
        assert message.headers["content-type"] == "application/json"
        assert message.is_signed_with(SECRET)


def test_a_message_that_comes_again_is_the_same(killed: Killed, delivered: set[Told]) -> None:
    bodies: dict[str, set[str]] = {}
    for message in killed.receiver.messages:
        bodies.setdefault(message.delivery_id, set()).add(message.body)
    assert {len(same) for same in bodies.values()} == {1}
    # Each change is told once; only a delivery that was cut off comes again, with its id.
    assert len(bodies) == len(delivered)
