"""Clocks as columns: what a replay answers, a few dozen bytes a clock."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from slaengine.policies.rows import ClockRow
from slaengine.projections.columns import NEVER

Ints = NDArray[np.int64]

VERDICTS = ("running", "overdue", "met", "missed", "cancelled", "waived")
"""A verdict's place is its code; the first five are the kernel's own."""
WAIVED = VERDICTS.index("waived")
BREACHED = (VERDICTS.index("overdue"), VERDICTS.index("missed"))


class Clock(NamedTuple):
    """One clock, as it is compared and published; instants and lengths are µs, None where not known."""

    target: str
    cycle: int
    promise: str
    edition: str
    start: int
    due: int | None
    stop: int | None
    elapsed: int | None
    paused: int
    verdict: str
    raw_verdict: str


class Names(NamedTuple):
    """The words behind the codes in `Clocks`."""

    targets: Sequence[str]
    promises: Sequence[str]
    editions: Sequence[str]


class Clocks(NamedTuple):
    """One entry a clock; those of an order stand together. `order` is the position of the order's first fact.

    `NEVER` stands for None.
    """

    order: Ints
    target: Ints
    promise: Ints
    edition: Ints
    cycle: Ints
    start: Ints
    due: Ints
    stop: Ints
    elapsed: Ints
    paused: Ints
    verdict: Ints
    raw: Ints

    def by_order(self, names: Names) -> Iterator[tuple[int, list[Clock]]]:
        """Yield the clocks of each order, each with the position at which it began."""
        columns = [column.tolist() for column in self[1:]]
        starts = np.flatnonzero(np.diff(self.order, prepend=NEVER)).tolist()
        for first, end in zip(starts, [*starts[1:], len(self.order)], strict=True):
            rows = zip(*(column[first:end] for column in columns), strict=True)
            yield int(self.order[first]), [_clock(names, row) for row in rows]


def joined(parts: Sequence[Clocks]) -> Clocks:
    """Return the clocks of all parts, one part after the other."""
    if len(parts) == 1:
        return parts[0]
    return Clocks._make([np.concatenate(columns) for columns in zip(*parts, strict=True)])


def of_rows(orders: Iterable[tuple[int, list[ClockRow]]], names: Names) -> Clocks:
    """Return the clocks that were judged one order at a time."""
    rows = [
        (
            order,
            names.targets.index(row.target),
            names.promises.index(row.promise),
            names.editions.index(row.edition),
            row.cycle,
            row.start,
            _or_never(row.due),
            _or_never(row.stop),
            _or_never(row.elapsed),
            row.paused,
            VERDICTS.index(row.verdict),
            VERDICTS.index(row.raw_verdict),
        )
        for order, clocks in orders
        for row in clocks
    ]
    return Clocks._make(list(np.array(rows, np.int64).reshape(-1, len(Clocks._fields)).T))


def clock_of(row: ClockRow) -> Clock:
    """Return a clock that was judged by itself."""
    return Clock(
        row.target,
        row.cycle,
        row.promise,
        row.edition,
        row.start,
        row.due,
        row.stop,
        row.elapsed,
        row.paused,
        row.verdict,
        row.raw_verdict,
    )


def _clock(names: Names, row: tuple[int, ...]) -> Clock:
    target, promise, edition, cycle, start, due, stop, elapsed, paused, verdict, raw = row
    return Clock(
        names.targets[target],
        cycle,
        names.promises[promise],
        names.editions[edition],
        start,
        _or_none(due),
        _or_none(stop),
        _or_none(elapsed),
        paused,
        VERDICTS[verdict],
        VERDICTS[raw],
    )


def _or_never(value: int | None) -> int:
    return NEVER if value is None else value


def _or_none(value: int) -> int | None:
    return None if value == NEVER else value
