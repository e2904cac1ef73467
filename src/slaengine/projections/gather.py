"""Gathering columns: from the rows of tables, and from entries that were judged for the asking."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from slaengine.projections.columns import NEVER, STATUSES, VERDICTS, ClockColumns, Flags, Ints, OrderColumns, Words
from slaengine.projections.entry import Entry
from slaengine.projections.groups import column_of
from slaengine.projections.recurrence import matters_of, recurred

JUDGED = frozenset({"met", "missed", "waived"})


class OrderLine(NamedTuple):
    """One order's part in the columns; instants are µs UTC, None as in an `OrderView`."""

    day: int
    received_at: int
    ended_at: int | None
    resolved_at: int | None
    status: str
    reopened: int
    revisits_asked: int
    revisits_open: int
    covered: str
    place: str | None
    type: str | None


class ClockLine(NamedTuple):
    """One clock's part in the columns. `elapsed` counts only where a fact stopped the clock (`stopped_by`)."""

    target: str
    verdict: str
    due_at: int | None
    elapsed: int | None
    stopped_by: int | None
    excused: bool


def order_line(entry: Entry) -> OrderLine:
    """Return an entry's line."""
    view = entry.view
    return OrderLine(
        entry.day,
        view.received_at,
        view.ended_at,
        view.resolved_at,
        view.status,
        view.reopened,
        entry.revisits_asked,
        entry.revisits_open,
        ",".join(entry.covered),
        view.place,
        view.type,
    )


def clock_lines(entry: Entry) -> Iterable[ClockLine]:
    """Yield an entry's clocks."""
    for clock in entry.clocks:
        yield ClockLine(clock.target, clock.verdict, clock.due, clock.elapsed, clock.stopped_by, clock.waived)


def stored_dimensions(by: Sequence[str]) -> tuple[str, ...]:
    """Return the stored dimensions that grouping `by` reads, each once."""
    return tuple(dict.fromkeys(column_of(name) for name in by))


def order_columns(lines: Sequence[OrderLine], dimensions: Sequence[str], values: Sequence[Sequence[Any]]) -> OrderColumns:
    """Return the columns of orders; `values[i]` is what order i says in each of `dimensions`."""
    of = _turned(OrderLine._fields, lines)
    received, resolved = instants(of["received_at"]), instants(of["resolved_at"])
    return OrderColumns(
        day=instants(of["day"]),
        received=received,
        ended=instants(of["ended_at"]),
        dimensions={name: Words.of(said) for name, said in _turned(dimensions, values).items()},
        status=codes(of["status"], STATUSES),
        reopened=instants(of["reopened"]),
        revisits_asked=instants(of["revisits_asked"]),
        revisits_open=instants(of["revisits_open"]),
        recurred=recurred(matters_of(of["place"], of["type"]), received, resolved),
        covered=Words.of(of["covered"]),
    )


def clock_columns(orders: Sequence[int], lines: Sequence[ClockLine]) -> ClockColumns:
    """Return the columns of clocks; `orders[i]` is the place of clock i's order in its columns."""
    of = _turned(ClockLine._fields, lines)
    counts = [
        elapsed if verdict in JUDGED and by is not None else None
        for elapsed, verdict, by in zip(of["elapsed"], of["verdict"], of["stopped_by"], strict=True)
    ]
    return ClockColumns(
        order=instants(orders),
        target=Words.of(of["target"]),
        verdict=codes(of["verdict"], VERDICTS),
        due=instants(of["due_at"]),
        elapsed=instants(counts),
        excused=flags(of["excused"]),
    )


def _turned(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, tuple[Any, ...]]:
    """Return rows as columns by name; all empty when there are no rows."""
    if not rows:
        return dict.fromkeys(names, ())
    return dict(zip(names, zip(*rows, strict=True), strict=True))


def instants(values: Iterable[int | None]) -> Ints:
    """Return numbers as a column, `NEVER` for None."""
    return np.array([NEVER if value is None else value for value in values], np.int64)


def flags(values: Iterable[bool]) -> Flags:
    """Return truths as a column."""
    return np.array(list(values), np.bool_)


def codes(values: Sequence[str], words: Sequence[str]) -> Ints:
    """Return words as their places in `words`."""
    places = {word: place for place, word in enumerate(words)}
    return np.fromiter((places[value] for value in values), np.int64, len(values))
