"""Key figures on the terminal, and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from slaengine.projections.kpis import KpiRow
from slaengine.reporting.cells import Cell, text_of
from slaengine.reporting.tables import COLOURS
from slaengine.reporting.words import WORDS, Lang, dimension, duration

TIMES = frozenset({"elapsed", "held"})
NUMBERS = frozenset({"count", "backlog"})
PER_PERSON = frozenset({"workload", "in_hand"})
SPREAD = frozenset({"elapsed", "held", "backlog"})
"""Measures whose percentiles stand beside the value."""


def kpi_tables(rows: Sequence[KpiRow], lang: Lang = "en") -> RenderableType:
    """Return one table for each KPI."""
    names = dict.fromkeys(row.kpi for row in rows)
    return Group(*(_table([row for row in rows if row.kpi == name], lang) for name in names))


def _table(rows: Sequence[KpiRow], lang: Lang) -> Table:
    words, first = WORDS[lang], rows[0]
    table = Table(title=f"{first.title} ({first.kpi})", title_justify="left")
    for name in (f"period_{first.cohort}", *first.group):
        table.add_column(dimension(name, lang))
    for name in ("above", "below", "value", *(("p50_s", "p90_s") if first.measure in SPREAD else ()), "goal", "band"):
        table.add_column(words[name], justify="right")
    for row in rows:
        table.add_row(*_cells(row, lang))
    return table


def _cells(row: KpiRow, lang: Lang) -> list[str | Text]:
    words = WORDS[lang]
    spread = [duration(row.p50_s), duration(row.p90_s)] if row.measure in SPREAD else []
    return [
        row.period or words["all"],
        *(value or words["unknown"] for value in row.group.values()),
        f"{row.above:,}",
        "" if row.below is None else f"{row.below:,}",
        value_shown(row, row.value, lang),
        *spread,
        value_shown(row, row.goal, lang) if row.goal is not None else "",
        Text(words[row.band] if row.band else "", style=COLOURS.get(row.band or "", "")),
    ]


def value_cell(row: KpiRow, value: float | None) -> Cell:
    """Return a value of this KPI, or its goal."""
    if row.measure in TIMES:
        return Cell(value, "length")
    if row.measure in NUMBERS:
        return Cell(value, "count")
    if row.measure in PER_PERSON:
        return Cell(value, "number")
    return Cell(value, "share")


def value_shown(row: KpiRow, value: float | None, lang: Lang) -> str:
    """Return a value of this KPI as people read it."""
    return text_of(value_cell(row, value), lang)


CSV_COLUMNS = ("kpi", "measure", "cohort", "above", "below", "value", "p50_s", "p90_s", "goal", "band")


def kpi_csv(rows: Sequence[KpiRow]) -> str:
    """Return key figures as CSV (RFC 4180), a line for each; what is None, or no dimension of that KPI, is empty."""
    out = StringIO()
    groups = list(dict.fromkeys(name for row in rows for name in row.group))
    writer = csv.writer(out)
    writer.writerow(["period", *groups, *CSV_COLUMNS])
    for row in rows:
        said = (row.period, *map(row.group.get, groups), *(getattr(row, name) for name in CSV_COLUMNS))
        writer.writerow(["" if value is None else value for value in said])
    return out.getvalue()
