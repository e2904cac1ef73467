"""Columns and moments for tests, written as a person would say them."""

from datetime import UTC, datetime

import numpy as np

from slaengine.policies.moment import Moment
from slaengine.projections.case_file import micros
from slaengine.projections.columns import (
    MINUTE,
    NEVER,
    NO_CADENCE,
    NOT_STOPPED,
    STATUSES,
    VERDICTS,
    ClockColumns,
    HeldColumns,
    OrderColumns,
    Sheet,
    Words,
    marks,
)
from slaengine.projections.groups import DIMENSIONS
from slaengine.projections.recurrence import matter_of

HOUR = 3_600_000_000
DAY = 24 * HOUR


def at(text: str) -> int:
    """Return `2026-01-05T09:00` (UTC) as µs."""
    return micros(datetime.fromisoformat(text).replace(tzinfo=UTC))


def moment(name: str, when: str, version: int = 1, recorded: str | None = None, **fields: object) -> Moment:
    return Moment(name, at(when), at(recorded or when), version, fields)


def orders(*rows: dict, covered: str = "fix") -> OrderColumns:
    """Each row: received, and any of ended, status, place, the dimensions, reopened, asked, open_revisits, covered…"""
    received = [at(row["received"]) for row in rows]
    return OrderColumns(
        day=ints(datetime.fromisoformat(row["received"]).toordinal() for row in rows),
        received=ints(received),
        ended=ints(at(row["ended"]) if row.get("ended") else NEVER for row in rows),
        resolved=ints(at(row["ended"]) if row.get("ended") else NEVER for row in rows),
        closed=ints(at(row["closed"]) if row.get("closed") else NEVER for row in rows),
        matter=ints(matter_of(row.get("place"), row.get("type")) for row in rows),
        escalated=ints(row.get("escalated", 0) for row in rows),
        visits=ints(row.get("visits", 0) for row in rows),
        latest=ints(row.get("latest", 0) for row in rows),
        responded=ints(0 if row.get("responded") else NEVER for row in rows),
        revisited=ints(0 if row.get("revisited") else NEVER for row in rows),
        seq=ints(range(len(rows))),
        holds_from=ints(received),
        last_recorded=ints(received),
        valid_until=ints(NEVER for _ in rows),
        dimensions={name: Words.of([row.get(name) for row in rows]) for name in DIMENSIONS if name != "status"},
        status=ints(STATUSES.index(row.get("status", "open")) for row in rows),
        reopened=ints(row.get("reopened", 0) for row in rows),
        revisits_asked=ints(row.get("asked", 0) for row in rows),
        revisits_open=ints(row.get("open_revisits", 0) for row in rows),
        covered=Words.of([row.get("covered", covered) for row in rows]),
    )


def clocks(*rows: tuple) -> ClockColumns:
    """Each row: order, target, verdict, due, elapsed µs, and when it stopped, or anything else if a breach is excused."""
    verdict = ints(VERDICTS.index(row[2]) for row in rows)
    elapsed = ints(NEVER if row[4] is None else row[4] for row in rows)
    return ClockColumns(
        order=ints(row[0] for row in rows),
        target=Words.of([row[1] for row in rows]),
        verdict=verdict,
        due=ints(NEVER if row[3] is None else at(row[3]) for row in rows),
        elapsed=elapsed,
        mark=marks(verdict, elapsed),
        stopped=ints(at(row[5]) // MINUTE if len(row) > 5 and row[5] != "excused" else NOT_STOPPED for row in rows),
        excused=np.array([row[5:] == ("excused",) for row in rows], np.bool_),
        cadence=ints(NO_CADENCE for _ in rows),
    )


def held(*rows: tuple) -> HeldColumns:
    """Each row: order, party, hours, and since when it still holds it, if it does."""
    return HeldColumns(
        order=ints(row[0] for row in rows),
        party=Words.of([row[1] for row in rows]),
        held=ints(row[2] * HOUR for row in rows),
        since=ints(at(row[3]) if len(row) > 3 else NEVER for row in rows),
    )


def sheet(measured: OrderColumns, ticking: ClockColumns | None = None, holding: HeldColumns | None = None) -> Sheet:
    return Sheet(measured, ticking or clocks(), holding or held())


def ints(values) -> np.ndarray:
    return np.array(list(values), np.int64)
