"""Gathering a tile: from the rows of tables, or from entries that were judged for the asking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from slaengine.projections.columns import STATUSES, VERDICTS, Words
from slaengine.projections.entry import Entry
from slaengine.projections.groups import said_by
from slaengine.projections.tile import CLOCK, ORDER, Tile, records

JUDGED = frozenset({"met", "missed", "waived"})
STATUS_CODES = {status: code for code, status in enumerate(STATUSES)}
VERDICT_CODES = {verdict: code for code, verdict in enumerate(VERDICTS)}


class OrderLine(NamedTuple):
    """One order's part in a tile; the fields stand as in `tile.ORDER`, status and covered as words. None as in an `Entry`."""

    seq: int
    received_at: int
    ended_at: int | None
    resolved_at: int | None
    matter: int
    responded_at: int | None
    revisited_at: int | None
    last_occurred_at: int
    last_recorded_at: int
    valid_until: int | None
    day: int
    reopened: int
    escalated: int
    revisits_asked: int
    revisits_open: int
    status: str
    covered: str


class ClockLine(NamedTuple):
    """One clock's part in a tile; `order` is its order's place in it. `elapsed` counts where a fact stopped it (`stopped_by`)."""

    order: int
    target: str
    verdict: str
    due_at: int | None
    elapsed: int | None
    stopped_by: int | None
    excused: bool


def tile_of(
    orders: Sequence[OrderLine], clocks: Sequence[ClockLine], dimensions: Sequence[str], said: Sequence[Sequence[str | None]]
) -> Tile:
    """Return the tile of these orders and clocks; `said[i]` is what order i says in each of `dimensions`."""
    covered = Words.of([line.covered for line in orders])
    targets = Words.of([line.target for line in clocks])
    columns = list(zip(*said, strict=True)) if said else [()] * len(dimensions)
    order_rows = [(*line[:-2], STATUS_CODES[line.status], int(code)) for line, code in zip(orders, covered.codes, strict=True)]
    clock_rows = [_clock(line, int(code)) for line, code in zip(clocks, targets.codes, strict=True)]
    return Tile(
        records(order_rows, ORDER),
        records(clock_rows, CLOCK),
        [word or "" for word in covered.words],
        [word or "" for word in targets.words],
        {name: Words.of(words) for name, words in zip(dimensions, columns, strict=True)},
    )


def _clock(line: ClockLine, target: int) -> tuple[int | None, int | None, int, int, int, bool]:
    elapsed = line.elapsed if line.stopped_by is not None and line.verdict in JUDGED else None
    return line.due_at, elapsed, line.order, target, VERDICT_CODES[line.verdict], bool(line.excused)


def tile_of_entries(entries: Iterable[Entry], dimensions: Sequence[str]) -> Tile:
    """Return the tile of entries; their places are not those of any table."""
    orders: list[OrderLine] = []
    clocks: list[ClockLine] = []
    said: list[list[str | None]] = []
    for entry in entries:
        clocks.extend(clock_lines(entry, len(orders)))
        orders.append(order_line(entry, len(orders)))
        said.append([said_by(entry.view, name) for name in dimensions])
    return tile_of(orders, clocks, dimensions, said)


def order_line(entry: Entry, seq: int) -> OrderLine:
    """Return an entry's line."""
    view = entry.view
    return OrderLine(
        seq,
        view.received_at,
        view.ended_at,
        view.resolved_at,
        entry.matter,
        view.responded_at,
        view.revisited_at,
        entry.last_occurred_at,
        entry.last_recorded_at,
        entry.valid_until,
        entry.day,
        view.reopened,
        view.escalated,
        entry.revisits_asked,
        entry.revisits_open,
        view.status,
        ",".join(entry.covered),
    )


def clock_lines(entry: Entry, order: int) -> Iterable[ClockLine]:
    """Yield the lines of an entry's clocks."""
    for clock in entry.clocks:
        yield ClockLine(order, clock.target, clock.verdict, clock.due, clock.elapsed, clock.stopped_by, clock.waived)
