"""docker-compose.yml and Dockerfile, read as Docker reads what is used of them. Anything else is refused."""

import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from harness.environments import REPOSITORY

COMPOSE_FILE = REPOSITORY / "docker-compose.yml"
DOCKERFILE = REPOSITORY / "Dockerfile"
EXAMPLE = REPOSITORY / ".env.example"

VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?])(?P<rest>[^}]*))?\}")
SECONDS = re.compile(r"(\d+)s")


class NotSetError(Exception):
    """A variable that must be set is not."""


@dataclass(frozen=True)
class HealthCheck:
    command: list[str]
    interval: int
    timeout: int
    retries: int
    start_period: int


@dataclass(frozen=True)
class Service:
    name: str
    # None where it is built here.
    image: str
    built: bool
    entrypoint: list[str] | None
    command: list[str] | None
    environment: dict[str, str]
    depends_on: dict[str, str]
    # The names of volumes, and where they are in the container.
    volumes: dict[str, str]
    ports: list[str]
    health: HealthCheck | None
    read_only: bool


@dataclass
class Image:
    """The last stage of the Dockerfile."""

    stages: list[str] = field(default_factory=list)
    instructions: list[tuple[str, str]] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    user: str = "root"
    folder: str = "/"
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health: HealthCheck | None = None


def read_environment(text: str) -> dict[str, str]:
    """The variables of an .env file."""
    lines = (line.strip() for line in text.splitlines())
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def variables(text: str) -> set[str]:
    """The names of the variables that a text refers to."""
    return {match["name"] for match in VARIABLE.finditer(text)}


def read_compose(environment: dict[str, str]) -> dict[str, Service]:
    """The services, with the variables of an .env file put in."""
    document = yaml.safe_load(COMPOSE_FILE.read_text())
    assert set(document) == {"services", "volumes"}
    services = {name: _service(name, fields, environment) for name, fields in document["services"].items()}
    used = {volume for service in services.values() for volume in service.volumes}
    assert used == set(document["volumes"])
    return services


def _service(name: str, fields: dict[str, Any], environment: dict[str, str]) -> Service:
    fields = _filled(fields, environment)
    known = {"build", "image", "depends_on", "environment", "ports", "read_only", "cap_drop", "security_opt"}
    known |= {"restart", "volumes", "healthcheck", "entrypoint", "command"}
    assert set(fields) <= known, f"{name}: {set(fields) - known}"
    check = fields.get("healthcheck")
    return Service(
        name=name,
        image=fields["image"],
        built="build" in fields,
        entrypoint=fields.get("entrypoint"),
        command=fields.get("command"),
        environment=fields.get("environment", {}),
        depends_on={other: needed["condition"] for other, needed in fields.get("depends_on", {}).items()},
        volumes=dict(volume.split(":") for volume in fields.get("volumes", [])),
        ports=fields.get("ports", []),
        health=check and _health_check(check),
        read_only=fields.get("read_only", False),
    )


def _health_check(fields: dict[str, Any]) -> HealthCheck:
    kind, *command = fields["test"]
    assert kind == "CMD"
    return HealthCheck(
        command=command,
        retries=fields["retries"],
        **{name: seconds(fields[name]) for name in ("interval", "timeout", "start_period")},
    )


def seconds(text: str) -> int:
    match = SECONDS.fullmatch(text)
    assert match, text
    return int(match[1])


def _filled(value: Any, environment: dict[str, str]) -> Any:
    match value:
        case dict():
            return {key: _filled(item, environment) for key, item in value.items()}
        case list():
            return [_filled(item, environment) for item in value]
        case str():
            filled = VARIABLE.sub(lambda match: _value(match, environment), value)
            assert "$" not in VARIABLE.sub("", value), value
            return filled
        case _:
            return value


def _value(match: re.Match[str], environment: dict[str, str]) -> str:
    value = environment.get(match["name"], "")
    if value or match["kind"] is None:
        return value
    if match["kind"] == "?":
        raise NotSetError(f"{match['name']}: {match['rest']}")
    return match["rest"]


def read_dockerfile() -> Image:
    image = Image()
    text = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE))
    for line in filter(None, map(str.strip, text.splitlines())):
        instruction, rest = line.split(None, 1)
        if instruction == "FROM":
            image = Image(stages=[*image.stages, rest], instructions=image.instructions)
        image.instructions.append((instruction, rest))
        match instruction:
            case "ENV":
                image.environment |= dict(pair.split("=", 1) for pair in shlex.split(rest))
            case "USER":
                image.user = rest
            case "WORKDIR":
                image.folder = rest
            case "ENTRYPOINT":
                image.entrypoint = json.loads(rest)
            case "CMD":
                image.command = json.loads(rest)
            case "HEALTHCHECK":
                options, _, command = rest.partition(" CMD ")
                fields = dict(option.removeprefix("--").split("=") for option in options.split())
                image.health = HealthCheck(
                    command=json.loads(command),
                    interval=seconds(fields["interval"]),
                    timeout=seconds(fields["timeout"]),
                    retries=int(fields["retries"]),
                    start_period=seconds(fields["start-period"]),
                )
            case "FROM" | "RUN" | "COPY" | "VOLUME" | "EXPOSE":
                pass
            case _:
                raise AssertionError(line)
    return image


def copied(image: Image) -> dict[str, str]:
    """What the last stage takes from the others: the path there, and the path in it."""
    last = max(index for index, (name, _) in enumerate(image.instructions) if name == "FROM")
    copies = (rest.split() for name, rest in image.instructions[last:] if name == "COPY")
    return {target: f"{stage.removeprefix('--from=')}:{source}" for stage, source, target in copies}


def stage_folder(path: str) -> Path:
    return Path(path.split(":", 1)[1])
