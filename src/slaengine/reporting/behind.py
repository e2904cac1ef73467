"""The orders behind a figure, on the terminal and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO

from rich.console import Group, RenderableType
from rich.table import Table

from slaengine.projections.behind import Behind
from slaengine.projections.kpi_orders import BehindKpi
from slaengine.reporting.words import WORDS, Lang

NUMBERS_SHOWN = 20
"""Order numbers on one line of a table; JSON and CSV have all."""


def behind_table(rows: Sequence[Behind] | Sequence[BehindKpi], lang: Lang) -> RenderableType:
    """Return the orders behind figures of a report, or of key figures: a line for each group and target, or KPI."""
    words = WORDS[lang]
    if not rows:
        return Group(words["no_figures"])
    first = rows[0]
    counted, named = (first.line, "kpi") if isinstance(first, BehindKpi) else (first.figure, "target")
    table = Table(title=words.get(counted, counted), title_justify="left", header_style="bold")
    for name in (named, "period", "group"):
        table.add_column(words[name], overflow="fold")
    table.add_column(words["orders"], justify="right")
    table.add_column(words["number"], overflow="fold")
    for row in rows:
        where = ", ".join(words["unknown"] if value is None else value for value in row.group.values())
        more = f" … (+{len(row.orders) - NUMBERS_SHOWN:,})" if len(row.orders) > NUMBERS_SHOWN else ""
        numbers = ", ".join(row.orders[:NUMBERS_SHOWN]) + more
        table.add_row(getattr(row, named) or "", row.period or words["all"], where, f"{len(row.orders):,}", numbers)
    return table


def behind_csv(rows: Sequence[Behind] | Sequence[BehindKpi]) -> str:
    """Return the orders behind figures as CSV (RFC 4180), a line for each order and group it is counted in."""
    out = StringIO()
    groups = list(dict.fromkeys(name for row in rows for name in row.group))
    named = ("kpi", "line") if any(isinstance(row, BehindKpi) for row in rows) else ("target", "figure")
    writer = csv.writer(out)
    writer.writerow(["period", *groups, *named, "number"])
    for row in rows:
        where = (row.period or "", *(row.group.get(name) or "" for name in groups), *(getattr(row, name) or "" for name in named))
        writer.writerows((*where, number) for number in row.orders)
    return out.getvalue()
