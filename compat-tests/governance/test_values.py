"""A model that diverged, and JSON that does not fit, with the stock client."""

import json
import math

import mlflow
import pytest
from mlflow.exceptions import MlflowException, RestException
from mlflow.tracking import MlflowClient

POLICY = """
apiVersion: flowkeep/v1
kind: LifecyclePolicy
metadata: {name: loss}
spec:
  models: {names: ["gated", "strict"]}
  stages:
    Production:
      require: {metrics: [{key: loss, max: 0.1}]}
      rules:
        - {name: small, expression: metrics.loss < 0.1, message: The loss must be small.}
        - {name: not-large, expression: "!(metrics.loss >= 0.1)", message: The loss must not be large.}
  aliases:
    champion: {same_as: Production}
"""

STRICT = """
apiVersion: flowkeep/v1
kind: LifecyclePolicy
metadata: {name: strict}
spec:
  models: {names: ["strict"]}
  registration: {require: {metrics: [{key: loss, max: 0.1}]}}
"""

POLICIES = [POLICY.replace(', "strict"', ""), STRICT]


class Same(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input):  # noqa: ANN001, ANN201
        return model_input


def log_model(loss: float, name: str | None = None) -> mlflow.models.model.ModelInfo:
    with mlflow.start_run():
        mlflow.log_metric("loss", loss)
        return mlflow.pyfunc.log_model(
            name="model", python_model=Same(), registered_model_name=name, pip_requirements=[]
        )


def test_a_diverged_model_passes_no_gate(client: MlflowClient) -> None:
    good = log_model(0.05, "gated")
    diverged = log_model(math.nan, "gated")
    exploded = log_model(math.inf, "gated")
    collapsed = log_model(-math.inf, "gated")
    bad = [diverged, exploded, collapsed]

    for info, expected in zip(bad, ["nan", "inf", "-inf"], strict=True):
        metrics = client.get_logged_model(info.model_id).metrics
        assert [str(metric.value) for metric in metrics] == [expected]
        version = str(info.registered_model_version)
        with pytest.raises(RestException, match="metric:loss"):
            client.transition_model_version_stage("gated", version, "Production")
        with pytest.raises(RestException, match="rule:small"):
            client.set_registered_model_alias("gated", "champion", version)
    client.transition_model_version_stage("gated", str(good.registered_model_version), "Production")
    client.set_registered_model_alias("gated", "champion", str(good.registered_model_version))

    def search(filter_string: str | None = None, ascending: bool = True) -> list[str]:
        order = [{"field_name": "metrics.loss", "ascending": ascending}]
        found = mlflow.search_logged_models(
            experiment_ids=["0"], filter_string=filter_string, order_by=order, output_format="list"
        )
        return [model.model_id for model in found]

    ids = {
        info.model_id: name for info, name in zip([good, *bad], ["good", "nan", "inf", "-inf"], strict=True)
    }
    assert [ids[found] for found in search("metrics.loss < 0.5")] == ["-inf", "good"]
    assert [ids[found] for found in search()] == ["-inf", "good", "inf", "nan"]
    assert [ids[found] for found in search(ascending=False)] == ["inf", "good", "-inf", "nan"]

    with pytest.raises(RestException, match="metric:loss"):
        log_model(math.nan, "strict")
    assert client.search_model_versions("name = 'strict'") == []

    # The lists tell the alias too.
    listed = {found.version: found.aliases for found in client.search_model_versions("name = 'gated'")}
    version = int(good.registered_model_version)
    assert listed == {str(n): ["champion"] if n == version else [] for n in range(1, 5)}
    latest = client.get_registered_model("gated").latest_versions
    assert {found.version: found.aliases for found in latest}[str(version)] == ["champion"]


def log_many_tables() -> None:
    for number in range(60):
        mlflow.log_table({"a": [1]}, f"{'long' * 40}/{number}.json")


def test_json_that_does_not_fit_is_refused(client: MlflowClient) -> None:
    with mlflow.start_run() as run:
        run_id = run.info.run_id
        full = r"mlflow\.loggedArtifacts.*at most 8000 are stored"
        for _ in range(2):
            with pytest.raises(RestException, match=full):
                log_many_tables()
        tables = json.loads(client.get_run(run_id).data.tags["mlflow.loggedArtifacts"])
        assert len(tables) > 30
        # What was there goes on to work: the first table was written twice, and grows.
        mlflow.log_table({"a": [2]}, tables[0]["path"])
        assert len(client.load_table("0", tables[0]["path"], [run_id])) == 3

        with pytest.raises(MlflowException, match="JSON"):
            mlflow.log_param("config", json.dumps({"layers": list(range(3000))}))
        mlflow.log_param("text", "x" * 7000)
        assert len(client.get_run(run_id).data.params["text"]) == 6000
