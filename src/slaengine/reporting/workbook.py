"""Reports as Excel workbooks: what they are of, then a sheet for each table, with numbers as numbers and charts beside."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from rich.cells import cell_len

from slaengine.errors import MissingExtra
from slaengine.projections.report import Report
from slaengine.reporting.cells import Cell, Kind, text_of
from slaengine.reporting.charts import COUNTED
from slaengine.reporting.ready import ReadyReport
from slaengine.reporting.sheets import Sheet, cell, closure_sheet, compliance_sheet, headings
from slaengine.reporting.words import WORDS, Lang

FILLS = {"green": "C6EFCE", "amber": "FFEB9C", "red": "FFC7CE"}
FORMATS: dict[Kind, str] = {"count": "#,##0", "number": "#,##0.0", "share": "0.0%", "length": "[h]:mm:ss"}
BARS = {"met": "1A9E63", "missed": "D0403F", "overdue": "84204E"}
BARS_MAX = 40
"""Rows beyond which a chart is no help any more."""
DAY_S = 86_400
"""Excel counts lengths of time in days."""
TITLE_MAX = 31
"""Excel takes no longer name of a sheet, and none of these signs in it."""
FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " "))
WIDTH_MAX = 48
FONT = "Calibri"


def report_workbook(report: Report, lang: Lang = "en") -> bytes:
    """Return the report with its two tables.

    Raises:
        MissingExtra: openpyxl is not installed.
    """
    words, book = WORDS[lang], _Book(lang)
    known = f", {words['known_at']} {report.known_at:%Y-%m-%d %H:%M} UTC" if report.known_at else ""
    book.begin(words["report"], f"{words['policy']} {report.policy}, {words['as_of']} {report.as_of:%Y-%m-%d %H:%M} UTC{known}")
    for name, sheet in (("compliance", compliance_sheet(report)), ("closure", closure_sheet(report))):
        book.add(words[name], headings(sheet, lang), _cells(sheet, lang))
    return book.content()


def _cells(sheet: Sheet, lang: Lang) -> list[list[Cell]]:
    return [[cell(name, value, lang) for name, value in zip(sheet.columns, row, strict=True)] for row in sheet.rows]


def ready_workbook(ready: ReadyReport, lang: Lang = "en") -> bytes:
    """Return a ready report.

    Raises:
        MissingExtra: openpyxl is not installed.
    """
    book = _Book(lang)
    book.begin(ready.title, ready.subtitle)
    for section in ready.sections:
        book.add(section.title, section.columns, section.rows or [[Cell(section.nothing)]], section.parts if section.rows else ())
    return book.content()


class _Book:
    def __init__(self, lang: Lang) -> None:
        try:
            from openpyxl import Workbook  # noqa: PLC0415 (an extra)
        except ImportError:
            raise MissingExtra("an Excel workbook", "tables") from None
        self._book: Any = Workbook()
        self._lang: Lang = lang

    def begin(self, title: str, subtitle: str) -> None:
        """Say on the first sheet what the workbook is of."""
        from openpyxl.styles import Font  # noqa: PLC0415 (an extra)

        sheet = self._book.active
        sheet.title = _name(title)
        for line in (title, subtitle, WORDS[self._lang]["rate_rule"]):
            sheet.append([line])
        sheet["A1"].font = Font(name=FONT, bold=True, size=14)
        sheet.column_dimensions["A"].width = 2 * WIDTH_MAX

    def add(self, title: str, names: Sequence[str], rows: Sequence[Sequence[Cell]], parts: Sequence[int] = ()) -> None:
        """Add a table; with a chart of the columns `parts`, unless it has too many rows for one."""
        from openpyxl.styles import Alignment, Font  # noqa: PLC0415 (an extra)
        from openpyxl.utils import get_column_letter  # noqa: PLC0415 (an extra)
        from openpyxl.worksheet.properties import PageSetupProperties  # noqa: PLC0415 (an extra)

        sheet = self._book.create_sheet(_name(title))
        sheet.append(list(names))
        for heading, first in zip(sheet[1], rows[0] if rows else (), strict=False):
            heading.font = Font(name=FONT, bold=True)
            heading.alignment = Alignment(horizontal="left" if first.kind == "text" else "right")
        for line, row in enumerate(rows, 2):
            for place, said in enumerate(row, 1):
                self._write(sheet.cell(line, place), said)
        for place, name in enumerate(names, 1):
            said_at = (text_of(row[place - 1], self._lang) for row in rows if len(row) >= place)
            longest = max(map(cell_len, (name, *said_at)))  # a Chinese sign is two wide
            sheet.column_dimensions[get_column_letter(place)].width = min(longest + 3, WIDTH_MAX)
        sheet.freeze_panes = "A2"
        sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
        sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
        if parts and len(rows) <= BARS_MAX:
            sheet.add_chart(_chart(sheet, title, parts, len(rows)), f"{get_column_letter(len(names) + 2)}2")

    def _write(self, place: Any, said: Cell) -> None:
        from openpyxl.styles import PatternFill  # noqa: PLC0415 (an extra)

        place.value = said.value
        if said.kind == "band" and said.value:
            place.value = WORDS[self._lang][said.value]
            place.fill = PatternFill("solid", fgColor=FILLS[said.value])
        elif said.kind == "length" and said.value is not None:
            place.value = said.value / DAY_S
        if said.kind in FORMATS:
            place.number_format = FORMATS[said.kind]
        if place.data_type == "f":
            place.data_type = "s"  # a text from the store that begins like a formula stays a text

    def content(self) -> bytes:
        out = BytesIO()
        self._book.save(out)
        return out.getvalue()


def _name(title: str) -> str:
    return title.translate(FORBIDDEN)[:TITLE_MAX]


def _chart(sheet: Any, title: str, parts: Sequence[int], rows: int) -> Any:
    """Return bars that show, for each row, which share of the whole each of the columns has."""
    from openpyxl.chart import BarChart, Reference  # noqa: PLC0415 (an extra)

    chart = BarChart()
    chart.type, chart.grouping, chart.overlap, chart.gapWidth = "bar", "percentStacked", 100, 40
    chart.title, chart.height, chart.width = title, 4 + 0.7 * rows, 22
    chart.y_axis.number_format, chart.y_axis.delete, chart.x_axis.delete = "0%", False, False
    chart.x_axis.scaling.orientation = "maxMin"  # the first row on top
    for column, verdict in zip(parts, COUNTED, strict=True):
        chart.add_data(Reference(sheet, min_col=column + 1, min_row=1, max_row=rows + 1), titles_from_data=True)
        chart.series[-1].graphicalProperties.solidFill = BARS[verdict]
    chart.set_categories(Reference(sheet, min_col=1, min_row=2, max_row=rows + 1))
    return chart
