"""Restatements on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from slaengine.projections.restatement import RestatedFigure, RestatedOrder, Restatements
from slaengine.reporting.words import WORDS, Lang, duration


def restatement_tables(found: Restatements, zone: ZoneInfo, lang: Lang) -> RenderableType:
    """Return what changed, figure by figure and order by order; times by the clocks of `zone`."""
    words = WORDS[lang]
    known = f"{words['known_at']} {found.known_at.astimezone(zone):%Y-%m-%d %H:%M}"
    heading = f"{words['policy']} {found.policy}, {words['as_of']} {found.as_of.astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"
    if not found.orders and not found.figures:
        return Group(heading, words["nothing_restated"])
    return Group(heading, _figures(found.figures, known, lang), _orders(found.orders, zone, lang))


def _figures(figures: Sequence[RestatedFigure], known: str, lang: Lang) -> Table:
    words = WORDS[lang]
    table = Table(title=words["restated_figures"], title_justify="left", header_style="bold")
    for name in ("period", "group", "target", "figure"):
        table.add_column(words[name], overflow="fold")
    for heading in (known, words["now"], words["change"]):
        table.add_column(heading, justify="right")
    for row in figures:
        where = ", ".join(words["unknown"] if value is None else value for value in row.group.values())
        change = (row.now or 0) - (row.then or 0)
        said = (_number(row.figure, row.then), _number(row.figure, row.now), _number(row.figure, change, sign="+"))
        table.add_row(row.period or words["all"], where, row.target or "", words.get(row.figure, row.figure), *said)
    return table


def _number(figure: str, value: float | None, sign: str = "") -> str:
    if value is None:
        return "–"
    return f"{100 * value:{sign}.2f} %" if figure == "rate" else f"{value:{sign},.0f}"


def _orders(orders: Sequence[RestatedOrder], zone: ZoneInfo, lang: Lang) -> Table:
    words = WORDS[lang]
    table = Table(title=f"{words['restated_orders']}: {len(orders):,}", title_justify="left", header_style="bold")
    for name in ("number", "verdicts", "learnt_since"):
        table.add_column(words[name], overflow="fold")
    for order in orders:
        verdicts = "\n".join(f"{clock.target}: {clock.then or '–'} → {clock.now or '–'}" for clock in order.clocks)
        learnt = Text()
        for item in order.since:
            late = f" ({words['later']} {duration(item.late_s)})" if item.late_s else ""
            learnt.append(f"{item.recorded_at.astimezone(zone):%Y-%m-%d %H:%M} {item.name}{late}\n")
        learnt.rstrip()
        table.add_row(order.number, verdicts, learnt)
    return table
