"""Where things are: the repository, the virtual environments and the server's binary."""

import os
import subprocess
from pathlib import Path

COMPAT_TESTS = Path(__file__).resolve().parents[1]
REPOSITORY = COMPAT_TESTS.parent
REPORTS = COMPAT_TESTS / ".reports"

VENVS = COMPAT_TESTS / ".venvs"

# The environment of the newer client is also the stock server's, and pytest's own for most tests.
STOCK_BIN = VENVS / "mlflow3" / "bin"

# The newest MLflow, laid over the environment above: `pip install mlflow` may not give it yet.
NEWEST_BIN = VENVS / "newest" / "bin"

# Stock MLflow once more, with what its auth app needs.
AUTH_BIN = VENVS / "auth" / "bin"

CLIENT_PYTHONS = {
    "mlflow3": STOCK_BIN / "python",
    "mlflow2": VENVS / "mlflow2" / "bin" / "python",
}

# The newer client again, beside packages of other people that log to MLflow.
WILD_BIN = VENVS / "wild" / "bin"

# A feature store, with the newer client without what only servers need.
FEAST_BIN = STOCK_BIN.parents[1] / "feast" / "bin"

# What makes up requests from an OpenAPI document.
OPENAPI_BIN = VENVS / "openapi" / "bin"


def clean_environment() -> dict[str, str]:
    """The environment without the caller's MLflow settings, which would leak into servers and clients."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("MLFLOW_", "FLOWKEEP_"))
    }
    # The tests reach no other machine: not even for usage statistics.
    return kept | {"MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}


def stock_ui(binaries: Path = STOCK_BIN) -> Path:
    """The files of the stock UI, as the package of an environment's MLflow carries them."""
    (folder,) = (binaries.parent / "lib").glob("python3.*/site-packages/mlflow/server/js/build")
    return folder


def newest_version() -> str:
    """The version of the newest MLflow, by what its package is called."""
    (package,) = (NEWEST_BIN.parent / "lib").glob("python3.*/site-packages/mlflow-*.dist-info")
    return package.name.removeprefix("mlflow-").removesuffix(".dist-info")


def build_flowkeep() -> Path:
    """Builds the server and returns its binary. `FLOWKEEP_BIN` names one that is already built."""
    if named := os.environ.get("FLOWKEEP_BIN"):
        return Path(named).resolve(strict=True)
    profile = os.environ.get("FLOWKEEP_TEST_PROFILE", "dev")
    subprocess.run(["cargo", "build", "--locked", "--profile", profile], cwd=REPOSITORY, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    # Cargo keeps the artifacts of the `dev` profile in a folder with another name.
    return (REPOSITORY / target / ("debug" if profile == "dev" else profile) / "flowkeep").resolve(
        strict=True
    )
