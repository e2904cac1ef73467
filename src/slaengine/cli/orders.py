"""`slaengine orders`, `clocks` and `timeline`: one or many orders, read."""

from __future__ import annotations

from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from slaengine.cli.common import AsJson, PolicyName, Store, instant, print_json, say
from slaengine.cli.reading import AsOf, KnownAt, OrderName, catching_up, opened, show
from slaengine.engine import SlaEngine
from slaengine.errors import UsageError
from slaengine.projections.orders import clock_item
from slaengine.projections.timeline import timeline as timeline_of
from slaengine.reporting.orders import clocks_table, orders_table, timeline_table

LIMIT = 50


def orders(
    store: Store,
    policy: PolicyName = None,
    status: Annotated[list[str] | None, typer.Option("--status", help="open, paused, resolved…; again for more.")] = None,
    target: Annotated[list[str] | None, typer.Option("--target", help="With a clock of this target.")] = None,
    verdict: Annotated[list[str] | None, typer.Option("--verdict", help="With a clock that stands at this verdict.")] = None,
    where: Annotated[
        list[str] | None, typer.Option("--where", help="A dimension and its value, such as team=lifts.", metavar="DIM=VALUE")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many at most.")] = LIMIT,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """List orders and how their clocks stand, the last received first.

    Example: `slaengine orders --store sqlite:///boston.db --policy boston-311 --verdict overdue --where team=ISD`
    """
    with opened(store, policy) as engine, catching_up() as told:
        engine.project(told)
        found = engine.orders(
            status=status or (),
            target=target or (),
            verdict=verdict or (),
            where=dict(_pair(text) for text in where or ()),
            limit=limit,
            as_of=instant(as_of, "--as-of"),
            known_at=instant(known_at, "--known-at"),
        )
        zone = _zone(engine)
    if as_json:
        print_json([order.model_dump(mode="json") for order in found])
        return
    show(orders_table(found, zone))
    if len(found) == limit:
        say(f"these are the last {limit}; --limit shows more")


def clocks(
    order: OrderName,
    store: Store,
    policy: PolicyName = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    as_json: AsJson = False,
) -> None:
    """Show the clocks of one order: started, due, stopped, elapsed, and the verdict.

    Example: `slaengine clocks 101001240735 --store sqlite:///boston.db --policy boston-311`
    """
    with opened(store, policy) as engine:
        rows = engine.clocks(order, as_of=instant(as_of, "--as-of"), known_at=instant(known_at, "--known-at"))
        items = [clock_item(row) for row in rows]
        number = engine.case_file(order).number
        zone = _zone(engine)
    if as_json:
        print_json([item.model_dump(mode="json") for item in items])
        return
    show(clocks_table(number, items, zone))
    if not items:
        say("no target of this policy covers the order, or none of its clocks has started")


def timeline(order: OrderName, store: Store, as_json: AsJson = False) -> None:
    """Show the facts of one order as they happened, with the time each was recorded; personal data is left out.

    Example: `slaengine timeline 101001240735 --store sqlite:///boston.db`
    """
    with opened(store, None) as engine:
        case_file = engine.case_file(order)
    items = timeline_of(case_file.moments)
    if as_json:
        print_json([item.model_dump(mode="json") for item in items])
        return
    show(timeline_table(case_file.number, items, ZoneInfo("UTC")))


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise UsageError(f"--where '{text}' is not a dimension and its value; write team=lifts")
    return name, value


def _zone(engine: SlaEngine) -> ZoneInfo:
    return ZoneInfo(engine.book().time_zone)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    for command in (orders, clocks, timeline):
        app.command(no_args_is_help=True)(command)
