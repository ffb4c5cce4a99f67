"""At most so many versions are active, whoever registers them; archived ones come back to where they were."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from mlflow.exceptions import RestException
from mlflow.tracking import MlflowClient

from governance.conftest import apply_policy
from harness.servers import Server

MOST = 10
AT_ONCE = 10
# Versions that two stages and an alias keep.
KEPT = 3

POLICY = f"""\
apiVersion: flowkeep/v1
kind: LifecyclePolicy
metadata:
  name: limited
spec:
  models:
    names: ["limited *"]
  stages:
    Staging: {{}}
    Production: {{}}
  versions:
    max_active: {MOST}
"""


@pytest.fixture(scope="module")
def limited(server: Server) -> Server:
    apply_policy(server, POLICY)
    return server


@pytest.fixture
def name(limited: Server, request: pytest.FixtureRequest) -> str:
    """A model of its own for each test."""
    name = f"limited {request.node.originalname}"
    MlflowClient(tracking_uri=limited.url).create_registered_model(name)
    return name


def register(client: MlflowClient, name: str) -> Any:
    return client.create_model_version(name, "s3://bucket/model", await_creation_for=0)


def active(client: MlflowClient, name: str) -> list[int]:
    versions = client.search_model_versions(f"name = '{name}'", max_results=1000)
    return sorted(int(version.version) for version in versions if version.current_stage != "Archived")


def test_ten_clients_that_register_at_once(limited: Server, name: str) -> None:
    def register_some(_: int) -> list[int]:
        client = MlflowClient(tracking_uri=limited.url)
        return [int(register(client, name).version) for _ in range(3)]

    client = MlflowClient(tracking_uri=limited.url)
    for version, stage in (("1", "Production"), ("2", "Staging"), ("3", "None")):
        register(client, name)
        client.transition_model_version_stage(name, version, stage)
    client.set_registered_model_alias(name, "challenger", "3")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        made = [version for versions in pool.map(register_some, range(AT_ONCE)) for version in versions]
    last = KEPT + 3 * AT_ONCE
    assert sorted(made) == list(range(KEPT + 1, last + 1))
    newest = range(last - (MOST - KEPT) + 1, last + 1)
    assert active(client, name) == [1, 2, 3, *newest]
    archived = [
        entry
        for entry in limited.get("/api/1.0/flowkeep/history", model=name, max_results=1000)["entries"]
        if entry["action"] == "version.transitioned" and "reason" in entry["after"]
    ]
    assert [int(entry["version"]) for entry in archived] == list(range(KEPT + 1, last - (MOST - KEPT) + 1))


def test_the_new_version_says_which_one_gave_way(limited: Server, name: str) -> None:
    client = MlflowClient(tracking_uri=limited.url)
    for _ in range(MOST):
        assert register(client, name).status_message in (None, "")
    made = register(client, name)
    assert made.status_message == f"Version 1 was archived, because at most {MOST} versions may be active."
    found = client.get_model_version(name, made.version)
    assert (found.status, found.status_message) == ("READY", made.status_message)
    copied = client.copy_model_version(f"models:/{name}/{made.version}", name)
    assert copied.status_message.startswith("Version 2 was archived")
    assert active(client, name) == list(range(3, MOST + 3))


def test_where_every_version_is_kept_there_is_no_room(limited: Server, name: str) -> None:
    client = MlflowClient(tracking_uri=limited.url)
    for number in range(1, MOST + 1):
        register(client, name)
        client.set_registered_model_alias(name, f"kept-{number}", str(number))
    with pytest.raises(RestException) as error:
        register(client, name)
    assert error.value.error_code == "PERMISSION_DENIED"
    message = error.value.message
    assert "max_active: with this one, 11 versions would be active, and at most 10 may be." in message
    assert "10 (alias 'kept-10')" in message
    client.delete_registered_model_alias(name, "kept-4")
    register(client, name)
    assert active(client, name) == [1, 2, 3, 5, 6, 7, 8, 9, 10, 11]


def test_an_archived_version_comes_back_where_there_is_room(limited: Server, name: str) -> None:
    client = MlflowClient(tracking_uri=limited.url)
    for _ in range(MOST + 1):
        register(client, name)
    with pytest.raises(RestException, match="max_active: with this one, 11 versions"):
        client.transition_model_version_stage(name, "1", "Production")
    client.transition_model_version_stage(name, "2", "Staging")
    client.transition_model_version_stage(name, "2", "Archived")
    path = f"/api/1.0/flowkeep/model-versions/{name}/2/restore"
    restored = limited.post(path)["model_version"]
    assert (restored["version"], restored["current_stage"]) == ("2", "Staging")
    assert client.get_model_version(name, "2").current_stage == "Staging"
    last = limited.get("/api/1.0/flowkeep/history", model=name, max_results=1000)["entries"][-1]
    assert last["action"] == "version.restored"
    assert (last["before"], last["after"]) == ({"stage": "Archived"}, {"stage": "Staging"})
