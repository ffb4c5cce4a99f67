"""A private PostgreSQL: its own data folder, a free port, no trace left behind."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psycopg2

from harness.process import free_port

BINARIES = Path("/usr/lib/postgresql/15/bin")

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "300",
    # The tests kill the tracking server, never the database: its own durability may be traded for speed.
    "fsync": "off",
    "full_page_writes": "off",
}


class PrivatePostgres:
    """A cluster for as long as the tests run. `settings` are PostgreSQL's own, over ours."""

    def __init__(self, settings: dict[str, str] | None = None) -> None:
        # PostgreSQL refuses to run as root. The account that Debian's package makes is used instead.
        owner: dict[str, Any] = (
            {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        )
        self._folder = Path(tempfile.mkdtemp(prefix="flowkeep-postgres-"))
        if owner:
            shutil.chown(self._folder, owner["user"], owner["group"])
        data = self._folder / "data"
        subprocess.run(
            [
                BINARIES / "initdb",
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "--pgdata",
                data,
            ],
            check=True,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            **owner,
        )
        port = free_port()
        own = {"port": str(port), "unix_socket_directories": str(self._folder)}
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    BINARIES / "postgres",
                    "-D",
                    data,
                    *(f"--{name}={value}" for name, value in (SETTINGS | (settings or {}) | own).items()),
                ],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **owner,
            )
        self.uri = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self._wait()

    def _wait(self) -> None:
        for _ in range(300):
            try:
                psycopg2.connect(self.uri).close()
                return
            except psycopg2.OperationalError:
                time.sleep(0.1)
        log = (self._folder / "log").read_text(errors="replace")
        self.stop()
        raise RuntimeError(f"PostgreSQL did not start:\n{log}")

    def stop(self) -> None:
        # The fast shutdown of PostgreSQL: it does not wait for clients that are still connected.
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
