"""A server process: started in its own process group, with its output in a file, stopped by its id."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import requests


def free_port() -> int:
    """A port that is free until it is used: of several test processes, each keeps to its share of them."""
    share = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    shares = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        # Linux gives out odd ones only, as long as there are any.
        if port // 2 % shares == share:
            return port


class ServerProcess:
    def __init__(self, command: list[str], *, folder: Path, environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_healthy(self, url: str, *, seconds: float, pages: Sequence[str] = ("health",)) -> None:
        """Waits until each of the pages is answered with 200."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(f"exited with {self._process.returncode} at start:\n{self.log_text()}")
            try:
                if all(requests.get(f"{url}/{page}", timeout=5).ok for page in pages):
                    return
            # On a busy machine a server may take long for its first reply.
            except (requests.ConnectionError, requests.Timeout):
                pass
            time.sleep(0.05)
        self.kill()
        raise RuntimeError(f"not healthy after {seconds} seconds:\n{self.log_text()}")

    def terminate(self, *, seconds: float = 120) -> int:
        """Asks the server to stop, as a supervisor does, and returns its exit code."""
        self._process.terminate()
        try:
            return self._process.wait(timeout=seconds)
        finally:
            self.kill()

    def kill(self) -> None:
        """Ends the server, and whatever it started, at once: nothing gets a chance to tidy up."""
        # The whole group may have ended already.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def log_text(self) -> str:
        return self.log.read_text(errors="replace")
