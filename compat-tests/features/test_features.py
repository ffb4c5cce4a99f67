"""What flowkeep tells of models that the stock clients logged."""

from pathlib import Path
from typing import Any

import mlflow
import pytest
import requests

from harness.environments import CLIENT_PYTHONS
from harness.programs import run_program
from harness.servers import Server

PROGRAMS = Path(__file__).parent / "programs"
API = "/api/1.0/flowkeep/model-versions"


@pytest.fixture(scope="module", params=list(CLIENT_PYTHONS))
def versions(request: pytest.FixtureRequest, server: Server, tmp_path_factory: Any) -> dict[str, str]:
    """The number of the version that the program registered of each model."""
    folder = tmp_path_factory.mktemp("log_models")
    python = CLIENT_PYTHONS[request.param]
    return run_program(PROGRAMS / "log_models.py", python=python, server=server, folder=folder)


def refusal(server: Server, path: str) -> tuple[int, str]:
    response = requests.get(server.url + path, timeout=60)
    return response.status_code, response.json()["message"]


def test_features_come_with_their_types(server: Server, versions: dict[str, str]) -> None:
    features = server.get(f"{API}/churn/{versions['churn']}/features")
    assert features.pop("path").removeprefix("extra_files/") == "feature_retrieval_spec.yaml"
    assert features == {
        "name": "churn",
        "version": versions["churn"],
        "feature_store_uri": "feast://features/churn",
        "features": [
            {
                "name": name,
                "source": f"{name}_table:v2",
                "table": f"{name}_table",
                "version": "v2",
                "type": kind,
                "required": True,
            }
            for name, kind in [("tenure", "long"), ("calls", "double")]
        ],
        "signature": "named",
        "missing": [],
        "unexpected": [],
        "problems": [],
    }
    for version in ("champion", "@champion", "Production"):
        named = server.get(f"{API}/churn/{version}/features")
        assert named.items() >= features.items()


def test_signatures_of_all_kinds(server: Server, versions: dict[str, str]) -> None:
    def features(name: str) -> dict[str, Any]:
        return server.get(f"{API}/{name}/{versions[name]}/features")

    assert features("unnamed")["signature"] == "unnamed"
    assert features("no signature")["signature"] == "absent"
    differs = features("differs")
    assert (differs["missing"], differs["unexpected"]) == (["calls"], ["visits"])
    assert len(differs["problems"]) == 2
    optional = features("optional")
    assert (optional["missing"], optional["problems"]) == ([], [])
    run_says = features("run says")
    assert (run_says["path"], run_says["problems"]) == ("specs/of_run.yaml", [])


def test_what_cannot_be_used_is_refused(server: Server, versions: dict[str, str]) -> None:
    status, message = refusal(server, f"{API}/broken/{versions['broken']}/features")
    assert status == 400
    assert "line 7, column 11: feature 'tenure' is there already, in line 3" in message
    status, message = refusal(server, f"{API}/no spec/{versions['no spec']}/features")
    assert status == 404
    assert "has no feature retrieval spec" in message
    # To the client, a version with a broken spec is a version like any other.
    version = mlflow.MlflowClient(server.url).get_model_version("broken", versions["broken"])
    assert (version.status, version.status_message) == ("READY", None)


def test_columns_are_checked(server: Server, versions: dict[str, str]) -> None:
    path = f"{API}/churn/{versions['churn']}/features/check"
    right = [{"name": "calls", "type": "float64"}, {"name": "tenure", "type": "int64"}]
    assert server.post(path, columns=right)["ok"]
    assert server.post(path, columns=["calls", {"name": "tenure", "type": "object"}, "client_id"]) == {
        "ok": False,
        "missing": [],
        "unexpected": ["client_id"],
        "mistyped": [{"name": "tenure", "expected": "long", "given": "object"}],
    }
    assert server.post(path, columns=["tenure"])["missing"] == ["calls"]
