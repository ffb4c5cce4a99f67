"""Registering, copying, renaming and deleting models, seen through unmodified clients."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.fixture(scope="module")
def facts(run: Callable[[str], Any]) -> dict[str, Any]:
    return run("registry")


@pytest.fixture(scope="module")
def registered(facts: dict[str, Any]) -> dict[str, Any]:
    return facts["registered"]


def test_registered_from_a_run(facts: dict[str, Any], registered: dict[str, Any], client: str) -> None:
    version = registered["run"]
    folder = f"mlflow-artifacts:/1/{facts['run_id']}/artifacts/model"
    # The newer client finds the logged model that the run made.
    expected = f"models:/{registered['model_id']}" if client == "mlflow3" else folder
    assert version == {
        "name": "by run",
        "version": "1",
        "source": version["source"],
        "run_id": facts["run_id"],
        "stage": "None",
        "aliases": [],
        "tags": {"a": "b"},
    }
    # PostgreSQL counts experiments on after a refused one.
    assert _without_experiment(version["source"]) == _without_experiment(expected)


def _without_experiment(uri: str) -> str:
    scheme, _, path = uri.partition(":/")
    return path.split("/", 1)[-1] if scheme == "mlflow-artifacts" else uri


def test_registered_from_a_logged_model(
    facts: dict[str, Any], registered: dict[str, Any], client: str
) -> None:
    if client == "mlflow2":
        pytest.skip("the older client knows no logged models")
    version = registered["model id"]
    assert (version["source"], version["run_id"]) == (f"models:/{registered['model_id']}", facts["run_id"])
    # Both the client and the server write the tag, one with numbers and one with texts.
    linked = {(entry["name"], str(entry["version"])) for entry in registered["versions of the logged model"]}
    assert linked == {("by run", "1"), ("by model id", "1")}


@pytest.mark.parametrize(
    ("way", "name", "number", "source", "tags"),
    [
        ("copy", "copied", "1", "models:/by run/1", {"a": "b"}),
        ("copy of alias", "copied", "2", "models:/by run/1", {"a": "b"}),
        ("copy of copy", "copied", "3", "models:/copied/1", {"a": "b"}),
        ("version", "by version", "1", "models:/by run/1", {}),
    ],
)
def test_registered_from_another_version(
    facts: dict[str, Any],
    registered: dict[str, Any],
    way: str,
    name: str,
    number: str,
    source: str,
    tags: dict[str, str],
) -> None:
    assert registered[way] == {
        "name": name,
        "version": number,
        "source": source,
        "run_id": facts["run_id"],
        "stage": "None",
        "aliases": [],
        "tags": tags,
    }


def test_every_address_leads_to_the_model(registered: dict[str, Any]) -> None:
    assert len(registered["predictions"]) == 7
    assert set(registered["predictions"].values()) == {42}


def test_what_is_not_there_cannot_be_registered(registered: dict[str, Any]) -> None:
    assert registered["copy of nothing"] == "INTERNAL_ERROR"
    assert registered["register nothing"] == "RESOURCE_DOES_NOT_EXIST"


def test_a_new_name_takes_aliases_along(facts: dict[str, Any]) -> None:
    seen = facts["renamed"]
    assert seen["aliases"] == {"champion": "2", "retired": "1"}
    assert seen["tags"] == {"owner": "growth"}
    assert (seen["champion"]["name"], seen["champion"]["version"]) == ("renamed", "2")
    assert seen["champion"]["aliases"] == ["champion"]
    assert seen["loaded"] == 4
    assert seen["versions"] == ["1", "2", "3"]
    assert (seen["old name"], seen["old alias"]) == ("RESOURCE_DOES_NOT_EXIST", "RESOURCE_DOES_NOT_EXIST")
    assert seen["to a taken name"] == "RESOURCE_ALREADY_EXISTS"


def test_latest_versions_of_stages(facts: dict[str, Any]) -> None:
    seen = facts["numbered"]
    assert seen["latest"] == [["1", "Archived"], ["2", "Staging"], ["3", "Production"], ["4", "None"]]
    assert seen["latest in production"] == [["3", "Production"]]
    assert seen["latest of two"] == [["1", "Archived"], ["2", "Staging"]]
    assert seen["latest of a wrong stage"] == "INVALID_PARAMETER_VALUE"


def test_numbers_do_not_return(facts: dict[str, Any]) -> None:
    seen = facts["numbered"]
    assert (seen["created"], seen["next"]) == (["1", "2", "3", "4"], "5")
    assert seen["after deletion"] == [["2", "Staging"], ["3", "Production"]]
    assert (seen["deleted"], seen["deleted again"]) == ("RESOURCE_DOES_NOT_EXIST", "RESOURCE_DOES_NOT_EXIST")
    assert seen["aliases"] == {"kept": "2"}
    assert seen["alias of the deleted"] == "INVALID_PARAMETER_VALUE"


def test_reserved_aliases(facts: dict[str, Any]) -> None:
    refused = {alias for alias, answer in facts["numbered"]["reserved"].items() if answer != "worked: None"}
    assert refused == {"latest", "Latest", "v1", "V12", "champion 2"}
