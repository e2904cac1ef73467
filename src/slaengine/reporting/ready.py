"""Ready reports: the daily stock-taking, the monthly report and the quarterly service-quality report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from markupsafe import Markup

from slaengine.engine import SlaEngine
from slaengine.errors import UsageError, nearest
from slaengine.projections.compliance import ComplianceRow, ratio
from slaengine.projections.periods import Period, label
from slaengine.projections.promises import titles
from slaengine.projections.report import Report
from slaengine.projections.stock import StockClock, StockOrder
from slaengine.reporting import charts
from slaengine.reporting.cells import Cell
from slaengine.reporting.charts import COUNTED, verdict_bar
from slaengine.reporting.kpis import value_cell
from slaengine.reporting.ready_words import READY_WORDS
from slaengine.reporting.sheets import Sheet, cell, closure_sheet, compliance_sheet, headings
from slaengine.reporting.tables import measured
from slaengine.reporting.words import WORDS, Lang, percent

Template = Literal["daily", "monthly", "quarterly"]
TEMPLATES: tuple[str, ...] = get_args(Template)
FREQUENT = 3
"""A matter that comes up so often in one month at one place is a high-frequency matter."""
PLACE = ("type", "community", "building")


@dataclass(frozen=True, slots=True)
class Section:
    """One table of a ready report: a title, headings, rows, how many of the columns are words, what to say if empty.

    `picture` is a chart that says the same, for pages. `parts` are the places of the columns that count
    the verdicts of a rate (`charts.COUNTED`), for a workbook's own chart.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    text_columns: int
    nothing: str
    picture: Markup | None = None
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadyReport:
    """A report ready to be shown: terminal, page and workbook are written from it."""

    title: str
    subtitle: str
    sections: Sequence[Section]


def as_template(word: str) -> Template:
    """Return `word` as the name of a ready report.

    Raises:
        UsageError: there is none of this name.
    """
    if word not in TEMPLATES:
        raise UsageError(f"there is no ready report '{word}'{nearest(word, TEMPLATES)} (reports: {', '.join(TEMPLATES)})")
    return word  # type: ignore[return-value]


def ready_report(
    engine: SlaEngine, template: Template, *, as_of: datetime, known_at: datetime | None = None, lang: Lang = "en"
) -> ReadyReport:
    """Return a ready report as of an instant: of that day, or of the month or quarter that it lies in, in the policy's zone."""
    book = engine.book()
    asking = _Asking(engine, as_of, known_at, lang, ZoneInfo(book.time_zone))
    sections = {"daily": _daily, "monthly": _monthly, "quarterly": _quarterly}[template](asking)
    words = READY_WORDS[lang]
    period: dict[str, Period] = {"daily": "day", "monthly": "month", "quarterly": "quarter"}
    name = asking.period(period[template])
    subtitle = f"{WORDS[lang]['policy']} {book.name} · {WORDS[lang]['as_of']} {as_of.astimezone(asking.zone):%Y-%m-%d %H:%M}"
    return ReadyReport(f"{words[template]} {name}", subtitle, sections)


@dataclass(frozen=True, slots=True)
class _Asking:
    """A ready report being made."""

    engine: SlaEngine
    as_of: datetime
    known_at: datetime | None
    lang: Lang
    zone: ZoneInfo

    def period(self, period: Period) -> str:
        return label(self.as_of.astimezone(self.zone).toordinal(), period)

    def called(self, target: str) -> str:
        """Return what people call a target."""
        return titles(self.engine.book(), self.lang).get(target, target)

    def report(self, period: Period, by: Sequence[str]) -> Report:
        """Return the report on the period that `as_of` lies in."""
        return self.engine.report(by=by, within=self.period(period), as_of=self.as_of, known_at=self.known_at)

    def say(self, name: str) -> str:
        words: Mapping[str, str] = {**WORDS[self.lang], **READY_WORDS[self.lang]}
        return words[name]

    def section(self, name: str, sheet: Sheet) -> Section:
        rows = [[cell(column, value, self.lang) for column, value in zip(sheet.columns, row, strict=True)] for row in sheet.rows]
        parts = tuple(map(sheet.columns.index, COUNTED)) if set(COUNTED) <= set(sheet.columns) else ()
        return Section(self.say(name), headings(sheet, self.lang), rows, sheet.text_columns, self.say("nothing"), parts=parts)

    def table(self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Cell]], text_columns: int) -> Section:
        parts = tuple(map(columns.index, COUNTED)) if set(COUNTED) <= set(columns) else ()
        headed = [self.say(column) for column in columns]
        return Section(self.say(name), headed, rows, text_columns, self.say("nothing"), parts=parts)


def _daily(asking: _Asking) -> list[Section]:
    """Every open order with its responsible person, by person and one by one; and whatever is overdue, on ended orders too."""
    stock = asking.engine.stock(as_of=asking.as_of, known_at=asking.known_at)
    return [_by_person(asking, stock.orders), _overdue(asking, stock.clocks), _waiting(asking, stock.orders)]


