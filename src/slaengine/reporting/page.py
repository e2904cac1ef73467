"""A report as one self-contained HTML page: tiles, charts with their figures, and the whole tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from importlib.resources import files
from zoneinfo import ZoneInfo

from jinja2 import Environment
from markupsafe import Markup

from slaengine.projections.backlog import Flow
from slaengine.projections.compliance import ComplianceRow
from slaengine.projections.overview import Overview
from slaengine.projections.report import Report
from slaengine.reporting import charts
from slaengine.reporting.charts import Bar, Part, told, verdict_bar
from slaengine.reporting.sheets import Sheet, closure_sheet, compliance_sheet, headings, shown
from slaengine.reporting.tables import measured
from slaengine.reporting.words import WORDS, Lang, percent

TYPES_SHOWN = 15
TARGETS_CHARTED = 6
"""A policy with more targets than this has the rest in the tables."""


@dataclass(frozen=True, slots=True)
class Tile:
    """One headline figure; `band` colours it."""

    name: str
    figure: str
    note: str
    band: str | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, and the table that says the same."""

    title: str
    subtitle: str
    picture: Markup
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    legend: Sequence[tuple[str, str]] = ()


def report_page(report: Report, overview: Overview, lang: Lang = "en", *, title: str | None = None) -> str:
    """Return the page, in HTML; it asks nothing of the network."""
    templates = files("slaengine.reporting") / "templates"
    page = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(
        (templates / "page.html.j2").read_text("utf-8")
    )
    shorter = report.model_copy(update={"rows": measured(report)})
    return page.render(
        lang={"en": "en", "zh": "zh-CN"}[lang],
        w=WORDS[lang],
        title=title or WORDS[lang]["report"],
        report=report,
        zone=overview.zone.key,
        as_of=_local(report.as_of, overview.zone),
        known_at=_local(report.known_at, overview.zone) if report.known_at else "",
        style=Markup((templates / "page.css").read_text("utf-8")),  # noqa: S704 - our own file
        tiles=_tiles(overview, lang),
        charts=_charts(overview, lang),
        compliance=_table(compliance_sheet(shorter), lang),
        closure=_table(closure_sheet(report), lang),
        version=version("slaengine"),
    )


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"


def _table(sheet: Sheet, lang: Lang) -> Sheet:
    cells = [tuple(shown(name, value, lang) for name, value in zip(sheet.columns, row, strict=True)) for row in sheet.rows]
    return Sheet(tuple(headings(sheet, lang)), cells, sheet.text_columns)


def _tiles(overview: Overview, lang: Lang) -> list[Tile]:
    words = WORDS[lang]
    tiles = []
    for closure in overview.whole.closure:
        waiting = sum(overview.ageing.values())
        tiles.append(Tile(words["received"], f"{closure.received:,}", words["orders"]))
        tiles += [_target_tile(row, lang) for row in _charted(overview)]
        tiles.append(Tile(words["closure_rate"], percent(closure.closure_rate), f"{closure.closed:,} {words['closed']}"))
        tiles.append(Tile(words["backlog"], f"{waiting:,}", words["open"]))
    return tiles


def _target_tile(row: ComplianceRow, lang: Lang) -> Tile:
    words = WORDS[lang]
    late = f"{row.met:,} {words['met']} · {row.missed:,} {words['missed']} · {row.overdue:,} {words['overdue']}"
    goal = f"{late} · {words['goal']} {percent(row.goal)}" if row.goal is not None else late
    return Tile(row.target, percent(row.rate), goal, row.band)


def _charted(overview: Overview) -> list[ComplianceRow]:
    """Return the targets worth a chart, in the policy's order: those with most to count, not more than the page has room for."""
    rows = [row for row in overview.whole.rows if row.rate is not None]
    most = sorted(rows, key=_counted, reverse=True)[:TARGETS_CHARTED]
    return [row for row in rows if row in most]


def _counted(row: ComplianceRow) -> int:
    return row.met + row.missed + row.overdue


def _charts(overview: Overview, lang: Lang) -> list[Chart]:
    targets = [row.target for row in _charted(overview)]
    backlog = [_flow(overview.flow, lang), _ageing(overview.ageing, lang)] if overview.flow else []
    months = [_by_month(overview, target, lang) for target in targets]
    return [*months, *backlog, *(_by_type(overview, target, lang) for target in targets)]


def _by_month(overview: Overview, target: str, lang: Lang) -> Chart:
    words = WORDS[lang]
    rows = [row for row in overview.monthly.rows if row.target == target and row.rate is not None]
    bars = [
        Bar(row.period or "", (Part(row.rate or 0, row.band or "plain"),), percent(row.rate), told(row, lang)) for row in rows
    ]
    goal = next((row.goal for row in rows if row.goal is not None), None)
    picture = charts.columns(f"{words['by_month']}: {target}", bars, percent=True, line=goal)
    return Chart(
        words["by_month"], target, picture, _columns(words["period"], lang), [_cells(row.period or "", row) for row in rows]
    )


def _by_type(overview: Overview, target: str, lang: Lang) -> Chart:
    words = WORDS[lang]
    rows = [row for row in overview.by_type.rows if row.target == target and row.rate is not None]
    rows = sorted(rows, key=_counted, reverse=True)[:TYPES_SHOWN]
    bars = [verdict_bar(_type_of(row, lang), row, lang) for row in rows]
    legend = [(verdict, words[verdict]) for verdict in ("met", "missed", "overdue")]
    picture = charts.rows(f"{words['by_type']}: {target}", bars, 1)
    cells = [_cells(_type_of(row, lang), row) for row in rows]
    return Chart(words["by_type"], target, picture, _columns(words["type"], lang), cells, legend)


def _type_of(row: ComplianceRow, lang: Lang) -> str:
    return row.group.get("type") or WORDS[lang]["unknown"]


def _columns(first: str, lang: Lang) -> list[str]:
    return [first, *(WORDS[lang][name] for name in ("met", "missed", "overdue", "running", "waived", "rate"))]


def _cells(first: str, row: ComplianceRow) -> list[str]:
    counts = (row.met, row.missed, row.overdue, row.running, row.waived)
    return [first, *(f"{count:,}" for count in counts), percent(row.rate)]


def _flow(flow: Sequence[Flow], lang: Lang) -> Chart:
    words = WORDS[lang]
    series = [("received", [one.received for one in flow]), ("ended", [one.ended for one in flow])]
    picture = charts.paired(words["flow"], [one.period for one in flow], series, [one.open for one in flow])
    legend = [(name, words[name]) for name in ("received", "ended", "open")]
    cells = [[one.period, f"{one.received:,}", f"{one.ended:,}", f"{one.open:,}"] for one in flow]
    return Chart(words["flow"], "", picture, [words["period"], words["received"], words["ended"], words["open"]], cells, legend)


def _ageing(ageing: Mapping[str, int], lang: Lang) -> Chart:
    words = WORDS[lang]
    bars = [Bar(age, (Part(count, "plain"),), f"{count:,}", f"{age}: {count:,}") for age, count in ageing.items()]
    picture = charts.columns(words["ageing"], bars)
    return Chart(
        words["ageing"], "", picture, [words["ageing"], words["open"]], [[age, f"{count:,}"] for age, count in ageing.items()]
    )
