"""Many crashes at random points under load: what was acknowledged is there, and no request half."""

import itertools
import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests
import sqlalchemy

from harness.servers import STOCK, Server

API = "/api/2.0/mlflow"
CLIENTS = 6
CRASHES = 20
# Large enough that the log is copied into the database again and again meanwhile.
POINTS = 100
TAGS = 3
# The server lives on for a part of this after the first acknowledgement of a round.
LONGEST_LIFE_SECONDS = 0.4


@dataclass
class Written:
    """Numbers of batches, each of which was sent once."""

    numbers: Iterator[int] = field(default_factory=itertools.count)
    sent: list[int] = field(default_factory=list)
    acknowledged: set[int] = field(default_factory=set)
    refused: set[int] = field(default_factory=set)


@dataclass
class Round:
    server: Server
    run_id: str
    written: Written
    first_acknowledged: threading.Event = field(default_factory=threading.Event)

    def write_until_killed(self) -> None:
        session = requests.Session()
        try:
            for number in self.written.numbers:
                self.written.sent.append(number)
                wrong = number % 7 == 0
                answer = session.post(
                    f"{self.server.url}{API}/runs/log-batch",
                    json=_batch(self.run_id, number, wrong),
                    timeout=60,
                )
                assert answer.status_code == (400 if wrong else 200), answer.text
                (self.written.refused if wrong else self.written.acknowledged).add(number)
                self.first_acknowledged.set()
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            pass
        finally:
            self.first_acknowledged.set()


def _batch(run_id: str, number: int, wrong: bool) -> dict[str, Any]:
    """One that is wrong gives a new param, and then another value to a param that has one."""
    params = [{"key": f"batch-{number}", "value": "1"}]
    if wrong:
        params.append({"key": "fixed", "value": "another"})
    return {
        "run_id": run_id,
        "metrics": [
            {"key": f"batch-{number}", "value": step, "step": step, "timestamp": 1} for step in range(POINTS)
        ],
        "params": params,
        "tags": [{"key": f"batch-{number}-{tag}", "value": "1"} for tag in range(TAGS)],
    }


@pytest.fixture(scope="module")
def server(start_server: Callable[..., Server], subject: str, database_kind: str) -> Server:
    if subject == STOCK:
        pytest.skip("stock MLflow takes ten seconds to start, and keeps a batch in several transactions")
    return start_server(subject, database_kind=database_kind)


@pytest.fixture(scope="module")
def written(server: Server) -> Written:
    chance = random.Random(20)
    written = Written()
    run_id = server.post(f"{API}/runs/create", experiment_id="0")["run"]["info"]["run_id"]
    server.post(f"{API}/runs/log-parameter", run_id=run_id, key="fixed", value="one")
    for _ in range(CRASHES):
        one = Round(server, run_id, written)
        with ThreadPoolExecutor(CLIENTS) as pool:
            clients = [pool.submit(one.write_until_killed) for _ in range(CLIENTS)]
            one.first_acknowledged.wait()
            # Where in its work the server is cut off is left to chance; nothing waits for this.
            threading.Event().wait(chance.uniform(0, LONGEST_LIFE_SECONDS))
            server.kill()
            for client in clients:
                client.result()
        server.start()
    return written


@pytest.fixture(scope="module")
def rows(server: Server, written: Written) -> dict[str, dict[str, int]]:
    """How many rows each batch has in each table. Read from the database itself, which the server has
    open again."""
    assert written.sent
    engine = sqlalchemy.create_engine(server.database.stock_uri)
    statements = {
        "metrics": "SELECT key, count(*) FROM metrics WHERE key LIKE 'batch-%' GROUP BY key",
        "latest": "SELECT key, count(*) FROM latest_metrics WHERE key LIKE 'batch-%' GROUP BY key",
        "params": "SELECT key, count(*) FROM params WHERE key LIKE 'batch-%' GROUP BY key",
        "tags": "SELECT substr(key, 1, length(key) - 2), count(*) FROM tags"
        " WHERE key LIKE 'batch-%' GROUP BY 1",
    }
    with engine.connect() as connection:
        found = {
            table: {str(key): int(number) for key, number in connection.execute(sqlalchemy.text(statement))}
            for table, statement in statements.items()
        }
    engine.dispose()
    return found


def _of(rows: dict[str, dict[str, int]], number: int) -> dict[str, int]:
    return {table: counted.get(f"batch-{number}", 0) for table, counted in rows.items()}


WHOLE = {"metrics": POINTS, "latest": 1, "params": 1, "tags": TAGS}
ABSENT = dict.fromkeys(WHOLE, 0)


def test_something_was_written_in_each_life(written: Written) -> None:
    assert len(written.acknowledged | written.refused) >= CRASHES


def test_acknowledged_batches_are_there(written: Written, rows: dict[str, dict[str, int]]) -> None:
    assert [number for number in written.acknowledged if _of(rows, number) != WHOLE] == []


def test_refused_batches_left_nothing(written: Written, rows: dict[str, dict[str, int]]) -> None:
    assert written.refused
    assert [number for number in written.refused if _of(rows, number) != ABSENT] == []


def test_no_batch_is_there_in_part(written: Written, rows: dict[str, dict[str, int]]) -> None:
    assert [number for number in written.sent if _of(rows, number) not in (WHOLE, ABSENT)] == []


def test_the_database_is_sound(server: Server, written: Written, database_kind: str) -> None:
    assert written.sent
    if database_kind != "sqlite":
        pytest.skip("PostgreSQL was not killed")
    engine = sqlalchemy.create_engine(server.database.stock_uri)
    with engine.connect() as connection:
        assert connection.execute(sqlalchemy.text("PRAGMA integrity_check")).scalar() == "ok"
    engine.dispose()
