"""Either server goes on with the database and the artifact folder that the other one wrote."""

from collections.abc import Callable

import pytest

from dropin.records import read, write
from harness.servers import STOCK, Server

API = "/api/2.0/mlflow"


@pytest.mark.parametrize("first", ["stock", "subject"])
def test_servers_take_turns(
    start_server: Callable[..., Server], subject: str, database_kind: str, first: str
) -> None:
    one, other = (STOCK, subject) if first == "stock" else (subject, STOCK)
    server = start_server(one, database_kind=database_kind)
    write(server, "one")
    for turn, kind in [("two", other), ("three", one), ("four", other)]:
        left_behind = read(server)
        server.stop()
        server = start_server(kind, like=server)
        assert read(server) == left_behind
        write(server, turn)
        _change_what_the_first_wrote(server, turn)
    seen = read(server)
    server.stop()
    _check_contents(seen)


def _change_what_the_first_wrote(server: Server, turn: str) -> None:
    """The servers write into each other's records, not only beside them."""
    run = next(run for run in read(server)["runs"] if run["info"]["run_name"] == "run one")
    run_id = run["info"]["run_id"]
    server.post(f"{API}/runs/log-metric", run_id=run_id, key="turns", value=1, step=0, timestamp=len(turn))
    server.post(f"{API}/runs/set-tag", run_id=run_id, key="last turn", value=turn)
    server.post(f"{API}/model-versions/create", name="model one", source="s3://bucket/more")
    versions = server.get(f"{API}/model-versions/search", filter="name = 'model one'")["model_versions"]
    newest = max(versions, key=lambda version: int(version["version"]))["version"]
    server.post(
        f"{API}/model-versions/transition-stage",
        name="model one",
        version=newest,
        stage="Production",
        archive_existing_versions=True,
    )
    server.post(f"{API}/registered-models/alias", name="model one", alias="champion", version=newest)


def _check_contents(seen: dict[str, object]) -> None:
    """Equal readings could both be empty: this says what must be in them."""
    runs = {run["info"]["run_name"]: run for run in seen["runs"] if run["info"]["run_name"] != "forgotten"}
    assert sorted(runs) == ["run four", "run one", "run three", "run two"]
    assert {"key": "last turn", "value": "four"} in runs["run one"]["data"]["tags"]
    turns = seen["history"][runs["run one"]["info"]["run_id"]]["turns"]["metrics"]
    assert [point["timestamp"] for point in turns] == [len("two"), len("four"), len("three")]
    stages = {
        version["version"]: version["current_stage"]
        for version in seen["versions"]
        if version["name"] == "model one"
    }
    assert stages == {
        "1": "Archived",
        "2": "Archived",
        "3": "Staging",
        "4": "Archived",
        "5": "Archived",
        "6": "Production",
    }
    champions = {
        found["model_version"]["name"]: found["model_version"]["version"] for found in seen["champions"]
    }
    assert champions == {"model one": "6", "model two": "2", "model three": "2", "model four": "2"}
    assert set(seen["files"][runs["run two"]["info"]["run_id"]].values()) == {"two"}
