"""What a server says and refuses at its start."""

import os
import socket
import subprocess
from pathlib import Path

import pytest
import requests

from harness.environments import clean_environment
from harness.process import free_port
from operation.conftest import Serve

# A user without a name and without rights.
NOBODY = 12345


def start(folder: Path, *arguments: str, uid: int | None = None) -> subprocess.CompletedProcess[str]:
    """Runs a server that is expected to refuse its start."""
    port = ["--port", str(free_port())]
    return subprocess.run(
        [os.environ["FLOWKEEP_BIN"], "server", *port, *arguments],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=60,
        **({} if uid is None else {"user": uid, "group": uid, "extra_groups": []}),
    )


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can run a server as somebody else")
def test_an_artifact_folder_that_cannot_be_written_to_is_refused(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = Path("/tmp") / f"flowkeep-{os.getpid()}-{free_port()}"
    home, taken = folder / "home", folder / "taken"
    try:
        for path in (folder, home, taken):
            path.mkdir()
            path.chmod(0o755)
        os.chown(home, NOBODY, NOBODY)
        for destination in (taken, taken / "deeper", taken.as_uri()):
            refused = start(home, "--artifacts-destination", str(destination), uid=NOBODY)
            assert refused.returncode == 1
            (error,) = refused.stderr.splitlines()
            place = taken / "deeper" if destination == taken / "deeper" else taken
            assert error.startswith(
                f"Error: The artifact folder {place} cannot be used: "
                f"the user with uid {NOBODY} may not write to {taken} (Permission denied"
            )
            # Nothing was begun.
            assert not list(home.iterdir())
    finally:
        subprocess.run(["rm", "-r", str(folder)], check=True)


def test_a_file_in_the_place_of_the_artifact_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mlartifacts").write_text("")
    refused = start(tmp_path)
    assert refused.returncode == 1
    assert f"may not write to {tmp_path / 'mlartifacts'} (Not a directory" in refused.stderr


def test_the_recipe_for_a_team_works_as_it_is_printed(serve: Serve) -> None:
    server = serve("--allowed-hosts", "mlflow.example.com", host="0.0.0.0")
    port = server.url.rpartition(":")[2]

    def status(path: str, **headers: str) -> int:
        response = requests.get(f"{server.url}{path}", headers=headers, timeout=60)
        return response.status_code

    api = "/api/2.0/mlflow/experiments/search?max_results=1"
    for host in (f"mlflow.example.com:{port}", "mlflow.example.com", f"127.0.0.1:{port}", "localhost"):
        assert status(api, Host=host) == 200, host
    for host in ("evil.example.com", f"{socket.gethostname()}.evil.example.com", "192.168.1.5"):
        assert status(api, Host=host) == 403, host
    # A probe that knows the machine by its address only.
    assert status("/health", Host="192.0.2.7:5000") == 200
    created = requests.post(
        f"{server.url}/ajax-api/2.0/mlflow/runs/search",
        json={"experiment_ids": ["0"]},
        headers={"Host": f"mlflow.example.com:{port}", "Origin": f"http://mlflow.example.com:{port}"},
        timeout=60,
    )
    assert created.status_code == 200, created.text
    server.stop()
    assert (
        f"URL        http://mlflow.example.com:{port} (listening on 0.0.0.0:{port})" in server.log.read_text()
    )
