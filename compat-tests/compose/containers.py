"""Runs the services of docker-compose.yml without Docker.

The real programs, with the commands, the environment, the health checks and the order that the file gives.
Of a container, only its network and its folders are stood in for: names of services become 127.0.0.1, ports
free ones, volumes folders.
"""

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compose.files import HealthCheck, Image, Service, read_dockerfile
from harness.environments import VENVS, stock_ui
from harness.postgres import BINARIES

# The ports that the programs listen on in their containers.
PORTS = {
    "flowkeep": [5000],
    "database": [5432],
    "storage": [8333, 9333, 8888, 8080],
    "bucket": [],
}

# What a container of the object store has to itself, and several on one machine would fight for.
ALONE_IN_ITS_CONTAINER = {
    "storage": [
        *("-master.port=9333", "-volume.port=8080", "-filer.port=8888"),
        *("-s3.port.iceberg=0", "-s3.port.lance=0"),
    ]
}

# SeaweedFS takes the port 10,000 above each for gRPC.
GRPC = 10_000


def free_pair() -> int:
    """A port that is free together with the one 10,000 above it."""
    while True:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as low, socket.socket() as high, contextlib.suppress(OSError):
            low.bind(("127.0.0.1", port))
            high.bind(("127.0.0.1", port + GRPC))
            return port


