"""`slaengine kpis`: the policy's own key figures."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer

from slaengine.cli.common import AsJson, PolicyName, Store, instant, print_json, say
from slaengine.cli.reading import AsOf, KnownAt, catching_up, opened, show
from slaengine.errors import UsageError
from slaengine.reporting.kpis import kpi_tables
from slaengine.reporting.words import as_lang


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
    lang: Annotated[str, typer.Option("--lang", help="For tables: en or zh.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Show the key figures that the policy defines, with their counts, goals and bands.

    Example: `slaengine kpis --store sqlite:///orders.db --policy satisfaction-programme --period quarter`
    """
    words = as_lang(lang)
    homes = _households(households) if households else None
    with opened(store, policy) as engine, catching_up() as told:
        engine.project(told)
        times = {"as_of": instant(as_of, "--as-of"), "known_at": instant(known_at, "--known-at")}
        rows = engine.kpis(names=name or (), period=period, households=homes, lang=words, **times)
    if as_json:
        print_json([row.model_dump(mode="json") for row in rows])
        return
    show(kpi_tables(rows, words))
    if not rows:
        say("no KPI has anything to count here")


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
