"""`slaengine report` and `slaengine compare`: the figures, and how they agree with the source's own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from slaengine.cli.common import REFUSED, AsJson, PolicyName, Store, instant, print_json, say
from slaengine.cli.reading import AsOf, KnownAt, catching_up, opened, show
from slaengine.engine import SlaEngine
from slaengine.errors import UsageError
from slaengine.projections.report import Report
from slaengine.reporting.comparison import comparison_table
from slaengine.reporting.page import report_page
from slaengine.reporting.tables import report_csv, report_table
from slaengine.reporting.words import Lang, as_lang

Format = Literal["table", "json", "csv", "html"]

By = Annotated[
    list[str] | None,
    typer.Option("--by", help="A dimension to group by, such as type, team, type.1, label.ward; again for more.", metavar="DIM"),
]
Period = Annotated[
    str | None, typer.Option("--period", help="Group by when received: day, week, month, quarter, half_year, year.")
]
Targets = Annotated[list[str] | None, typer.Option("--target", help="Only this target; again for more.", metavar="NAME")]


def report(
    store: Store,
    policy: PolicyName = None,
    by: By = None,
    period: Period = None,
    target: Targets = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    form: Annotated[str, typer.Option("--format", help="table, json, csv or html.")] = "table",
    sheet: Annotated[str, typer.Option("--sheet", help="For csv: compliance or closure.")] = "compliance",
    lang: Annotated[str, typer.Option("--lang", help="For tables and pages: en or zh.")] = "en",
    out: Annotated[Path | None, typer.Option("--out", help="Write here instead of to stdout.", metavar="FILE")] = None,
    as_json: AsJson = False,
) -> None:
    """Report compliance and closure: each rate with its counts.

    Example: `slaengine report --store sqlite:///boston.db --policy boston-311 --by team --period month`

    A rate is met / (met + missed + overdue). What no target covers is not measurable, and in no rate.
    """
    chosen = _one_of("json" if as_json else form, ("table", "json", "csv", "html"), "--format")
    closure = _one_of(sheet, ("compliance", "closure"), "--sheet") == "closure"
    words = as_lang(lang)
    with opened(store, policy) as engine, catching_up() as told:
        times = {"as_of": instant(as_of, "--as-of"), "known_at": instant(known_at, "--known-at")}
        found = engine.report(period=period, by=by or (), targets=target or (), progress=told, **times)
        text = _text(engine, found, chosen, words, closure=closure, targets=target or [])
    if text is None:
        show(report_table(found, words))
    elif out is None:
        sys.stdout.write(text)
    else:
        _write(out, text)
        say(f"wrote {out}")


def _text(engine: SlaEngine, found: Report, form: str, lang: Lang, *, closure: bool, targets: list[str]) -> str | None:
    """Return the report as text; None for the table, which the terminal lays out."""
    match form:
        case "json":
            return found.model_dump_json() + "\n"
        case "csv":
            return report_csv(found, closure=closure)
        case "html":
            return report_page(found, engine.overview(targets=targets, as_of=found.as_of, known_at=found.known_at), lang)
        case _:
            return None


def _write(out: Path, text: str) -> None:
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from None


def _one_of(word: str, words: tuple[str, ...], option: str) -> str:
    if word not in words:
        raise UsageError(f"{option} '{word}' is not known; write one of {', '.join(words)}")
    return word


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