@dataclass
class Machine:
    """Where the containers run: a folder for each volume, and a port for each port."""

    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="flowkeep-compose-")))
    ports: dict[tuple[str, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Each program runs as a user of its own.
        self.folder.chmod(0o755)
        for name, ports in PORTS.items():
            self.ports |= {(name, port): free_pair() for port in ports}
        for volume in ("database", "storage", "bucket", "flowkeep"):
            (self.folder / volume).mkdir()
        self.programs = self.folder / "programs"
        self.programs.mkdir()
        # As in the image, it is the only program there, and whoever runs it may read it.
        shutil.copy(os.environ["FLOWKEEP_BIN"], self.programs / "flowkeep")

    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['flowkeep', 5000]}"

    def here(self, service: str, text: str) -> str:
        """A value of a service's command or environment, as it is on this machine."""
        for (name, port), free in self.ports.items():
            text = text.replace(f"{name}:{port}", f"127.0.0.1:{free}")
            if name == service:
                text = re.sub(rf"(127\.0\.0\.1:|^|(?<==)){port}(?=/|$)", rf"\g<1>{free}", text)
        text = re.sub(rf"(?<==){service}$", "127.0.0.1", text)
        text = text.replace("0.0.0.0", "127.0.0.1").replace("=/data", f"={self.folder / service}")
        return text.replace("/usr/local/share/flowkeep/ui", str(stock_ui()))


class Container:
    """One service, running."""

    def __init__(self, machine: Machine, service: Service, image: Image) -> None:
        self.service = service
        self.folder = machine.folder / service.name
        self.log = machine.folder / f"{service.name}.log"
        self._machine = machine
        environment = image.environment if service.built else {}
        entrypoint = service.entrypoint or (image.entrypoint if service.built else [])
        command = service.command or (image.command if service.built else [])
        own = [*entrypoint, *command, *ALONE_IN_ITS_CONTAINER.get(service.name, [])]
        self._command = [machine.here(service.name, word) for word in own]
        self._account: dict[str, Any] = {}
        self._path = "/usr/bin:/bin"
        if service.built:
            self._account = account(int(image.user))
            self._path = str(machine.programs)
            # It keeps nothing itself.
            self.folder.chmod(0o555 if service.read_only else 0o777)
        elif service.image.startswith("postgres:"):
            self._account = account("postgres")
            self._path = str(BINARIES)
            self._command = prepare_postgres(self.folder, service.environment, self._account)
            port = machine.ports[service.name, 5432]
            environment = {"PGPORT": str(port)}
        else:
            self._path = f"{VENVS / 'stores' / 'bin'}:/usr/bin:/bin"
        values = environment | service.environment
        self._environment = {name: machine.here(service.name, value) for name, value in values.items()}
        self._environment |= {"PATH": self._path, "HOME": str(self.folder), "TMPDIR": "/nowhere"}
        self._health = service.health or (image.health if service.built else None)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                # The program is looked for on the path of the container.
                [shutil.which(self._command[0], path=self._path) or self._command[0], *self._command[1:]],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._account,
            )

    def wait(self, condition: str) -> None:
        """Waits as Compose does before it starts a service that depends on this one."""
        if condition == "service_completed_successfully":
            assert self._process.wait(timeout=120) == 0, self.log_text()
            return
        assert condition == "service_healthy"
        assert self._health is not None, f"{self.service.name} has no health check"
        # A busy machine is slow: more often than the file says, but as it says.
        for _ in range(10 * self._health.retries):
            assert self._process.poll() is None, f"{self.service.name} ended:\n{self.log_text()}"
            if self.is_healthy(self._health):
                return
            time.sleep(min(self._health.interval, 0.5))
        raise AssertionError(f"{self.service.name} is not healthy:\n{self.log_text()}")

    def is_healthy(self, check: HealthCheck | None = None) -> bool:
        check = check or self._health
        assert check is not None
        command = [self._machine.here(self.service.name, word) for word in check.command]
        program = shutil.which(command[0], path=self._path)
        assert program, f"{command[0]} is not in the image"
        done = subprocess.run(
            [program, *command[1:]],
            cwd=self.folder,
            env=self._environment,
            capture_output=True,
            check=False,
            timeout=60,
            **self._account,
        )
        return done.returncode == 0

    def user(self) -> int:
        """The number of the user that it runs as."""
        return Path(f"/proc/{self._process.pid}").stat().st_uid

    def stop(self) -> int | None:
        """As Docker stops a container: asks first, and kills it when its time is up."""
        if self._process.poll() is None:
            postgres = self.service.image.startswith("postgres:")
            # Its image names this signal.
            self._process.send_signal(signal.SIGINT if postgres else signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                # Docker gives ten seconds. Only flowkeep is to keep to its time on a busy machine too.
                self._process.wait(timeout=60 if self.service.built else 5)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        return self._process.wait()

    def log_text(self) -> str:
        return self.log.read_text(errors="replace")[-4000:]


def account(user: int | str) -> dict[str, Any]:
    """What a process is started with to belong to a user, if that can be chosen."""
    return {"user": user, "group": user, "extra_groups": []} if os.geteuid() == 0 else {}


def prepare_postgres(folder: Path, environment: dict[str, str], owner: dict[str, Any]) -> list[str]:
    """Does what PostgreSQL's image does at its first start, and returns the command that it runs then."""
    data = folder / "data"
    if not data.exists():
        if owner:
            shutil.chown(folder, owner["user"], owner["group"])
        password = folder / "password"
        password.write_text(environment["POSTGRES_PASSWORD"])
        user, database = environment["POSTGRES_USER"], environment["POSTGRES_DB"]
        run = {"check": True, "cwd": folder, "stdout": subprocess.DEVNULL, **owner}
        initdb = [BINARIES / "initdb", f"--username={user}", f"--pwfile={password}", "--no-sync"]
        methods = ["--auth-local=trust", "--auth-host=scram-sha-256"]
        subprocess.run([*initdb, *methods, "--encoding=UTF8", f"--pgdata={data}"], **run)
        create = f"CREATE DATABASE {database};\n".encode()
        single = [BINARIES / "postgres", "--single", "-D", data, "postgres"]
        subprocess.run(single, input=create, **run)
    return ["postgres", "-D", str(data), "-c", f"unix_socket_directories={folder}"]


@contextlib.contextmanager
def up(machine: Machine, services: dict[str, Service]) -> Any:
    """Starts the services as `docker compose up` does, and stops them in the opposite order."""
    image = read_dockerfile()
    running: dict[str, Container] = {}
    with contextlib.ExitStack() as cleanup:

        def start(name: str) -> None:
            if name in running:
                return
            for other, condition in services[name].depends_on.items():
                start(other)
                running[other].wait(condition)
            running[name] = Container(machine, services[name], image)
            cleanup.callback(running[name].stop)

        for name in services:
            start(name)
        running["flowkeep"].wait("service_healthy")
        yield running
