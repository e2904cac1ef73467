"""`slaengine explain`: why a clock stands where it stands."""

from __future__ import annotations

from typing import Annotated

import typer

from slaengine.cli.common import AsJson, PolicyName, Store, instant, print_json
from slaengine.cli.reading import AsOf, KnownAt, OrderName, opened, show
from slaengine.reporting.explanation import as_text
from slaengine.reporting.words import as_lang

__all__ = ["as_text", "explain", "register"]


def explain(
    order: OrderName,
    store: Store,
    policy: PolicyName = None,
    target: Annotated[str | None, typer.Option("--target", help="The clock of this target; all clocks when left out.")] = None,
    cycle: Annotated[int | None, typer.Option("--cycle", min=1, help="Which of its clocks; the last when left out.")] = None,
    lang: Annotated[str, typer.Option("--lang", help="en or zh.")] = "en",
    every_segment: Annotated[
        bool, typer.Option("--every-segment", help="A line for each segment, nothing joined; JSON has them all anyway.")
    ] = False,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """Explain why an order's promise was kept or not: every second from start to stop, and how the due time came about.

    Example: `slaengine explain 101001240735 --store sqlite:///boston.db --policy boston-311 --target resolution`
    """
    words = as_lang(lang)
    with opened(store, policy) as engine:
        told = engine.explain(order, target, cycle, instant(as_of, "--as-of"), instant(known_at, "--known-at"))
    if as_json:
        print_json([one.model_dump(mode="json") for one in told] if isinstance(told, list) else told.model_dump(mode="json"))
        return
    show(as_text(told, words, every_segment=every_segment))


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command(no_args_is_help=True)(explain)
