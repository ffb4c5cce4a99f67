"""What policies cost: the same calls before and after a policy is put in force."""

import requests

from bench import FLOWKEEP, Group, Report
from groups.registry import TRANSITION
from measure import Client, Load, throughput
from seed import seed_models
from servers import Server

MODELS = 2_000

POLICY = """
apiVersion: flowkeep/v1
kind: LifecyclePolicy
metadata: {name: everything}
spec:
  models: {names: ["model-*"]}
  registration:
    require: {tags: [algorithm]}
  stages:
    Staging:
      rules: [{expression: "version.version > 0", message: "never"}]
    Production:
      rules: [{expression: "version.version > 0", message: "never"}]
"""

CREATE_VERSION = """
function body(n)
  return string.format('{"name":"model-%06d","source":"s3://bucket/model",' ..
    '"tags":[{"key":"algorithm","value":"gbm"}]}', 1000 + (n * 2 + id) % 1000)
end
"""

LOG_METRIC = """
function body(n)
  return string.format('{"run_id":"RUN","key":"m%d","value":%d,"timestamp":%d,"step":%d}', n % 10, n, n, n)
end
"""


def run(server: Server, report: Report) -> None:
    client = Client(server.url)
    log_metric = LOG_METRIC.replace("RUN", client.create_run())
    calls = {
        "log-metric": ("runs/log-metric", log_metric),
        "create-version": ("model-versions/create", CREATE_VERSION),
        "transition-stage": ("model-versions/transition-stage", TRANSITION),
    }
    for state in ("without a policy", "under a policy"):
        for name, (path, script) in calls.items():
            load = Load(f"{client.api}/{path}", script, seconds=5)
            report(f"{name}, {state}, 16 connections", throughput(load).rate, "req/s")
        policies = f"{server.url}/api/1.0/flowkeep/policies"
        requests.put(policies, data=POLICY, timeout=60).raise_for_status()


GROUP = Group(run, lambda rows: seed_models(rows, models=MODELS, versions=5), servers=(FLOWKEEP,))
