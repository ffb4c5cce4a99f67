"""The size of the binary."""

import os
from pathlib import Path

from bench import FLOWKEEP, Group, ReportOf


def measure(_: Path, report_of: ReportOf) -> None:
    binary = Path(os.environ["FLOWKEEP_BIN"])
    report_of(FLOWKEEP)("size of the binary", binary.stat().st_size / 2**20, "MiB")


GROUP = Group(alone=measure)
