"""A database that the newest MLflow has upgraded stays flowkeep's, and the newest MLflow's too."""

from collections.abc import Callable

from dropin.records import read, write
from harness.migrations import upgrade
from harness.servers import NEWEST, Server


def test_upgraded_database(start_server: Callable[..., Server], subject: str, database_kind: str) -> None:
    server = start_server(subject, database_kind=database_kind)
    write(server, "one")
    for turn, kind in [("two", subject), ("three", NEWEST), ("four", subject)]:
        left_behind = read(server)
        server.stop()
        if turn == "two":
            upgrade(server.database)
        server = start_server(kind, like=server)
        assert read(server) == left_behind
        write(server, turn)
    seen = read(server)
    server.stop()
    assert {f"run {turn}" for turn in ("one", "two", "three", "four")} <= {
        run["info"]["run_name"] for run in seen["runs"]
    }
