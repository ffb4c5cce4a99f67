"""Registered models and their versions."""

from collections.abc import Callable
from typing import Any

import floor_postgres
from bench import FLOOR, Group, Report, ReportOf
from measure import Client, Load, report_latency, throughput
from seed import model_name, seed_models
from servers import Server

MODELS = 20_000
VERSIONS = 5
ONE = model_name(10_000)
BY_ALIAS_OF_ALL = f"by alias, of {MODELS * VERSIONS:,} versions"

TRANSITION = """
local stages = {"Staging", "Production"}
function body(n)
  return string.format('{"name":"model-%06d","version":"%d","stage":"%s"}',
    (n * 2 + id) % 1000, 1 + n % 5, stages[1 + math.floor(n / 500) % 2])
end
"""

SET_ALIAS = """
function body(n)
  return string.format('{"name":"model-%06d","alias":"alias-%d","version":"%d"}',
    4000 + (n * 2 + id) % 1000, n % 3, 1 + n % 5)
end
"""

BY_ALIAS = """
function path(n)
  return string.format("/api/2.0/mlflow/registered-models/alias?name=model-%06d&alias=champion",
    (n * 7919 + id) % {models})
end
"""

CREATE_VERSION = """
function body(n)
  return string.format('{"name":"model-%06d","source":"s3://bucket/model"}', 2000 + (n * 2 + id) % 1000)
end
"""


def run(server: Server, report: Report) -> None:
    client = Client(server.url)
    by_alias(client, report, MODELS)
    load = Load(f"{client.api}/model-versions/get?name={ONE}&version=3", seconds=5)
    report("get version, 16 connections", throughput(load).rate, "req/s")
    for name, call in searches(client).items():
        report_latency(report, name, call, 30)
    for name, path, script in (
        ("transition-stage", "model-versions/transition-stage", TRANSITION),
        ("create-version", "model-versions/create", CREATE_VERSION),
        ("set-alias", "registered-models/alias", SET_ALIAS),
    ):
        load = Load(f"{client.api}/{path}", script, seconds=5)
        report(f"{name}, 16 connections", throughput(load).rate, "req/s")


def by_alias(client: Client, report: Report, models: int) -> None:
    """Looks up versions of all models by alias, which should not depend on how many there are."""
    script = BY_ALIAS.replace("{models}", str(models))
    measured = throughput(Load(f"{client.api}/registered-models/alias", script, seconds=5))
    of_all = f"by alias, of {models * VERSIONS:,} versions, 16 connections"
    report(of_all, measured.rate, "req/s")
    report(f"{of_all}, p99", measured.p99 * 1000, "ms")


def searches(client: Client) -> dict[str, Callable[[int], Any]]:
    token = None
    for _ in range(99):
        page = client.get("registered-models/search", max_results=100, page_token=token).json()
        token = page["next_page_token"]
    models, versions = "registered-models/search", "model-versions/search"
    return {
        "first page of 100 models": lambda _: client.get(models, max_results=100),
        "page 100 of 100 models each": lambda _: client.get(models, max_results=100, page_token=token),
        "models by tag": lambda _: client.get(models, filter="tags.team = 'team-42'"),
        "models by name LIKE": lambda _: client.get(models, filter="name LIKE '%0042%'"),
        "versions by tag": lambda _: client.get(
            versions, filter="tags.algorithm = 'kind-42'", max_results=100
        ),
        "latest versions of a model": lambda _: client.get("registered-models/get-latest-versions", name=ONE),
    }


def floor(uri: str, report_of: ReportOf) -> None:
    report = report_of(FLOOR)
    for scenario, script in (
        (BY_ALIAS_OF_ALL, floor_postgres.BY_ALIAS.replace("{models}", str(MODELS))),
        ("get version", floor_postgres.GET_VERSION),
        ("transition-stage", floor_postgres.TRANSITION),
        ("create-version", floor_postgres.CREATE_VERSION),
        ("set-alias", floor_postgres.SET_ALIAS),
    ):
        rate = floor_postgres.pgbench(uri, script, seconds=5)
        report(f"{scenario}, 16 connections", rate, "req/s")


GROUP = Group(run, lambda rows: seed_models(rows, models=MODELS, versions=VERSIONS), floor=floor)
