"""The loops that lay a bucket's facts out for the kernel: plain integers, compiled by Numba."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from slaengine.policies.tables import NOTHING, REASSIGNED

Ints = NDArray[np.int64]

EVER: Final = (1 << 63) - 1
UNKNOWN: Final = -1

# How a fact is laid out: by its look-up alone; as a dispatch, of which an order's first is no reassignment; not at all,
# since its whole order needs more; or as the receipt that an order begins with.
PLAIN: Final = 0
DISPATCH: Final = 1
SPECIAL: Final = 2
RECEIPT: Final = 3

# What is done: the rows read, the entries and orders that stand, and what must be learned before it can go on.
ROWS: Final = 0
ENTRIES: Final = 1
ORDERS: Final = 2
KNOWN: Final = 3
PART: Final = 4
DONE_WIDTH: Final = 5

TAKEN: Final = 0
LEFT_OUT: Final = 1
LEARN: Final = 2


class Source(NamedTuple):
    """A bucket's rows, order by order and as they happened; instants are µs, `shape` numbers what a fact says."""

    order: Ints
    occurred: Ints
    recorded: Ints
    shape: Ints


class Shapes(NamedTuple):
    """What each shape is to the kernel, as in `tables.Facts`; `part` numbers what it makes known of the order, 0 nothing."""

    how: Ints
    hits: Ints
    life: Ints
    detail: Ints
    part: Ints


class Filled(NamedTuple):
    """What is laid out: the columns of `tables.Facts`, of which `known` is the profile, the source's rows, and the orders.

    Order n has the entries `[bounds[n], bounds[n + 1])` and is `kept[n]`; `special` is 1 for the rows of orders left out.
    """

    times: Ints
    hits: Ints
    life: Ints
    detail: Ints
    known: Ints
    row: Ints
    bounds: Ints
    kept: Ints
    special: Ints

    @classmethod
    def room(cls, rows: int) -> Self:
        """Return room for so many rows."""
        columns = [np.empty(rows, np.int64) for _ in range(6)]
        return cls._make([*columns, np.zeros(rows + 1, np.int64), np.empty(rows, np.int64), np.zeros(rows, np.int64)])


def fill(source: Any, shapes: Any, following: Any, limits: Any, repins: Any, filled: Any, done: Any) -> Any:
    """Lay out from row `done[ROWS]` on. False when what `done[KNOWN]` becomes by `done[PART]` must be learned first.

    `following[known, part]` is the profile after a fact; the last line is for none before. `limits` are the
    latest instant of occurrence and of recording; orders that live through one of `repins` are left out.
    """
    rows = len(source.order)
    while done[ROWS] < rows:
        end = done[ROWS]
        while end < rows and source.order[end] == source.order[done[ROWS]]:
            end += 1
        answer = fill_order(source, shapes, following, limits, repins, filled, done, end)
        if answer == LEARN:
            return False
        if answer == LEFT_OUT:
            filled.special[done[ROWS] : end] = 1
        done[ROWS] = end
    return True


def fill_order(source: Any, shapes: Any, following: Any, limits: Any, repins: Any, filled: Any, done: Any, end: Any) -> Any:
    """Lay out the order in the rows from `done[ROWS]` to `end`; an order that is not there by the limits leaves nothing."""
    first = entry = done[ENTRIES]
    known, dispatched, received = UNKNOWN, False, False
    for i in range(done[ROWS], end):
        how = shapes.how[source.shape[i]]
        if source.recorded[i] > limits[1]:
            continue
        if how == SPECIAL:
            return LEFT_OUT
        if source.occurred[i] > limits[0]:
            continue
        received = received or how == RECEIPT
        part = shapes.part[source.shape[i]]
        if part != 0:
            if following[known, part] == UNKNOWN:
                done[KNOWN], done[PART] = known, part
                return LEARN
            known = following[known, part]
        fill_entry(source, shapes, filled, entry, i)
        filled.known[entry] = known
        if how == DISPATCH:
            filled.life[entry] = REASSIGNED if dispatched else NOTHING
            dispatched = True
        entry += 1
    if not received:
        return TAKEN
    if taken_over(filled.times[first], filled.times[entry - 1] if limits[0] == EVER else limits[0], repins):
        return LEFT_OUT
    filled.kept[done[ORDERS]] = source.order[done[ROWS]]
    done[ENTRIES] = entry
    done[ORDERS] += 1
    filled.bounds[done[ORDERS]] = entry
    return TAKEN


def fill_entry(source: Any, shapes: Any, filled: Any, entry: Any, i: Any) -> Any:
    """Lay out one fact by its look-up."""
    shape = source.shape[i]
    filled.times[entry] = source.occurred[i]
    filled.hits[entry] = shapes.hits[shape]
    filled.life[entry] = shapes.life[shape]
    filled.detail[entry] = shapes.detail[shape]
    filled.row[entry] = i


def taken_over(first: Any, until: Any, repins: Any) -> Any:
    """Whether an edition takes running clocks over while an order lives."""
    for k in range(len(repins)):  # noqa: SIM110 (Numba compiles no generators)
        if first < repins[k] <= until:
            return True
    return False


@cache
def filling() -> Callable[..., bool]:
    """Return `fill`, compiled."""
    from numba import njit  # noqa: PLC0415 (an extra)
    from numba.extending import register_jitable  # noqa: PLC0415

    for function in (fill_order, fill_entry, taken_over):
        register_jitable(function)
    compiled: Callable[..., bool]
    try:
        compiled = njit(cache=True, nogil=True)(fill)
    except RuntimeError:  # nowhere to keep what was compiled
        compiled = njit(nogil=True)(fill)
    return compiled
