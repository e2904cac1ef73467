"""`slaengine kpis`: the policy's own key figures."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic_core import to_json
from rich.console import RenderableType

from slaengine.cli.common import AsJson, PolicyName, Store, instant
from slaengine.cli.reading import AsOf, KnownAt, Out, catching_up, hand_out, one_of, opened, orders_behind
from slaengine.errors import UsageError
from slaengine.projections.kpis import KpiRow
from slaengine.reporting.kpis import kpi_csv, kpi_tables
from slaengine.reporting.words import WORDS, Lang, as_lang

FORMATS = ("table", "json", "csv")


def kpis(
    store: Store,
    policy: PolicyName = None,
    name: Annotated[list[str] | None, typer.Option("--kpi", help="Only this KPI; again for more.", metavar="NAME")] = None,
    period: Annotated[str | None, typer.Option("--period", help="A period for all, instead of each one's own.")] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    households: Annotated[
        Path | None, typer.Option("--households", help="CSV with the columns community and households.", metavar="FILE")
    ] = None,
    orders: Annotated[
        str | None,
        typer.Option("--orders", help="Not the figures but the orders above, or below, their line.", metavar="above|below"),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="table, json or csv.")] = "table",
    lang: Annotated[str, typer.Option("--lang", help="For tables: en or zh.")] = "en",
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Show the key figures that the policy defines, with their counts, goals and bands.

    With --orders, the orders that were counted: above the line, or all that the share is of.

    Example: `slaengine kpis --store sqlite:///orders.db --policy satisfaction-programme --period quarter`
    """
    words, shown = as_lang(lang), one_of("json" if as_json else form, FORMATS, "--format")
    homes = _households(households) if households else None
    asked: dict[str, Any] = {"names": name or (), "period": period}
    asked |= {"as_of": instant(as_of, "--as-of"), "known_at": instant(known_at, "--known-at")}
    with opened(store, policy) as engine, catching_up() as told:
        engine.project(told)
        if orders:
            made = orders_behind(engine.kpi_orders(orders, **asked), shown, words)
        else:
            made = _shown(engine.kpis(households=homes, lang=words, **asked), shown, words)
    hand_out(made, out)


def _shown(rows: Sequence[KpiRow], form: str, lang: Lang) -> RenderableType | bytes:
    match form:
        case "json":
            return to_json([row.model_dump(mode="json") for row in rows]) + b"\n"
        case "csv":
            return kpi_csv(rows).encode()
        case _:
            return kpi_tables(rows, lang) if rows else WORDS[lang]["no_figures"]


def _households(path: Path) -> dict[str, int]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return {row["community"]: int(row["households"]) for row in csv.DictReader(file)}
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None
    except (KeyError, ValueError, TypeError):
        raise UsageError(f"{path} does not say how many households; write the columns community and households") from None


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(no_args_is_help=True)(kpis)
