"""Three rules, from the first version to the promotion that is granted, through an unmodified client."""

import pytest
import requests
from mlflow.exceptions import RestException

from governance.conftest import Registry


def refused(error: RestException, *missing: str) -> None:
    assert error.error_code == "PERMISSION_DENIED"
    assert error.get_http_status_code() == 403
    lines = [line[2:].split(": ")[0] for line in error.message.splitlines() if line.startswith("- ")]
    assert lines == list(missing)


def test_story(registry: Registry) -> None:
    # A version must carry its algorithm, its data, its metrics and what it takes.
    with pytest.raises(RestException) as error:
        registry.register(params={"dataset": "v7"})
    refused(error.value, "param:algorithm")
    with pytest.raises(RestException) as error:
        registry.register(mlmodel="artifact_path: model\nflavors: {}\n")
    refused(error.value, "signature")
    first = registry.register()

    # It enters Staging after a responsible-AI evaluation that it passed.
    with pytest.raises(RestException) as error:
        registry.promote(first, "Staging")
    refused(error.value, "evaluation:responsible_ai")
    assert "flowkeep.evaluation.responsible_ai" in error.value.message, "the message says how to go on"
    registry.evaluate(first, "failed")
    with pytest.raises(RestException) as error:
        registry.promote(first, "Staging")
    refused(error.value, "evaluation:responsible_ai")
    registry.evaluate(first)
    registry.promote(first, "Staging")

    # The first version needs an approval to enter Production.
    with pytest.raises(RestException) as error:
        registry.promote(first)
    refused(error.value, "approvals")
    registry.approve(first, by="mallory")
    with pytest.raises(RestException):
        registry.promote(first)
    registry.approve(first)
    registry.promote(first)
    registry.client.set_registered_model_alias(registry.name, "champion", first)

    # The next one must have won a test against it.
    second = registry.contender()
    with pytest.raises(RestException) as error:
        registry.promote(second)
    refused(error.value, "ab_test")
    registry.give(
        second,
        "ab-tests",
        metric="conversion",
        baseline={"version": int(first), "samples": 5000, "successes": 400},
        candidate={"samples": 5000, "successes": 405},
    )
    with pytest.raises(RestException) as error:
        registry.promote(second)
    refused(error.value, "ab_test")
    with pytest.raises(RestException):
        registry.client.set_registered_model_alias(registry.name, "champion", second)
    registry.win(second, first)
    check = registry.server.post(f"{registry.path(second)}/check", stage="Production")
    assert check["allowed"] is True
    registry.promote(second)
    registry.client.set_registered_model_alias(registry.name, "champion", second)
    assert [registry.stage(version) for version in (first, second)] == ["Archived", "Production"]

    # All of it can be read again, with what each decision rested on.
    decisions = [
        (entry["outcome"], entry["version"], entry["after"]["stage"])
        for entry in registry.history()
        if entry["action"] == "version.transitioned"
    ]
    assert decisions == [
        ("refused", first, "Staging"),
        ("refused", first, "Staging"),
        ("done", first, "Staging"),
        ("refused", first, "Production"),
        ("refused", first, "Production"),
        ("done", first, "Production"),
        ("done", second, "Staging"),
        ("refused", second, "Production"),
        ("refused", second, "Production"),
        ("done", second, "Production"),
        ("done", first, "Archived"),
    ]
    promoted = [entry for entry in registry.history(version=second) if entry.get("stage") == "Production"][-1]
    by_id = {requirement["id"]: requirement for requirement in promoted["report"]["requirements"]}
    evidence = registry.server.get(f"{registry.path(second)}/evidence")["evidence"]
    won = [one["id"] for one in evidence if one["kind"] == "ab_test"][-1]
    assert by_id["ab_test"]["evidence"] == [won]

    # And who was where at any moment.
    times = [entry["time_ms"] for entry in registry.history(version=first) if entry.get("stage")]
    past = registry.server.get("/api/1.0/flowkeep/as-of", model=registry.name, at=times[-1] - 1)
    stages = {version["version"]: version["stage"] for version in past["versions"]}
    assert stages == {first: "Production", second: "Staging"}


def test_gates_tell_what_is_missing(registry: Registry) -> None:
    version = registry.register()
    gates = registry.server.get(f"{registry.path(version)}/gates")
    assert gates["policy"] == "credit"
    missing = {
        stage: [requirement["id"] for requirement in gate["requirements"] if not requirement["met"]]
        for stage, gate in gates["stages"].items()
    }
    assert missing == {
        "Staging": ["evaluation:responsible_ai"],
        "Production": ["from", "evaluation:responsible_ai", "approvals"],
    }


def test_the_claimed_user_is_kept(registry: Registry) -> None:
    reply = requests.post(
        f"{registry.server.url}/api/2.0/mlflow/registered-models/set-tag",
        json={"name": registry.name, "key": "team", "value": "risk"},
        auth=("erin", "secret"),
        timeout=60,
    )
    assert reply.ok
    actor = registry.history()[-1]["actor"]
    assert actor == {"name": "anonymous", "authenticated": False, "claimed": "erin"}
