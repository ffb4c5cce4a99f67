"""Runs a client program with the Python of one of the virtual environments."""

import json
import subprocess
from pathlib import Path
from typing import Any

from harness.environments import clean_environment
from harness.servers import Server


def client_environment(server: Server) -> dict[str, str]:
    """The environment of a client of this server."""
    return clean_environment() | {
        "MLFLOW_TRACKING_URI": server.url,
        # A client that waits and tries again would hide a server's failure behind a slow test.
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    }


def run_program(
    program: Path, *, python: Path, server: Server, folder: Path, environment: dict[str, str] | None = None
) -> Any:
    """Runs a program to its end and returns the JSON that it wrote to the file it was given."""
    result = folder / "result.json"
    finished = subprocess.run(
        [python, program, result],
        cwd=folder,
        env=client_environment(server) | (environment or {}),
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert finished.returncode == 0, f"{program.name} failed with {python}:\n{finished.stderr[-8000:]}"
    return json.loads(result.read_text())
