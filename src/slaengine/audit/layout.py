"""How a bucket lies in memory while it is judged: the arrays that the compiled loop reads and writes."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from slaengine.audit.clocks import Clocks
from slaengine.policies.tables import WALK_WIDTH, WIDTH, Facts

Ints = NDArray[np.int64]

EVER: Final = (1 << 63) - 1
UNKNOWN: Final = -1
NOT_HERE: Final = -1
"""In `Shapes.target` and `Shapes.reason`: the fact says nothing of a waiver; it refuses one."""

NOWHERE: Final = -1
"""The row of a fact that is not there."""

# How a fact is laid out: by its look-up alone; as a dispatch, of which an order's first is no reassignment; as the receipt that
# an order begins with; or, where a replay has an `as_of`, not at all: nothing waits for it and it changes nothing.
PLAIN: Final = 0
DISPATCH: Final = 1
RECEIPT: Final = 2
IDLE: Final = 3

# What is done: rows read, orders read, clocks that stand; and what must be learned before the loop can go on.
ROWS: Final = 0
ORDERS: Final = 1
CLOCKS: Final = 2
KNOWN: Final = 3
PART: Final = 4
DONE_WIDTH: Final = 5

# Why the loop stopped, beside the kernel's own answers: all is done; what `done[KNOWN]` becomes by `done[PART]` must be
# learned; an order has more facts than the desk has room for; there is no room for more clocks.
ALL: Final = 0
LEARN: Final = -(1 << 40)
LONG: Final = LEARN - 1
MANY: Final = LEARN - 2

AS_OF: Final = 0
KNOWN_AT: Final = 1
NOW: Final = 2
"""The limits: the latest instant of occurrence and of recording (`EVER` for none), and `as_of` as the kernel takes it."""


class Source(NamedTuple):
    """A bucket's rows, order by order and as they happened; instants are µs, `shape` numbers what a fact says.

    `left_out` has the rows, ascending, at which orders begin that are judged another way; the last is past the end.
    `given` has the given due times of all orders, `givens` each.
    """

    order: Ints
    occurred: Ints
    recorded: Ints
    shape: NDArray[np.int32]
    left_out: Ints
    given: Ints
    givens: int


class Shapes(NamedTuple):
    """What each shape is to the kernel, as in `tables.Facts`; `part` numbers what it makes known of the order, 0 nothing.

    `target` is the one that a waiver is about, `reason` the number of the approved one's; or `NOT_HERE`.
    """

    how: Ints
    hits: Ints
    life: Ints
    detail: Ints
    part: Ints
    target: Ints
    reason: Ints


class Names(NamedTuple):
    """By the kernel's numbers: the promise of each rule and the name of each edition, as `Clocks` codes them.

    `allowed[edition, reason]` is 1 where the edition excuses breaches for that reason; `repins` are the instants at which the
    editions `repinned` take running clocks over, ascending.
    """

    promises: Ints
    editions: Ints
    allowed: Ints
    repins: Ints
    repinned: Ints


class Desk(NamedTuple):
    """Room for one order: its facts and rows as the kernel has them, its waivers by target, and the kernel's scratch."""

    facts: Facts
    rows: Ints
    spans: Ints
    walk: Ints
    waived_at: Ints
    waived_for: Ints

    @classmethod
    def room(cls, facts: int, rows: int, targets: int) -> Self:
        """Return room for so many facts and rows."""
        columns: list[Any] = [np.empty(facts, np.int64) for _ in Facts._fields]
        empty = np.empty(0, np.int64)
        waived = (np.empty(targets, np.int64) for _ in range(2))
        return cls(Facts._make(columns), np.empty(rows * WIDTH, np.int64), empty, np.empty(WALK_WIDTH, np.int64), *waived)


def room_for(clocks: int) -> Clocks:
    """Return room for so many clocks."""
    return Clocks._make([np.empty(clocks, np.int64) for _ in Clocks._fields])
