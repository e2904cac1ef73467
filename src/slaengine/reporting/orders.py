"""Orders, clocks and timelines on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.table import Table
from rich.text import Text

from slaengine.projections.orders import ClockItem, OrderItem
from slaengine.projections.timeline import TimelineItem
from slaengine.reporting.words import duration

STYLES = {"met": "green", "missed": "red", "overdue": "red", "running": "cyan", "waived": "magenta", "cancelled": "dim"}
LATE_AFTER_S = 24 * 3600
"""A fact recorded longer after it occurred than this is pointed at: backdating is how figures get polished."""


def orders_table(orders: Sequence[OrderItem], zone: ZoneInfo) -> Table:
    """Return the orders, one line each; times by the clocks of `zone`."""
    table = Table(title=f"{len(orders):,} orders, the last received first ({zone.key})", title_justify="left")
    for name in ("number", "received", "kind", "type", "status", "team", "community"):
        table.add_column(name, overflow="fold")
    table.add_column("clocks")
    for order in orders:
        words = (order.number, _at(order.received_at, zone), order.kind, order.type, order.status, order.team, order.community)
        table.add_row(*(word or "" for word in words), _verdicts(order.clocks))
    return table


def _verdicts(clocks: Sequence[ClockItem]) -> Text:
    text = Text()
    for clock in clocks:
        cycle = f" #{clock.cycle}" if clock.cycle > 1 else ""
        text.append(f"{clock.target}{cycle}: {clock.verdict}  ", style=STYLES[clock.verdict])
    return text


def clocks_table(number: str, clocks: Sequence[ClockItem], zone: ZoneInfo) -> Table:
    """Return the clocks of one order; times by the clocks of `zone`, lengths in the target's own calendar."""
    table = Table(title=f"Clocks of {number} ({zone.key})", title_justify="left")
    for name in (
        "target",
        "cycle",
        "verdict",
        "limit",
        "calendar",
        "started",
        "due",
        "stopped",
        "elapsed",
        "paused",
        "judged by",
    ):
        table.add_column(name, justify="right" if name in ("cycle", "elapsed", "paused") else "left")
    for clock in clocks:
        table.add_row(
            clock.target,
            str(clock.cycle),
            Text(_verdict(clock), style=STYLES[clock.verdict]),
            clock.limit,
            clock.calendar,
            _at(clock.started_at, zone),
            _at(clock.due_at, zone) or "paused",
            _at(clock.stopped_at, zone),
            duration(clock.elapsed_s),
            duration(clock.paused_s) if clock.paused_s else "",
            f"{clock.policy} {clock.edition}",
        )
    return table


def _verdict(clock: ClockItem) -> str:
    return clock.verdict if clock.verdict == clock.raw_verdict else f"{clock.verdict} ({clock.raw_verdict})"


def timeline_table(number: str, items: Sequence[TimelineItem], zone: ZoneInfo) -> Table:
    """Return the facts of one order in the order they happened, with both times; late records are pointed at."""
    table = Table(title=f"Facts of {number}, as they happened ({zone.key})", title_justify="left")
    for name in ("occurred", "fact", "said", "by", "recorded", "late", "#"):
        table.add_column(name, overflow="fold")
    for item in items:
        late = Text(duration(item.late_s), style="red" if item.late_s > LATE_AFTER_S else "dim")
        words = ", ".join(f"{name}={_plain(value)}" for name, value in item.fields.items())
        recorded = _at(item.recorded_at, zone)
        table.add_row(_at(item.occurred_at, zone), item.name, words, item.by or "", recorded, late, str(item.version))
    return table


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_plain(inner)}" for name, inner in value.items()) + "}"
    return str(value)


def _at(instant: datetime | None, zone: ZoneInfo) -> str:
    return "" if instant is None else f"{instant.astimezone(zone):%Y-%m-%d %H:%M:%S}"
