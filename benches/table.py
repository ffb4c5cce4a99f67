"""Figures by scenario and server, as one table in Markdown."""

import os
import platform
import sys
import time
from dataclasses import dataclass, field

TIMES = "\N{MULTIPLICATION SIGN}"

TITLES = {
    "stock": "MLflow 3.17.2",
    "fasttrackml": "FastTrackML 0.6.0",
    "floor": "bare minimum",
    "flowkeep": "flowkeep",
}


@dataclass
class Table:
    rows: dict[str, dict[str, tuple[float, str]]] = field(default_factory=dict)

    def add(self, server: str, scenario: str, figure: float, unit: str) -> None:
        self.rows.setdefault(scenario, {})[server] = (figure, unit)
        print(
            f"  {server:11} {scenario:60} {figure:14,.2f} {unit}",
            file=sys.stderr,
            flush=True,
        )

    def print(self) -> None:
        present = [server for server in TITLES if any(server in figures for figures in self.rows.values())]
        others = [server for server in present if server != "flowkeep"]
        print(f"\n{platform.platform()}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}\n")
        headings = [TITLES[server] for server in present] + [f"{TIMES} {TITLES[server]}" for server in others]
        print(f"| {'scenario':60} | {' | '.join(f'{heading:>18}' for heading in headings)} |")
        print(f"|{'-' * 62}|{'|'.join('-' * 19 + ':' for _ in headings)}|")
        for scenario, figures in self.rows.items():
            cells = [written(figures.get(server)) for server in present]
            cells += [ratio(figures.get(server), figures.get("flowkeep")) for server in others]
            print(f"| {scenario:60} | {' | '.join(f'{cell:>18}' for cell in cells)} |")


def written(figure: tuple[float, str] | None) -> str:
    if figure is None:
        return ""
    value, unit = figure
    return f"{value:,.0f} {unit}" if value >= 100 else f"{value:,.3g} {unit}"


def ratio(theirs: tuple[float, str] | None, ours: tuple[float, str] | None) -> str:
    """How many times better flowkeep is."""
    if theirs is None or ours is None:
        return ""
    more_is_better = ours[1].endswith("/s")
    better, worse = (ours, theirs) if more_is_better else (theirs, ours)
    value = better[0] / worse[0]
    return f"{value:,.0f}{TIMES}" if value >= 10 else f"{value:,.2g}{TIMES}"
