"""Every other way in, tried with the stock client, with plain requests and by hand on the database."""

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from mlflow.exceptions import RestException
from mlflow.tracking import MlflowClient

from governance.conftest import POLICY, Registry, apply_policy, by_hand
from harness.environments import STOCK_BIN, clean_environment
from harness.servers import FLOWKEEP, Server


def denied(call: Callable[..., Any], *arguments: Any) -> str:
    with pytest.raises(RestException) as error:
        call(*arguments)
    assert error.value.error_code == "PERMISSION_DENIED", error.value
    return error.value.message


def test_an_alias_instead_of_a_stage(registry: Registry) -> None:
    version = registry.register()
    message = denied(registry.client.set_registered_model_alias, registry.name, "champion", version)
    assert "evaluation:responsible_ai" in message
    assert registry.client.get_registered_model(registry.name).aliases == {}


def test_a_rename_and_back(registry: Registry) -> None:
    registry.register()
    denied(registry.client.rename_registered_model, registry.name, "unwatched")
    client = registry.client
    client.create_registered_model("unwatched")
    client.create_model_version("unwatched", "s3://bucket/model", await_creation_for=0)
    client.transition_model_version_stage("unwatched", "1", "Production")
    denied(client.rename_registered_model, "unwatched", "credit unwatched")
    client.delete_registered_model("unwatched")


def test_a_copy(registry: Registry) -> None:
    first = registry.first_in_production()
    copied = registry.client.copy_model_version(f"models:/{registry.name}/{first}", registry.name).version
    denied(registry.promote, copied, "Staging")


def test_delete_and_make_again(registry: Registry) -> None:
    version = registry.register()
    registry.evaluate(version)
    registry.client.delete_model_version(registry.name, version)
    denied(registry.promote, registry.register(), "Staging")
    registry.client.delete_registered_model(registry.name)
    registry.client.create_registered_model(registry.name)
    again = registry.register()
    assert again == version
    denied(registry.promote, again, "Staging")


def test_tag_edits_after_an_approval(registry: Registry) -> None:
    version = registry.register()
    registry.evaluate(version)
    registry.promote(version, "Staging")
    registry.approve(version)
    registry.client.set_model_version_tag(registry.name, version, "intended_use", "everything")
    assert "the tags of the version were changed since" in denied(registry.promote, version)
    registry.approve(version)
    registry.promote(version)


def test_evidence_tags_cannot_be_taken_back(registry: Registry) -> None:
    version = registry.register()
    registry.evaluate(version, "failed")
    key = "flowkeep.evaluation.responsible_ai"
    denied(registry.client.delete_model_version_tag, registry.name, version, key)
    registry.evaluate(version)
    evidence = registry.server.get(f"{registry.path(version)}/evidence")["evidence"]
    assert [one["body"]["verdict"] for one in evidence] == ["failed", "passed"]


def test_evidence_for_another_version(registry: Registry) -> None:
    one, other = registry.register(), registry.register()
    registry.evaluate(one)
    denied(registry.promote, other, "Staging")


def test_a_claim_without_figures(registry: Registry) -> None:
    registry.first_in_production()
    contender = registry.contender()
    for value in ('{"verdict": "passed"}', "passed", '{"metric": "conversion", "winner": "candidate"}'):
        with pytest.raises(RestException) as error:
            registry.client.set_model_version_tag(registry.name, contender, "flowkeep.ab_test", value)
        assert error.value.error_code == "INVALID_PARAMETER_VALUE"
    denied(registry.promote, contender)


def test_a_stale_baseline(registry: Registry) -> None:
    first = registry.first_in_production()
    second, third = registry.contender(), registry.contender()
    for version in (second, third):
        registry.win(version, first)
    registry.promote(second)
    assert "ab_test" in denied(registry.promote, third)


