"""flowkeep takes the types of columns that MLflow takes when it scores, and no others."""

from pathlib import Path

import pytest

from harness.environments import CLIENT_PYTHONS
from harness.programs import run_program
from harness.servers import Server

PROGRAM = Path(__file__).parent / "programs" / "column_types.py"


@pytest.fixture(scope="module")
def database_kind() -> str:
    # What is compared comes out of an artifact: one database will do.
    return "sqlite"


def test_types_fit_where_they_fit_in_mlflow(server: Server, tmp_path: Path) -> None:
    seen = run_program(PROGRAM, python=CLIENT_PYTHONS["mlflow3"], server=server, folder=tmp_path)
    path = "/api/1.0/flowkeep/model-versions/types/1/features/check"
    report = server.post(path, columns=seen["columns"])
    assert report["missing"] == report["unexpected"] == []
    assert [one["name"] for one in report["mistyped"]] == seen["refused"]
    assert 0 < len(seen["refused"]) < len(seen["columns"])