def _by_person(asking: _Asking, waiting: Sequence[StockOrder]) -> Section:
    found: dict[str, list[StockOrder]] = {}
    for order in waiting:
        found.setdefault(order.responsible or "", []).append(order)
    rows = []
    for person in sorted(found, key=lambda name: (not name, name)):
        late = sum(order.overdue for order in found[person])
        oldest = asking.as_of - min(order.received_at for order in found[person])
        name = Cell(person or asking.say("unknown"))
        rows.append([name, Cell(len(found[person]), "count"), Cell(late, "count"), Cell(oldest.total_seconds(), "length")])
    return asking.table("stock_by_person", ("responsible", "open", "overdue", "oldest"), rows, 1)


def _overdue(asking: _Asking, late: Sequence[StockClock]) -> Section:
    called = titles(asking.engine.book(), asking.lang)
    rows = []
    for clock in late:
        said = (clock.number, clock.type, clock.responsible, clock.cause, called.get(clock.target or "", clock.target))
        rows.append([*map(Cell, said), Cell((asking.as_of - clock.due_at).total_seconds(), "length")])
    return asking.table("stock_overdue", ("number", "type", "responsible", "cause", "target", "late_by"), rows, 5)


def _waiting(asking: _Asking, waiting: Sequence[StockOrder]) -> Section:
    rows = []
    for order in waiting:
        said = (order.number, order.kind, order.type, order.responsible, order.cause, order.status)
        rows.append([*map(Cell, said), Cell((asking.as_of - order.received_at).total_seconds(), "length")])
    return asking.table("stock_open", ("number", "kind", "type", "responsible", "cause", "status", "age"), rows, 6)


def _monthly(asking: _Asking) -> list[Section]:
    whole, by_type = asking.report("month", ()), asking.report("month", ("type",))
    places = asking.report("month", PLACE)
    frequent = [
        (row.group, row.received)
        for row in places.closure
        if row.received >= FREQUENT and row.group["type"] and row.group["building"]
    ]
    frequent.sort(key=lambda pair: -pair[1])
    rows = [[*(Cell(group[name]) for name in PLACE), Cell(count, "count")] for group, count in frequent]
    return [
        *_figures(asking, whole, by_type),
        _kpis(asking, "month"),
        asking.table("frequent", (*PLACE, "received"), rows, 3),
        _proposals(asking, whole, sorted({group["type"] or "" for group, _ in frequent})),
    ]


def _proposals(asking: _Asking, whole: Report, types: Sequence[str]) -> Section:
    """Name the standards to revise: targets in the amber or red band, and what is promised on high-frequency matters."""
    rows = [
        [Cell(asking.called(row.target)), Cell(f"{asking.say(row.band)}: {percent(row.rate)}")]
        for row in whole.rows
        if row.band in ("amber", "red")
    ]
    rows += [[Cell(name), Cell(asking.say("comes_often"))] for name in types]
    return asking.table("proposals", ("standard", "why"), rows, 2)


def _quarterly(asking: _Asking) -> list[Section]:
    return [*_figures(asking, asking.report("quarter", ()), asking.report("quarter", ("type",))), _kpis(asking, "quarter")]


def _figures(asking: _Asking, whole: Report, by_type: Report) -> list[Section]:
    rows = [row.model_copy(update={"target": asking.called(row.target)}) for row in measured(whole)]
    compliance = asking.section("compliance", compliance_sheet(whole.model_copy(update={"rows": rows})))
    picture = charts.rows(compliance.title, [verdict_bar(row.target, row, asking.lang) for row in rows], 1)
    closure = asking.section("closure", closure_sheet(by_type))
    return [replace(compliance, picture=picture), _by_type(asking, by_type), closure]


def _by_type(asking: _Asking, by_type: Report) -> Section:
    """Return the compliance of each type, over all its targets."""
    found: dict[str, list[ComplianceRow]] = {}
    for row in by_type.rows:
        found.setdefault(row.group["type"] or asking.say("unknown"), []).append(row)
    rows = []
    for name, of_type in found.items():
        met, missed, overdue = (sum(getattr(row, verdict) for row in of_type) for verdict in COUNTED)
        counts = [Cell(count, "count") for count in (met, missed, overdue)]
        rows.append([Cell(name), *counts, Cell(ratio(met, met + missed + overdue), "share")])
    return asking.table("by_type", ("type", *COUNTED, "rate"), rows, 1)


def _kpis(asking: _Asking, period: Period) -> Section:
    here = asking.period(period)
    found = asking.engine.kpis(period=period, as_of=asking.as_of, known_at=asking.known_at, lang=asking.lang)
    rows = [
        [
            Cell(row.title),
            Cell(" · ".join(value or asking.say("unknown") for value in row.group.values())),
            Cell(row.above, "count"),
            Cell(row.below, "count"),
            value_cell(row, row.value),
            value_cell(row, row.goal) if row.goal is not None else Cell(None),
            Cell(row.band, "band"),
        ]
        for row in found
        if row.period == here
    ]
    return asking.table("kpis", ("kpi", "group", "above", "below", "value", "goal", "band"), rows, 2)
