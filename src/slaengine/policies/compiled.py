"""The kernel compiled: the same lines that judge a live order, turned to machine code by Numba for whole histories."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slaengine.errors import MissingExtra
from slaengine.policies.business import CalendarTables
from slaengine.policies.tables import FULL, NO, NONE, SHORT, SPAN_WIDTH, WALK_WIDTH, WIDTH, Facts, Promises

Array = NDArray[np.int64]
BITS = 62
"""Triggers, or pause reasons, that fit the compiled kernel's bit masks; policies with more are judged interpreted."""


class Columns(NamedTuple):
    """Many orders' facts as int64 arrays, laid out as `tables.Facts`; order n has the facts `[bounds[n], bounds[n + 1])`.

    `given[n * givens : (n + 1) * givens]` are its given due times.
    """

    times: Array
    hits: Array
    life: Array
    detail: Array
    profile: Array
    bounds: Array
    given: Array
    givens: int


class Judged(NamedTuple):
    """Rows of all orders, one line each, with their spans; order n has the rows `[ends[n - 1], ends[n])`."""

    rows: Array
    spans: Array
    ends: Array


def available() -> bool:
    """Return whether the compiled kernel can be used."""
    return find_spec("numba") is not None


def loaded() -> bool:
    """Return whether the compiled kernel has been used in this process: then it costs nothing to use it again."""
    return _compiled.cache_info().currsize > 0


def judge_columns(
    promises: Callable[[], Promises], widen: Callable[[int], None], columns: Columns, as_of: int | None, *, spans: bool = False
) -> Judged:
    """Judge many orders with the compiled kernel.

    Args:
        promises: returns the tables, of lists; asked again after `widen`.
        widen: makes the calendar of this number reach further.
        columns: the orders' facts.
        as_of: as for `clock.judge`, µs.
        spans: whether to write down what was excluded from each clock.

    Raises:
        MissingExtra: Numba is not installed.
        CalendarError: a calendar does not know the time that a limit reaches into.
    """
    run = _compiled()
    orders = len(columns.bounds) - 1
    rows = np.empty(max(orders * 4, 16) * WIDTH, np.int64)
    noted = np.empty((max(orders, 16) if spans else 0) * SPAN_WIDTH, np.int64)
    facts = Facts._make([*columns[:5], np.empty_like(columns.times), np.empty_like(columns.times)])
    ends, walk = np.empty(orders, np.int64), np.empty(WALK_WIDTH, np.int64)
    done = np.zeros(3, np.int64)
    now = NONE if as_of is None else as_of
    answer = FULL
    while answer != NO:
        answer = run(
            as_arrays(promises()), facts, columns.bounds, columns.given, columns.givens, now, rows, noted, ends, walk, done
        )
        if answer == FULL:
            rows, noted = np.concatenate((rows, np.empty_like(rows))), np.concatenate((noted, np.empty_like(noted)))
        elif answer < NO:
            widen(SHORT - answer)
    used, used_spans = int(done[1]), int(done[2])
    return Judged(rows[: used * WIDTH].reshape(-1, WIDTH), noted[: used_spans * SPAN_WIDTH].reshape(-1, SPAN_WIDTH), ends)


def as_arrays(promises: Promises) -> Promises:
    """Return the tables as int64 arrays."""
    *plain, calendars, bounds = promises
    return Promises._make([*map(_array, plain), CalendarTables._make(map(_array, calendars)), _array(bounds)])


def _array(numbers: Any) -> Any:
    return np.asarray(numbers, np.int64)


@cache
def _compiled() -> Any:
    try:
        from slaengine.policies.compiled_loop import compile_loop  # noqa: PLC0415 - needs an extra
    except ImportError:
        raise MissingExtra("the compiled kernel", "fast") from None
    return compile_loop()
