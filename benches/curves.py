"""Draws curves on two logarithmic scales, as SVG that needs nothing else."""

from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 860, 420
LEFT, RIGHT, TOP, BOTTOM = 60, 330, 40, 40
COLOURS = ("#1b6ca8", "#c8553d", "#4a8c3f", "#8e5ea2", "#b8860b", "#2f8f8b", "#666666", "#d1495b")


@dataclass(frozen=True)
class Curve:
    name: str
    points: list[tuple[float, float]]


def draw(title: str, curves: list[Curve]) -> str:
    xs = [log10(x) for curve in curves for x, _ in curve.points]
    ys = [log10(y) for curve in curves for _, y in curve.points]
    low_x, high_x = floor(min(xs)), max(ceil(max(xs)), floor(min(xs)) + 1)
    low_y, high_y = floor(min(ys)), max(ceil(max(ys)), floor(min(ys)) + 1)

    def at_x(value: float) -> float:
        return LEFT + (value - low_x) / (high_x - low_x) * (WIDTH - LEFT - RIGHT)

    def at_y(value: float) -> float:
        return HEIGHT - BOTTOM - (value - low_y) / (high_y - low_y) * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="14">{escape(title)}</text>',
    ]
    for decade in range(low_x, high_x + 1):
        x = at_x(decade)
        parts.append(f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{HEIGHT - BOTTOM}" stroke="#ddd"/>')
        parts.append(
            f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{10**decade:,}</text>'
        )
    for decade in range(low_y, high_y + 1):
        y = at_y(decade)
        parts.append(f'<line x1="{LEFT}" y1="{y:.1f}" x2="{WIDTH - RIGHT}" y2="{y:.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{10.0**decade:g}</text>')
    # Names stand beside the ends of their curves, and not upon one another.
    ends = sorted(curves, key=lambda curve: -curve.points[-1][1])
    name_y = 0.0
    for curve in ends:
        colour = COLOURS[curves.index(curve) % len(COLOURS)]
        line = " ".join(f"{at_x(log10(x)):.1f},{at_y(log10(y)):.1f}" for x, y in curve.points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        for x, y in curve.points:
            parts.append(
                f'<circle cx="{at_x(log10(x)):.1f}" cy="{at_y(log10(y)):.1f}" r="3" fill="{colour}"/>'
            )
        name_y = max(name_y + 15, at_y(log10(curve.points[-1][1])) + 4)
        label = f"{curve.name}: {curve.points[-1][1]:.2g} ms"
        parts.append(
            f'<text x="{WIDTH - RIGHT + 12}" y="{name_y:.1f}" fill="{colour}">{escape(label)}</text>'
        )
    return "\n".join([*parts, "</svg>\n"])
