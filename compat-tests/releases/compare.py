"""Lists what differs between two releases of MLflow. See `compare-mlflow` in the folder above."""

import argparse
import json
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from differential.compare import compare
from differential.corpus import file_name, files, read
from differential.replay import replay
from harness.databases import create_database
from harness.environments import STOCK_BIN, clean_environment
from harness.servers import STOCK, Replica, Server

PYTHON = STOCK_BIN / "python"


@dataclass
class Release:
    """A wheel of MLflow, unpacked over the packages of the environment."""

    packages: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"PYTHONPATH": str(self.packages), "PYTHONWARNINGS": "ignore"}

    def describe(self) -> dict[str, Any]:
        result = self.packages.with_suffix(".json")
        subprocess.run(
            [PYTHON, Path(__file__).with_name("describe.py"), result],
            env=clean_environment() | self.environment,
            check=True,
        )
        return json.loads(result.read_text())


def unpack(named: str, folder: Path) -> Release:
    """Unpacks a wheel, or downloads that of a version first."""
    wheel = Path(named)
    if not wheel.is_file():
        pip = [PYTHON, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*pip, "--dest", folder, f"mlflow=={named}"], check=True)
        (wheel,) = folder.glob(f"mlflow-{named}-*.whl")
    packages = folder / wheel.name.removesuffix(".whl").replace(".", "_")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    return Release(packages)


def differences(old: dict[str, list[str]], new: dict[str, list[str]]) -> Iterator[str]:
    """What came, what went and what is made of other parts."""
    for name in sorted(old.keys() | new.keys()):
        if name not in old:
            yield f"+ {name}"
            yield from (f"    {part}" for part in new[name])
        elif name not in new:
            yield f"- {name}"
        elif old[name] != new[name]:
            yield f"~ {name}"
            yield from (f"    - {part}" for part in old[name] if part not in new[name])
            yield from (f"    + {part}" for part in new[name] if part not in old[name])


def differences_of_replies(releases: list[Release], folder: Path) -> Iterator[str]:
    """Replays the corpus on both servers. Nothing is accepted: each difference is news."""
    replicas = []
    try:
        for number, release in enumerate(releases):
            place = folder / f"server-{number}"
            place.mkdir()
            server = Server(STOCK, create_database("sqlite", place), place, release.environment)
            server.start()
            replicas.append(Replica(server))
        for path in files():
            corpus = read(path)
            old, new = (replay(corpus, replica.fresh()) for replica in replicas)
            yield from compare(file_name(path), "sqlite", corpus, old, new, accepted=[]).mismatches
    finally:
        for replica in replicas:
            replica.server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(prog="compare-mlflow")
    parser.add_argument("old", help="a version, or a wheel")
    parser.add_argument("new", help="a version, or a wheel")
    parser.add_argument("--no-corpus", action="store_true", help="start no servers")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        releases = [unpack(arguments.old, folder), unpack(arguments.new, folder)]
        old, new = (release.describe() for release in releases)
        for part in ("routes", "messages", "tables"):
            _print(
                f"{part} of MLflow {old['version']} and {new['version']}", differences(old[part], new[part])
            )
        if not arguments.no_corpus:
            _print("replies to the corpus", differences_of_replies(releases, folder))


def _print(title: str, lines: Iterator[str]) -> None:
    print(f"\n## {title}\n", flush=True)
    count = 0
    for count, line in enumerate(lines, 1):  # noqa: B007
        print(line, flush=True)
    if count == 0:
        print("the same", flush=True)


if __name__ == "__main__":
    sys.exit(main())
