"""Charts as inline SVG: no script, no outside request; colours come from the page's style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup, escape

from slaengine.projections.compliance import ComplianceRow
from slaengine.reporting.words import WORDS, Lang, percent

WIDTH = 520
"""All charts are so wide in their own units: a phone shows them at three quarters of that, and the text stays readable."""


COUNTED = ("met", "missed", "overdue")
"""The verdicts that a rate counts."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar: its length, and its class in the style sheet (`green`, `red`, `received`…)."""

    value: float
    style: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar with its name, the text at its end, and the words that a pointer or a screen reader gives."""

    name: str
    parts: tuple[Part, ...]
    note: str
    told: str


def verdict_bar(name: str, row: ComplianceRow, lang: Lang) -> Bar:
    """Return the bar of a compliance row: the shares of met, missed and overdue, and the rate beside it."""
    whole = max(row.met + row.missed + row.overdue, 1)
    parts = tuple(Part(getattr(row, verdict) / whole, verdict) for verdict in COUNTED)
    return Bar(name, parts, percent(row.rate), f"{name}: {told(row, lang)}")


def told(row: ComplianceRow, lang: Lang) -> str:
    """Return a compliance row in words."""
    counts = ", ".join(f"{getattr(row, verdict):,} {WORDS[lang][verdict]}" for verdict in COUNTED)
    return f"{percent(row.rate)} ({counts})"


def rows(title: str, bars: Sequence[Bar], scale: float) -> Markup:
    """Return horizontal bars; a length of `scale` fills the width."""
    row, left, right = 30, 180, 92
    wide = WIDTH - left - right
    out = [_open(title, row * len(bars) + 4)]
    for i, bar in enumerate(bars):
        y = i * row + 4
        out.append(
            Markup('<g><title>{}</title><text x="{}" y="{}" class="name" text-anchor="end">{}</text>').format(
                bar.told, left - 8, y + 16, _short(bar.name, 23)
            )
        )
        out.append(Markup('<rect class="track" x="{}" y="{}" width="{}" height="20" rx="4"/>').format(left, y + 1, wide))
        x = float(left)
        for part in bar.parts:
            length = wide * part.value / scale if scale else 0.0
            out.append(_rect(part.style, x, y + 1, length, 20))
            x += length
        out.append(Markup('<text x="{}" y="{}" class="note">{}</text></g>').format(WIDTH - right + 8, y + 16, bar.note))
    return _closed(out)


def columns(title: str, bars: Sequence[Bar], *, percent: bool = False, line: float | None = None) -> Markup:
    """Return upright bars, from 0 to 100 % or to a round number above the highest, with a dashed line at `line`."""
    high, left, foot = 200, 52, 44
    top = 1.0 if percent else _round_up(max((sum(part.value for part in bar.parts) for bar in bars), default=1))
    step = (WIDTH - left) / max(len(bars), 1)
    wide = min(step * 0.68, 56)
    out = [_open(title, high + foot), *_grid(high, left, top, percent=percent)]
    every = ceil(len(bars) * 58 / (WIDTH - left)) or 1
    for i, bar in enumerate(bars):
        x = left + step * i + (step - wide) / 2
        y = float(high)
        out.append(Markup("<g><title>{}</title>").format(bar.told))
        for part in bar.parts:
            tall = (high - 22) * part.value / top
            y -= tall
            out.append(_rect(part.style, x, y, wide, tall))
        if len(bars) <= 9:
            out.append(_text(x + wide / 2, y - 6, "note", bar.note))
        if i % every == 0:
            out.append(_text(x + wide / 2, high + 20, "name", bar.name))
        out.append(Markup("</g>"))
    if line is not None:
        at = high - (high - 22) * line / top
        out.append(Markup('<line class="goal" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(left, WIDTH, at, at))
    return _closed(out)


def paired(title: str, names: Sequence[str], series: Sequence[tuple[str, Sequence[int]]], line: Sequence[int]) -> Markup:
    """Return groups of upright bars, one of each series a name, and a line through `line`, all on one scale from 0."""
    high, left, foot = 200, 52, 44
    top = _round_up(max([*line, *(value for _, values in series for value in values)], default=1))
    step = (WIDTH - left) / max(len(names), 1)
    wide = min(step * 0.34, 24)
    out = [_open(title, high + foot), *_grid(high, left, top, percent=False)]
    every = ceil(len(names) * 58 / (WIDTH - left)) or 1
    points = []
    for i, name in enumerate(names):
        middle = left + step * (i + 0.5)
        for k, (style, values) in enumerate(series):
            tall = (high - 22) * values[i] / top
            out.append(Markup("<g><title>{}: {:,}</title>").format(name, values[i]))
            out.append(_rect(style, middle + (k - len(series) / 2) * wide, high - tall, wide - 1, tall) + Markup("</g>"))
        if i % every == 0:
            out.append(_text(middle, high + 20, "name", name))
        points.append(f"{middle:.1f},{high - (high - 22) * line[i] / top:.1f}")
    out.append(Markup('<polyline class="open" points="{}"/>').format(" ".join(points)))
    return _closed(out)


def _open(title: str, height: float) -> Markup:
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">').format(WIDTH, height, title)


def _closed(parts: Sequence[Markup]) -> Markup:
    return Markup("").join([*parts, Markup("</svg>")])


def _rect(style: str, x: float, y: float, wide: float, tall: float) -> Markup:
    return Markup('<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="2"/>').format(
        style, x, y, wide, tall
    )


def _text(x: float, y: float, style: str, text: str) -> Markup:
    return Markup('<text x="{:.1f}" y="{:.1f}" class="{}" text-anchor="middle">{}</text>').format(x, y, style, escape(text))


def _grid(high: float, left: float, top: float, *, percent: bool) -> list[Markup]:
    out = []
    for quarter in range(5):
        value = top * quarter / 4
        y = high - (high - 22) * quarter / 4
        mark = f"{value * 100:.0f} %" if percent else _compact(value)
        out.append(Markup('<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(left, WIDTH, y, y))
        out.append(Markup('<text x="{}" y="{:.1f}" class="name" text-anchor="end">{}</text>').format(left - 8, y + 4, mark))
    return out


def _compact(value: float) -> str:
    return f"{value / 1000:,g}k" if value >= 10_000 else f"{value:,g}"


def _round_up(value: float) -> float:
    """Return the least 1, 2, 4 or 8 times a power of ten that is not below `value`: a quarter of it is a round number too."""
    if value <= 4:
        return 4
    power = 10 ** floor(log10(value))
    return float(next(power * step for step in (1, 2, 4, 8, 10) if power * step >= value))


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
