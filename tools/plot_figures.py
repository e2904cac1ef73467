"""Draw the cost per fact against the size, from measurements of `python -m benchmarks figures` or `replay`.

    python tools/plot_figures.py docs/pictures/figures-cost.csv docs/pictures/figures-cost.svg
    python tools/plot_figures.py docs/pictures/replay-cost.csv docs/pictures/replay-cost.svg

Columns of the CSV, without a header. Of `figures`: date, store, orders, facts, build s, facts/s, µs a fact, CPU µs a fact, peak
MB, first report s, report ms, added ms. Of `replay`: date, what, facts, ns a fact.
"""

from __future__ import annotations

import csv
import math
import sys
from pathlib import Path
from typing import NamedTuple

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 380, 70, 160, 46, 56
COLOURS = {"SQLite": "#0b6e99", "PostgreSQL": "#7a4fa3", "plain eventsourcing": "#a15c00", "replay": "#0b6e99"}
SERIES, SIZE = 1, 2


class Told(NamedTuple):
    """What a measurement is of: the column of the cost, what that is, and what sizes count."""

    cost: int
    title: str
    sizes: str


FIGURES = Told(7, "µs of processor time a fact, both processes", "orders")
REPLAY = Told(3, "ns a fact, two threads", "facts")


def main(source: str, target: str) -> None:
    """Draw the measurements in `source` into `target`."""
    rows = list(csv.reader(Path(source).read_text(encoding="utf-8").splitlines()))
    told = REPLAY if len(rows[0]) == REPLAY.cost + 1 else FIGURES
    series: dict[str, list[tuple[int, float]]] = {}
    for row in rows:
        if float(row[told.cost]):  # else it was not measured
            series.setdefault(row[SERIES], []).append((int(row[SIZE]), float(row[told.cost])))
    Path(target).write_text(drawn(series, told, rows[0][0]), encoding="utf-8")


def drawn(series: dict[str, list[tuple[int, float]]], told: Told, date: str) -> str:
    """Return the picture of each series' points (size, cost) as SVG."""
    sizes = sorted({orders for points in series.values() for orders, _ in points})
    top = 10 * math.ceil(max(cost for points in series.values() for _, cost in points) / 10)
    low, high = math.log10(sizes[0]), math.log10(sizes[-1])

    def x(orders: int) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (math.log10(orders) - low) / ((high - low) or 1)

    def y(cost: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * cost / top

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="26" font-size="16" fill="#222">{told.title} ({date})</text>',
    ]
    for cost in range(0, top + 1, max(top // 5 // 5 * 5, 5)):
        parts.append(f'<line x1="{LEFT}" y1="{y(cost):.1f}" x2="{WIDTH - RIGHT}" y2="{y(cost):.1f}" stroke="#e3e3e3"/>')
        parts.append(f'<text x="{LEFT - 10}" y="{y(cost) + 4:.1f}" text-anchor="end" fill="#555">{cost}</text>')
    parts += [f'<text x="{x(n):.1f}" y="{HEIGHT - 28}" text-anchor="middle" fill="#555">{n:,}</text>' for n in sizes]
    parts.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle" fill="#555">{told.sizes}</text>')
    for name, points in series.items():
        line = " ".join(f"{x(orders):.1f},{y(cost):.1f}" for orders, cost in sorted(points))
        parts.append(f'<polyline points="{line}" fill="none" stroke="{COLOURS[name]}" stroke-width="2.5"/>')
        parts += [f'<circle cx="{x(o):.1f}" cy="{y(c):.1f}" r="4" fill="{COLOURS[name]}"/>' for o, c in points]
        last = max(points)
        parts.append(f'<text x="{x(last[0]) + 10:.1f}" y="{y(last[1]) + 4:.1f}" fill="{COLOURS[name]}">{name}</text>')
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    main(*sys.argv[1:3])
