"""The size of the binary."""

import os
from pathlib import Path

from bench import Group, Report


def measure(_: Path, report: Report) -> None:
    binary = Path(os.environ["FLOWKEEP_BIN"])
    report("size of the binary", binary.stat().st_size / 2**20, "MiB")


GROUP = Group(alone=measure)
