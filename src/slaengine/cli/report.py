"""`slaengine report` and `slaengine compare`: the figures, and how they agree with the source's own."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, NamedTuple
from zoneinfo import ZoneInfo

import typer
from rich.console import RenderableType

from slaengine.cli.common import REFUSED, AsJson, PolicyName, Store, instant, print_json, utc_now
from slaengine.cli.reading import AsOf, KnownAt, Out, catching_up, hand_out, one_of, opened, orders_behind, show
from slaengine.engine import SlaEngine
from slaengine.errors import UsageError
from slaengine.reporting.comparison import comparison_table
from slaengine.reporting.page import report_page
from slaengine.reporting.ready import as_template, ready_report
from slaengine.reporting.ready_views import ready_page, ready_tables
from slaengine.reporting.restatements import restatement_tables
from slaengine.reporting.tables import report_csv, report_table
from slaengine.reporting.words import Lang, as_lang
from slaengine.reporting.workbook import ready_workbook, report_workbook

FORMATS = ("table", "json", "csv", "html", "xlsx")
ORDER_FORMATS = ("table", "json", "csv")
READY_FORMATS = ("table", "html", "xlsx")
SHEETS = ("compliance", "closure")

By = Annotated[
    list[str] | None,
    typer.Option("--by", help="A dimension to group by, such as type, team, type.1, label.ward; again for more.", metavar="DIM"),
]
Period = Annotated[
    str | None, typer.Option("--period", help="Group by when received: day, week, month, quarter, half_year, year.")
]
Targets = Annotated[list[str] | None, typer.Option("--target", help="Only this target; again for more.", metavar="NAME")]


class Asked(NamedTuple):
    """What a report is asked for."""

    period: str | None
    by: list[str]
    targets: list[str]
    within: str | None
    as_of: datetime
    known_at: datetime | None


class Look(NamedTuple):
    """How it is to be shown."""

    form: str
    sheet: str
    lang: Lang


def report(
    store: Store,
    policy: PolicyName = None,
    by: By = None,
    period: Period = None,
    target: Targets = None,
    within: Annotated[
        str | None, typer.Option("--within", help="Only orders received in this period: 2026-Q1, 2026-01…", metavar="PERIOD")
    ] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    template: Annotated[
        str | None,
        typer.Option("--template", help="A ready report: daily, monthly or quarterly, of the period of --as-of."),
    ] = None,
    orders: Annotated[
        str | None,
        typer.Option("--orders", help="Not the figures but the orders behind one: missed, overdue, reopened…", metavar="FIGURE"),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="table, json, csv, html or xlsx.")] = "table",
    sheet: Annotated[str, typer.Option("--sheet", help="For csv: compliance or closure.")] = "compliance",
    lang: Annotated[str, typer.Option("--lang", help="For people: en or zh.")] = "en",
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Report compliance and closure: each rate with its counts.

    Example: `slaengine report --store sqlite:///boston.db --policy boston-311 --by team --period month`

    A rate is met / (met + missed + overdue). What no target covers is not measurable, and in no rate.
    """
    look = Look(one_of("json" if as_json else form, FORMATS, "--format"), one_of(sheet, SHEETS, "--sheet"), as_lang(lang))
    instants = instant(as_of, "--as-of") or utc_now(), instant(known_at, "--known-at")
    asked = Asked(period, by or [], target or [], within, *instants)
    with opened(store, policy) as engine, catching_up() as told:
        engine.project(told)
        if template:
            made = _ready(engine, template, asked, look)
        else:
            made = _orders(engine, orders, asked, look) if orders else _report(engine, asked, look)
    hand_out(made, out)


def _orders(engine: SlaEngine, figure: str, asked: Asked, look: Look) -> RenderableType | bytes:
    """Return the orders behind a figure."""
    found = engine.report_orders(figure, **asked._asdict())
    return orders_behind(found, one_of(look.form, ORDER_FORMATS, "--format"), look.lang)


def _report(engine: SlaEngine, asked: Asked, look: Look) -> RenderableType | bytes:
    """Return the report: text as bytes, or a table for the terminal to lay out."""
    found = engine.report(**asked._asdict())
    match look.form:
        case "json":
            return (found.model_dump_json() + "\n").encode()
        case "csv":
            return report_csv(found, closure=look.sheet == "closure").encode()
        case "html":
            overview = engine.overview(targets=asked.targets, within=asked.within, as_of=asked.as_of, known_at=asked.known_at)
            return report_page(found, overview, look.lang).encode()
        case "xlsx":
            return report_workbook(found, look.lang)
        case _:
            return report_table(found, look.lang)


def _ready(engine: SlaEngine, template: str, asked: Asked, look: Look) -> RenderableType | bytes:
    """Return a ready report, which has its own periods, groups and targets."""
    if asked.by or asked.period or asked.targets or asked.within:
        raise UsageError("a ready report has its own groups; leave --by, --period, --target and --within out, or --template")
    one_of(look.form, READY_FORMATS, "--format")
    ready = ready_report(engine, as_template(template), as_of=asked.as_of, known_at=asked.known_at, lang=look.lang)
    match look.form:
        case "html":
            return ready_page(ready, look.lang).encode()
        case "xlsx":
            return ready_workbook(ready, look.lang)
        case _:
            return ready_tables(ready, look.lang)


def restatements(
    store: Store,
    known_at: Annotated[str, typer.Option("--known-at", help="What was known at this instant is put beside what is known now.")],
    policy: PolicyName = None,
    by: By = None,
    period: Period = None,
    target: Targets = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", help="What was so at this instant; that of --known-at when left out.", metavar="TIME")
    ] = None,
    lang: Annotated[str, typer.Option("--lang", help="For people: en or zh.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Show which figures are others now than they were known at the time, and which orders made them so.

    Example: `slaengine restatements --store sqlite:///orders.db --known-at 2026-02-01T00:00+08:00 --period month`
    """
    words, known = as_lang(lang), instant(known_at, "--known-at")
    if known is None:
        raise UsageError("--known-at needs an instant, such as 2026-02-01T00:00+08:00")
    with opened(store, policy) as engine, catching_up() as told:
        engine.project(told)
        at = instant(as_of, "--as-of")
        found = engine.restatements(known, as_of=at, period=period, by=by or (), targets=target or ())
        zone = ZoneInfo(engine.book().time_zone)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        show(restatement_tables(found, zone, words))


def compare(
    store: Store,
    policy: PolicyName = None,
    by: By = None,
    period: Period = None,
    target: Annotated[str, typer.Option("--target", help="The target on which the source states verdicts.")] = "given",
    against: Annotated[str | None, typer.Option("--against", help="A second target, to compare due times with.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 when any verdict differs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Put our verdicts beside those that the source of the orders stated itself.

    Example: `slaengine compare --store sqlite:///boston.db --policy boston-311 --by team --against resolution`
    """
    with opened(store, policy) as engine, catching_up() as told:
        engine.project(told)
        found = engine.compare(target, against=against, period=period, by=by or ())
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        show(comparison_table(found))
    if strict and found.differing:
        raise typer.Exit(REFUSED)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command(no_args_is_help=True)(report)
    app.command(no_args_is_help=True)(compare)
    app.command(no_args_is_help=True)(restatements)
