"""An order's rows: what the read models keep of it, as plain values in the order of their columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from pydantic_core import to_json

from slaengine.projections.entry import Entry
from slaengine.projections.groups import DIMENSIONS

Values = tuple[Any, ...]

MILESTONES = ("received_at", "responded_at", "arrived_at", "resolved_at", "closed_at", "revisited_at", "ended_at")
COUNTERS = ("reopened", "escalated", "visits", "revisits_asked", "revisits_open")
ORDER_COLUMNS = (
    *("seq", "order_id", "number", *DIMENSIONS, "labels", "matter", "day"),
    *(*MILESTONES, *COUNTERS, "covered", "holds_from", "last_recorded_at", "latest", "version", "valid_until"),
)
CLOCK_COLUMNS = (
    *("seq", "target", "cycle", "promise", "edition", "started_at", "due_at", "stopped_at", "stopped_by"),
    *("elapsed", "paused", "verdict", "excused", "cadence"),
)
HELD_COLUMNS = ("seq", "party", "held", "since")
FILE_COLUMNS = ("seq", "content")


def order_values(seq: int, entry: Entry) -> Values:
    """Return the order's row; its id as 16 bytes."""
    view = entry.view
    return (
        seq,
        entry.case_file.order_id.bytes,
        view.number,
        view.kind,
        view.type,
        view.severity,
        view.channel,
        view.community,
        view.building,
        view.team,
        view.person,
        view.party,
        view.source,
        view.received_by,
        view.cause,
        view.outcome,
        view.satisfaction,
        view.method,
        view.status,
        to_json(view.labels).decode() if view.labels else None,
        entry.matter,
        entry.day,
        view.received_at,
        view.responded_at,
        view.arrived_at,
        view.resolved_at,
        view.closed_at,
        view.revisited_at,
        view.ended_at,
        view.reopened,
        view.escalated,
        view.visits,
        entry.revisits_asked,
        entry.revisits_open,
        ",".join(entry.covered),
        entry.holds_from,
        entry.last_recorded_at,
        entry.latest,
        entry.case_file.version,
        entry.valid_until,
    )


def clock_values(seq: int, entry: Entry) -> list[Values]:
    """Return the rows of the order's clocks, by target and cycle."""
    return sorted(
        (
            seq,
            clock.target,
            clock.cycle,
            clock.promise,
            clock.edition,
            clock.start,
            clock.due,
            clock.stop,
            clock.stopped_by,
            clock.elapsed,
            clock.paused,
            clock.verdict,
            clock.waived,
            clock.cadence.rule if clock.cadence else None,
        )
        for clock in entry.clocks
    )


def held_values(seq: int, entry: Entry) -> list[Values]:
    """Return the rows of the parties that held the order."""
    return [(seq, *held) for held in entry.held]


def file_values(seq: int, entry: Entry) -> Values:
    """Return the row of the order's case file."""
    return seq, entry.case_file.encode()


def order_row(seq: int, entry: Entry) -> dict[str, Any]:
    """Return the order's row by column, its id as a UUID."""
    row = dict(zip(ORDER_COLUMNS, order_values(seq, entry), strict=True))
    return {**row, "order_id": UUID(bytes=row["order_id"])}


def clock_rows(seq: int, entry: Entry) -> Iterator[dict[str, Any]]:
    """Yield the rows of the order's clocks by column."""
    for values in clock_values(seq, entry):
        yield dict(zip(CLOCK_COLUMNS, values, strict=True))