def test_an_empty_production(registry: Registry) -> None:
    first = registry.first_in_production()
    registry.client.transition_model_version_stage(registry.name, first, "Archived")
    contender = registry.contender()
    assert "ab_test" in denied(registry.promote, contender)
    registry.client.delete_model_version(registry.name, first)
    assert "ab_test" in denied(registry.promote, contender)


def test_two_promotions_at_once(registry: Registry) -> None:
    """Each has won against what is in Production; after one of them, the other has not."""
    first = registry.first_in_production()
    contenders = [registry.contender() for _ in range(6)]
    for version in contenders:
        registry.win(version, first)

    def promote(version: str) -> bool:
        client = MlflowClient(tracking_uri=registry.server.url)
        try:
            client.transition_model_version_stage(registry.name, version, "Production", True)
        except RestException as error:
            assert error.error_code == "PERMISSION_DENIED"  # noqa: PT017
            return False
        return True

    with ThreadPoolExecutor(len(contenders)) as pool:
        outcomes = list(pool.map(promote, contenders))
    assert outcomes.count(True) == 1
    in_production = [version for version in [first, *contenders] if registry.stage(version) == "Production"]
    assert in_production == [contenders[outcomes.index(True)]]


def test_a_hand_on_the_logs(registry: Registry) -> None:
    version = registry.register()
    registry.evaluate(version)
    before = registry.history()
    with by_hand(registry.server.database) as run:
        for statement in (
            "DELETE FROM flowkeep_history",
            "UPDATE flowkeep_history SET outcome = 'done'",
            "DELETE FROM flowkeep_evidence",
            "UPDATE flowkeep_evidence SET body = '{}'",
            "DELETE FROM flowkeep_policy_texts",
        ):
            with pytest.raises(Exception, match="append-only"):
                run(statement)
    assert registry.history() == before


@pytest.fixture(scope="module")
def lone_server(start_server: Callable[..., Server], database_kind: str) -> Server:
    return start_server(FLOWKEEP, database_kind=database_kind)


def test_stock_mlflow_goes_on_with_the_database(lone_server: Server) -> None:
    """Its own deletions, renames and garbage collection meet nothing of ours that is in the way."""
    client = MlflowClient(tracking_uri=lone_server.url)
    client.create_registered_model("before")
    client.create_model_version("before", "s3://bucket/model", await_creation_for=0)
    run = client.create_run("0")
    client.delete_run(run.info.run_id)
    lone_server.stop()
    database = lone_server.database.stock_uri
    stock = MlflowClient(tracking_uri=database, registry_uri=database)
    stock.rename_registered_model("before", "after")
    stock.transition_model_version_stage("after", "1", "Staging")
    stock.delete_registered_model("after")
    stock.create_registered_model("after")
    stock.create_model_version("after", "s3://bucket/model", await_creation_for=0)
    stock.transition_model_version_stage("after", "1", "Production")
    lone_server.start()
    # It reaches the artifacts through the server.
    subprocess.run(
        [STOCK_BIN / "mlflow", "gc", "--backend-store-uri", database],
        env=clean_environment() | {"MLFLOW_TRACKING_URI": lone_server.url},
        check=True,
        timeout=300,
    )
    client = MlflowClient(tracking_uri=lone_server.url)
    client.set_registered_model_tag("after", "team", "risk")
    entries = lone_server.get("/api/1.0/flowkeep/history", model="after")["entries"]
    assert [(entry["action"], entry.get("stage")) for entry in entries] == [
        ("model.adopted", None),
        ("version.adopted", "Production"),
        ("model.tag_set", None),
    ]


def test_a_server_puts_its_policy_in_force(lone_server: Server, database_kind: str) -> None:
    path = lone_server.folder / "policy.yaml"
    path.write_text(POLICY)
    lone_server.stop()
    lone_server.extra_arguments = ["--policy", str(path)]
    lone_server.start()
    policies = lone_server.get("/api/1.0/flowkeep/policies")["policies"]
    assert [policy["name"] for policy in policies] == ["credit"]
    apply_policy(lone_server, POLICY)
