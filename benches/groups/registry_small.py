"""The same look-up by alias as in a large registry, in a small one."""

from bench import Group, Report
from groups.registry import VERSIONS, by_alias
from measure import Client
from seed import seed_models
from servers import Server

MODELS = 200


def run(server: Server, report: Report) -> None:
    by_alias(Client(server.url), report, MODELS)


GROUP = Group(run, lambda rows: seed_models(rows, models=MODELS, versions=VERSIONS))
