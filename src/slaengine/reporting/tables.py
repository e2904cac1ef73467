"""A report on the terminal, and as CSV."""

from __future__ import annotations

import csv
from io import StringIO
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from slaengine.projections.report import Report
from slaengine.reporting.sheets import Sheet, closure_sheet, compliance_sheet, headings, shown
from slaengine.reporting.words import WORDS, Lang

COLOURS = {"green": "green", "amber": "yellow", "red": "red"}
NOT_ON_TERMINAL = frozenset({"raw_rate", "promise", "resolved_rate", "revisits_due", "revisited"})
"""Columns that a terminal has no room for; JSON, CSV, HTML and spreadsheets have them."""

ALWAYS = frozenset({"met", "missed", "rate", "received", "closed", "closure_rate"})
"""Columns shown even when all they hold is nothing."""


def report_table(report: Report, lang: Lang = "en") -> RenderableType:
    """Return the report as two tables. Targets with nothing to measure are left out where their group has others."""
    words = WORDS[lang]
    heading = f"{words['policy']} {report.policy}, {words['as_of']} {report.as_of:%Y-%m-%d %H:%M} UTC"
    if report.known_at:
        heading += f", {words['known_at']} {report.known_at:%Y-%m-%d %H:%M} UTC"
    if not report.closure:
        return Group(heading, words["no_figures"])
    shorter = report.model_copy(update={"rows": measured(report)})
    return Group(
        heading,
        _table(compliance_sheet(shorter), words["compliance"], lang),
        _table(closure_sheet(report), words["closure"], lang),
        Text(words["rate_rule"], style="dim"),
    )


def measured(report: Report) -> list[Any]:
    """Return the compliance rows worth a line: those with a clock, and those of groups that have no clock at all."""

    def clocks(row: Any) -> int:
        return int(row.met + row.missed + row.running + row.overdue + row.waived + row.cancelled)

    def key(row: Any) -> tuple[Any, ...]:
        return (row.period, *row.group.values())

    with_clocks = {key(row) for row in report.rows if clocks(row)}
    return [row for row in report.rows if clocks(row) or key(row) not in with_clocks]


def _table(sheet: Sheet, title: str, lang: Lang) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold", row_styles=("", "dim"))
    kept = [
        i for i, name in enumerate(sheet.columns) if name not in NOT_ON_TERMINAL and (i < sheet.text_columns or _says(sheet, i))
    ]
    names = headings(sheet, lang)
    for i in kept:
        table.add_column(names[i], justify="left" if i < sheet.text_columns else "right", overflow="fold")
    for row in sheet.rows:
        table.add_row(*(_cell(sheet.columns[i], row[i], lang) for i in kept))
    return table


def _says(sheet: Sheet, column: int) -> bool:
    """Whether a column holds anything but nothing; words, and the figures that are always asked about, are kept."""
    return column < sheet.text_columns or sheet.columns[column] in ALWAYS or any(row[column] for row in sheet.rows)


def _cell(name: str, value: Any, lang: Lang) -> Text:
    return Text(shown(name, value, lang), style=COLOURS.get(value, "") if name == "band" and value else "")


def report_csv(report: Report, *, closure: bool = False) -> str:
    """Return the compliance rows, or the closure rows, as CSV (RFC 4180). What is None is empty."""
    sheet = closure_sheet(report) if closure else compliance_sheet(report)
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(sheet.columns)
    writer.writerows(["" if value is None else value for value in row] for row in sheet.rows)
    return out.getvalue()
