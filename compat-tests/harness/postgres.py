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
        self._owner: dict[str, Any] = (
            {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        )
        self._folder = Path(tempfile.mkdtemp(prefix="flowkeep-postgres-"))
        self.own(self._folder)
        self._data = self._folder / "data"
        subprocess.run(
            [
                BINARIES / "initdb",
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "--pgdata",
                self._data,
            ],
            check=True,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            **self._owner,
        )
        port = free_port()
        own = {"port": str(port), "unix_socket_directories": str(self._folder)}
        self._settings = SETTINGS | (settings or {}) | own
        self.uri = f"postgresql://postgres@127.0.0.1:{port}/postgres"
        self.start()

    def own(self, path: Path) -> None:
        """Gives a file or a folder to the account that PostgreSQL runs as."""
        if self._owner:
            shutil.chown(path, self._owner["user"], self._owner["group"])

    def start(self) -> None:
        """Starts the cluster, again after `halt`."""
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    BINARIES / "postgres",
                    "-D",
                    self._data,
                    *(f"--{name}={value}" for name, value in self._settings.items()),
                ],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._owner,
            )
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

    def use_tls(self, certificate: Path, key: Path) -> None:
        """Lets the next start take connections with TLS. The key must be the cluster's own."""
        own = {"ssl_cert_file": certificate, "ssl_key_file": key}
        for setting, path in own.items():
            copy = self._data / path.name
            shutil.copyfile(path, copy)
            copy.chmod(0o600)
            self.own(copy)
            self._settings[setting] = str(copy)
        self._settings["ssl"] = "on"

    def stop(self) -> None:
        self.halt()
        shutil.rmtree(self._folder, ignore_errors=True)

    def halt(self) -> None:
        """Stops the cluster and keeps what is in it."""
        # The fast shutdown of PostgreSQL: it does not wait for clients that are still connected.
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
