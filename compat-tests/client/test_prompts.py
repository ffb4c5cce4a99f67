"""Prompts in the registry, seen through unmodified clients."""

import json
from collections.abc import Callable
from typing import Any

import pytest

FIRST = {
    "name": "greeting",
    "version": 1,
    "template": "Hello {{name}}",
    "message": "A start",
    "uri": "prompts:/greeting/1",
    "variables": ["name"],
}
SECOND = {
    "name": "greeting",
    "version": 2,
    "template": "Good {{time}}, {{name}}: 日本語",
    "message": "Politer",
    "uri": "prompts:/greeting/2",
    "variables": ["name", "time"],
}


@pytest.fixture(scope="module")
def facts(run: Callable[[str], Any]) -> dict[str, Any]:
    return run("prompts")


@pytest.fixture(scope="module")
def both(facts: dict[str, Any]) -> dict[str, Any]:
    return facts["both"]


@pytest.fixture(scope="module")
def newer(facts: dict[str, Any], client: str) -> dict[str, Any]:
    if client == "mlflow2":
        pytest.skip("the older client cannot do this")
    return facts["newer"]


def test_registered_prompts(both: dict[str, Any]) -> None:
    assert both["registered"] == [FIRST, SECOND]
    assert both["versions"] == ["1", "2"]
    assert both["author"] == "ada"


def test_loaded_prompts(both: dict[str, Any]) -> None:
    assert both["loaded"] == {"by version": FIRST, "by uri": SECOND, "by alias": SECOND}
    assert both["filled"] == "Good day, Zoë: 日本語"


def test_prompt_of_a_run(both: dict[str, Any], client: str) -> None:
    if client == "mlflow3":
        linked = json.loads(both["run tags"]["mlflow.linkedPrompts"])
        assert linked == [{"name": "greeting", "version": "1"}]
    else:
        assert both["prompts of the run"] == [FIRST]


def test_prompts_are_no_models(both: dict[str, Any]) -> None:
    assert both["models"] == ["a model"]
    assert both["versions as models"] == []
    assert both["prompts as models"] == ["farewell", "greeting"]
    assert both["name of a model"] == "INVALID_PARAMETER_VALUE"
    assert both["model of a prompt's name"] == "RESOURCE_ALREADY_EXISTS"
    assert both["prompt as a model"] == "RESOURCE_DOES_NOT_EXIST"


def test_missing_prompts(both: dict[str, Any], client: str) -> None:
    missing = [both[name] for name in ("deleted alias", "unknown version", "unknown name")]
    # The clients put the server's answers into different words.
    does_not_exist, of_alias, of_version = {
        "mlflow3": ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"),
        "mlflow2": ("INTERNAL_ERROR", "RESOURCE_DOES_NOT_EXIST", "INTERNAL_ERROR"),
    }[client]
    assert missing == [of_alias, of_version, does_not_exist]


def test_prompt_of_messages(newer: dict[str, Any]) -> None:
    assert newer["template"] == [
        {"role": "system", "content": "Be {{style}}."},
        {"role": "user", "content": "{{question}}"},
    ]
    assert newer["is text"] is False
    assert newer["response format"]["properties"] == {"answer": {"type": "string"}}
    assert newer["model config"] == {"model_name": "small", "temperature": 0.5}


def test_tags_of_prompts(newer: dict[str, Any]) -> None:
    assert newer["tags"] == {"team": "core", "dropped": None}
    assert newer["version tags"] == {"state": "trial"}


def test_search_of_prompts(newer: dict[str, Any]) -> None:
    assert newer["found"] == ["chat", "greeting"]
    assert newer["found by name"] == ["chat"]
    assert newer["found by tag"] == ["chat"]
    assert newer["page"] == ["chat"]
    assert newer["versions"] == [1, 2]


def test_deleted_prompts(newer: dict[str, Any]) -> None:
    assert newer["missing"] is None
    assert newer["deleted"] == "RESOURCE_DOES_NOT_EXIST"
