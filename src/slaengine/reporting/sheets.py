"""A report as plain sheets of rows: what tables, CSV and spreadsheets are written from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slaengine.projections.closure import FLAGS, ClosureRow
from slaengine.projections.compliance import ComplianceRow
from slaengine.projections.report import Report
from slaengine.reporting.cells import Cell, text_of
from slaengine.reporting.words import WORDS, Lang, dimension

COMPLIANCE = (
    *("met", "missed", "running", "overdue", "waived", "cancelled", "not_measurable"),
    *("rate", "raw_rate", "p50_s", "p90_s", "goal", "band"),
)
CLOSURE = (*FLAGS, "resolved_rate", "closure_rate", "closed_loop_rate", "revisit_rate")
SHARES = frozenset({"rate", "raw_rate", "goal", "resolved_rate", "closure_rate", "closed_loop_rate", "revisit_rate"})
LENGTHS = frozenset({"p50_s", "p90_s"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """Columns by their key, and rows of raw values; the first `text_columns` columns are words, the others figures."""

    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    text_columns: int


def compliance_sheet(report: Report) -> Sheet:
    """Return the compliance rows: period (where there is one), the dimensions, target, promise, and the figures."""
    return _sheet(report.rows, ("target", "promise"), COMPLIANCE)


def closure_sheet(report: Report) -> Sheet:
    """Return the closure rows: period (where there is one), the dimensions, and the figures."""
    return _sheet(report.closure, (), CLOSURE)


def _sheet(rows: Sequence[ComplianceRow | ClosureRow], words: tuple[str, ...], figures: tuple[str, ...]) -> Sheet:
    by = tuple(rows[0].group) if rows else ()
    period = ("period",) if rows and rows[0].period is not None else ()
    values = []
    for row in rows:
        key = [*([row.period] if period else []), *row.group.values()]
        values.append((*key, *(getattr(row, name) for name in (*words, *figures))))
    texts = (*period, *by, *words)
    return Sheet((*texts, *figures), values, len(texts))


def headings(sheet: Sheet, lang: Lang) -> list[str]:
    """Return the headings of the columns for people."""
    return [dimension(name, lang) for name in sheet.columns]


def cell(name: str, value: Any, lang: Lang) -> Cell:
    """Return one value of the column `name`; what is not known is said in words."""
    if name == "band":
        return Cell(value, "band")
    if name in SHARES:
        return Cell(value, "share")
    if name in LENGTHS:
        return Cell(value, "length")
    if isinstance(value, int):
        return Cell(value, "count")
    return Cell(WORDS[lang]["unknown"] if value is None else str(value))


def shown(name: str, value: Any, lang: Lang) -> str:
    """Return one value of the column `name` as people read it."""
    return text_of(cell(name, value, lang), lang)
