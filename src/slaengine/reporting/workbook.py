"""Reports as Excel workbooks, a sheet for each table."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from slaengine.errors import MissingExtra
from slaengine.projections.report import Report
from slaengine.reporting.ready import ReadyReport
from slaengine.reporting.sheets import LENGTHS, SHARES, closure_sheet, compliance_sheet, headings
from slaengine.reporting.words import WORDS, Lang

FILLS = {"green": "C6EFCE", "amber": "FFEB9C", "red": "FFC7CE"}
TITLE_MAX = 31
"""Excel takes no longer name of a sheet, and none of these signs in it."""
FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


def report_workbook(report: Report, lang: Lang = "en") -> bytes:
    """Return the report with its two tables; figures are numbers, shares are shown in per cent.

    Raises:
        MissingExtra: openpyxl is not installed.
    """
    book = _Book(lang)
    for name, sheet in (("compliance", compliance_sheet(report)), ("closure", closure_sheet(report))):
        formats = ["0.0 %" if column in SHARES else "#,##0" if column in LENGTHS else None for column in sheet.columns]
        book.add(WORDS[lang][name], headings(sheet, lang), sheet.rows, formats)
    return book.content()


def ready_workbook(ready: ReadyReport, lang: Lang = "en") -> bytes:
    """Return a ready report, as it reads.

    Raises:
        MissingExtra: openpyxl is not installed.
    """
    book = _Book(lang)
    for section in ready.sections:
        book.add(section.title, section.columns, section.rows or [[section.nothing]], [])
    return book.content()


class _Book:
    def __init__(self, lang: Lang) -> None:
        try:
            from openpyxl import Workbook  # noqa: PLC0415 (an extra)
        except ImportError:
            raise MissingExtra("an Excel workbook", "tables") from None
        self._book: Any = Workbook()
        self._book.remove(self._book.active)
        self._bands = {WORDS[lang][band]: colour for band, colour in FILLS.items()} | FILLS

    def add(self, title: str, names: Sequence[str], rows: Sequence[Sequence[Any]], formats: Sequence[str | None]) -> None:
        from openpyxl.styles import Font, PatternFill  # noqa: PLC0415 (an extra)
        from openpyxl.utils import get_column_letter  # noqa: PLC0415 (an extra)

        sheet = self._book.create_sheet(title.translate(FORBIDDEN)[:TITLE_MAX])
        sheet.append(list(names))
        for row in rows:
            sheet.append(list(row))
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        for line in sheet.iter_rows(min_row=2):
            for cell, form in zip(line, formats or [None] * len(line), strict=False):
                if form:
                    cell.number_format = form
                if cell.data_type == "f":
                    cell.data_type = "s"  # a text from the store that begins like a formula stays a text
                if cell.value in self._bands:
                    cell.fill = PatternFill("solid", fgColor=self._bands[cell.value])
        for place, name in enumerate(names, 1):
            longest = max([len(str(name)), *(len(str(row[place - 1])) for row in rows if len(row) >= place)])
            sheet.column_dimensions[get_column_letter(place)].width = min(longest + 3, 48)
        sheet.freeze_panes = "A2"

    def content(self) -> bytes:
        out = BytesIO()
        self._book.save(out)
        return out.getvalue()
