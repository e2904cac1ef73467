# mypy: disable-error-code="no-untyped-call,untyped-decorator,no-any-return"
# Numba's decorators have no types.
"""The loops that count clocks by cell, and orders by group, compiled. Imported only where Numba is installed, by `counting`.

Of each cell a line of counters is kept: the clocks at each verdict, then those whose elapsed time lies in each span
(`columns.marks`).

Numba keeps on disk what it compiled for as long as this file is as it is, so the codes that it needs are written here; a test
holds them to those of `columns`.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit

VERDICTS: Final = 6
MISSED: Final = 1
RUNNING: Final = 2
OVERDUE: Final = 3
WAIVED: Final = 4
NEVER: Final = -(1 << 63)
NO_CADENCE: Final = -1
RESOLVED: Final = 1
CLOSED: Final = 2
CANCELLED: Final = 4
MERGED: Final = 8
FLAGS: Final = 10


class Clocks(NamedTuple):
    """The clocks, as in `ClockColumns`."""

    order: Any
    target: Any
    mark: Any
    due: Any
    elapsed: Any
    excused: Any
    cadence: Any


class Orders(NamedTuple):
    """The orders, as in `OrderColumns`; `standing` has for each code of a status the bits of `RESOLVED`… that are so."""

    status: Any
    revisits_asked: Any
    revisits_open: Any
    reopened: Any
    came_back: Any
    standing: Any


class Counted(NamedTuple):
    """Where clocks are counted: in which cell, as `cells.Cells`, and for each mark in which column its span is, 0 for none."""

    group: Any
    place: Any
    targets: Any
    column: Any


def compiled(function: Any) -> Any:
    """Return a function compiled, and kept on disk where that may be."""
    try:
        return njit(cache=True, nogil=True)(function)
    except RuntimeError:  # there is nowhere to keep it
        return njit(nogil=True)(function)


@compiled
def count_clocks(clocks: Any, cells: Any, as_of: Any, counters: Any) -> None:
    """Add the clocks to `counters[cell]`, as they stand at `as_of`."""
    for i in range(len(clocks.order)):
        verdict, span = clocks.mark[i] % VERDICTS, cells.column[clocks.mark[i]]
        if verdict == RUNNING and NEVER < clocks.due[i] < as_of:
            verdict = WAIVED if clocks.excused[i] else (OVERDUE if clocks.cadence[i] == NO_CADENCE else MISSED)
        cell = cells.group[clocks.order[i]] * cells.targets + cells.place[clocks.target[i]]
        counters[cell, verdict] += 1
        if span:
            counters[cell, span] += 1


@compiled
def size_of(counters: Any) -> Any:
    """Return how many clocks have an elapsed time."""
    size = 0
    for span in range(VERDICTS, len(counters)):
        size += counters[span]
    return size


@compiled
def span_at(counters: Any, rank: Any) -> Any:
    """Return the column of the span in which the time of this rank lies, and how many times lie in the spans before it."""
    span, before = VERDICTS, 0
    while before + counters[span] <= rank:
        before += counters[span]
        span += 1
    return span, before


@compiled
def choose_spans(counters: Any, shares: Any, starts: Any) -> Any:
    """Write where the times of each span in which a percentile lies shall begin, and -1 for the others; return how many."""
    chosen = 0
    for cell in range(len(counters)):
        starts[cell, :] = -1
        size = size_of(counters[cell])
        for n in range(len(shares) if size else 0):
            rank = shares[n] * (size - 1)
            for upper in range(2):
                span, _ = span_at(counters[cell], np.ceil(rank) if upper else np.floor(rank))
                if starts[cell, span] < 0:
                    starts[cell, span] = chosen
                    chosen += counters[cell, span]
    return chosen


@compiled
def pick_times(clocks: Any, cells: Any, ends: Any, times: Any) -> None:
    """Write the elapsed times of the chosen spans to `times`, those of each span from its `ends` on, which move with them."""
    for i in range(len(clocks.order)):
        span = cells.column[clocks.mark[i]]
        if span:
            cell = cells.group[clocks.order[i]] * cells.targets + cells.place[clocks.target[i]]
            end = ends[cell, span]
            if end >= 0:
                times[end] = clocks.elapsed[i]
                ends[cell, span] = end + 1


@compiled
def ranked(values: Any, rank: Any) -> Any:
    """Return the value that would stand at `rank` if the values were in order; they are moved about (Hoare's quickselect)."""
    first, last = 0, len(values) - 1
    while first < last:
        pivot, left, right = values[(first + last) // 2], first, last
        while left <= right:
            while values[left] < pivot:
                left += 1
            while values[right] > pivot:
                right -= 1
            if left <= right:
                values[left], values[right] = values[right], values[left]
                left += 1
                right -= 1
        if right < rank < left:
            break
        if rank <= right:
            last = right
        else:
            first = left
    return values[rank]


@compiled
def time_at(counters: Any, rank: Any, starts: Any, times: Any) -> Any:
    """Return the time of this rank in a cell."""
    span, before = span_at(counters, rank)
    return ranked(times[starts[span] : starts[span] + counters[span]], int(rank) - before)


@compiled
def read_percentiles(counters: Any, shares: Any, starts: Any, times: Any, found: Any) -> None:
    """Write the percentiles at `shares` of the elapsed times of each cell to `found[cell, share]`; NaN without any."""
    for cell in range(len(counters)):
        size = size_of(counters[cell])
        for n in range(len(shares)):
            found[cell, n] = np.nan
            if size:
                rank = shares[n] * (size - 1)
                low = time_at(counters[cell], np.floor(rank), starts[cell], times)
                high = time_at(counters[cell], np.ceil(rank), starts[cell], times)
                found[cell, n] = low + (high - low) * (rank - np.floor(rank))


@compiled
def count_orders(orders: Any, group: Any, counts: Any) -> None:
    """Add the orders to `counts[group]`, in the columns of `closure.FLAGS`."""
    for i in range(len(group)):
        standing, into = orders.standing[orders.status[i]], counts[group[i]]
        resolved, done = (standing & RESOLVED) > 0, orders.revisits_open[i] == 0
        due = resolved and orders.revisits_asked[i] > 0
        into[0] += 1
        into[1] += resolved
        into[2] += (standing & CLOSED) > 0
        into[3] += resolved and done
        into[4] += (standing & CANCELLED) > 0
        into[5] += (standing & MERGED) > 0
        into[6] += due
        into[7] += due and done
        into[8] += orders.reopened[i] > 0
        into[9] += orders.came_back[i]
