"""Business time of many pairs at once: the same tables, read by NumPy in chunks that stay in the processor's cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from slaengine.errors import CalendarError
from slaengine.policies.calendar_reach import Reach, Timetable

Array = NDArray[np.int64]

_CHUNK: Final = 16_384
"""Pairs worked on at a time: a chunk's temporaries, 128 KiB each, stay in the second-level cache."""
_BUCKET_BITS: Final = 17
"""A table is cut into up to 2^17 buckets: over four years some 20 minutes each, fewer than two edges."""
_PASSES_MAX: Final = 6
"""With more values than this in one bucket a binary search is as fast."""


class SortedIndex:
    """Answers `np.searchsorted(values, at, "right")` for `values[0] <= at < values[-1]` in a few steps without branches.

    A bucket's number, a shift of the distance from the first value, tells how many values lie at or before the bucket's
    start; then as many comparisons as any bucket holds values find the rest.
    """

    def __init__(self, values: Array) -> None:
        self.values = values
        self.origin = int(values[0])
        self.shift = max((int(values[-1]) - self.origin).bit_length() - _BUCKET_BITS, 0)
        buckets = ((int(values[-1]) - self.origin) >> self.shift) + 1
        starts = self.origin + (np.arange(buckets + 1, dtype=np.int64) << self.shift)
        counts = np.searchsorted(values, starts, "right")
        self.passes = int(np.diff(counts).max())
        self.counts = counts[:-1]

    def after(self, at: Array) -> Array:
        """Return the index of the first value greater than each of `at`."""
        if self.passes > _PASSES_MAX:
            return np.searchsorted(self.values, at, "right")
        bucket = at - self.origin
        bucket >>= self.shift
        found: Array = self.counts.take(bucket)
        for _ in range(self.passes):
            found += self.values.take(found) <= at
        return found


class Columns:
    """What a calendar's tables become for arrays.

    `ahead` is how much later each edge is than the open time before it; the indexes answer for `edges` and `opened`.
    """

    def __init__(self, reach: Reach) -> None:
        self.reach = reach
        self.edges, self.opened = np.asarray(reach.arrays.edges, np.int64), np.asarray(reach.arrays.opened, np.int64)
        self.ahead = self.edges - self.opened
        self.by_edge, self.by_opened = SortedIndex(self.edges), SortedIndex(self.opened)

    def open_time(self, at: Array) -> Array:
        """Return the open µs from the start of the horizon to instants inside it."""
        before = self.by_edge.after(at)
        before -= 1
        since = at - self.edges.take(before)
        since *= 1 - (before & 1)
        since += self.opened.take(before)
        return since

    def position(self, starts: Array, limits: Array) -> Array:
        """Return the open time at which each limit runs out, counted like `open_time`."""
        return self.open_time(starts) + limits


def instants(values: Any, name: str) -> Array:
    """Return `values` as an int64 array of µs; datetime64 and timedelta64 arrays are converted.

    Raises:
        CalendarError: they are not whole numbers, or one of them is not a time.
    """
    array = np.asarray(values)
    if array.dtype.kind in "mM":
        if np.isnat(array).any():
            raise CalendarError(f"{name} has a missing time (NaT); leave such pairs out")
        return array.astype(f"{array.dtype.kind}8[us]").view(np.int64)
    if array.dtype.kind not in "iu" and array.size:
        raise CalendarError(f"{name} must be whole µs since the epoch, UTC, not {array.dtype}")
    return array.astype(np.int64, copy=False)


def open_between(timetable: Timetable, starts: Array, ends: Array, *, negative: bool) -> Array:
    """Return the open µs between each start and end; where the end comes first, its negative or zero."""

    def between(start: Array, end: Array) -> Array:
        lengths = columns.open_time(end)
        lengths -= columns.open_time(start)
        return lengths if negative else np.maximum(lengths, 0, out=lengths)

    starts, ends = _paired(starts, ends)
    if not starts.size:
        return np.zeros(starts.shape, np.int64)
    first, last = min(starts.min(), ends.min()), max(starts.max(), ends.max())
    columns = _columns(timetable, timetable.cover(int(first), int(last)))
    return _in_chunks(between, starts, ends)


def due_at(timetable: Timetable, starts: Array, limits: Array, *, later: bool) -> Array:
    """Return the instant at which each limit of open µs has passed since its start."""

    def due(start: Array, limit: Array, position: Array) -> Array:
        instant = position + columns.ahead.take(columns.by_opened.after(looked_up(limit, position)))
        return np.where(limit == 0, start, instant) if zero else instant

    def looked_up(limit: Array, position: Array) -> Array:
        """Return what to look up among the open times before edges; zero where the start is due itself."""
        keys: Array = position - ((limit >= 0) != later) if least < 0 else position - (not later)
        return np.where(limit == 0, 0, keys) if zero else keys

    starts, limits = _paired(starts, limits)
    if not starts.size or not (later or limits.any()):
        return starts.copy()
    least = int(limits.min())
    zero = not later and least <= 0 and not limits.all()
    timetable.refuse_endless(max(int(limits.max()), -least))
    reach = timetable.cover(int(starts.min()), int(starts.max()))
    while True:
        columns = _columns(timetable, reach)
        positions = _in_chunks(columns.position, starts, limits)
        keys = looked_up(limits, positions)
        if keys.min() < 0:
            reach = timetable.further(forwards=False)
        elif keys.max() >= columns.opened[-1]:
            reach = timetable.further(forwards=True)
        else:
            return _in_chunks(due, starts, limits, positions)


def _paired(first: Array, second: Array) -> tuple[Array, Array]:
    """Return both in one shape."""
    try:
        shape = np.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        raise CalendarError(f"{first.size} and {second.size} values do not pair; give as many of either, or one") from None
    return np.broadcast_to(first, shape), np.broadcast_to(second, shape)


def _in_chunks(answer: Callable[..., Array], *columns: Array) -> Array:
    flat = [column.ravel() for column in columns]
    answers = np.empty(flat[0].shape, np.int64)
    for begins in range(0, len(answers), _CHUNK):
        chunk = slice(begins, begins + _CHUNK)
        answers[chunk] = answer(*(column[chunk] for column in flat))
    return answers.reshape(columns[0].shape)


_COLUMNS: WeakKeyDictionary[Timetable, Columns] = WeakKeyDictionary()


def _columns(timetable: Timetable, reach: Reach) -> Columns:
    """Return the columns of the tables, made once for as long as the timetable does not widen."""
    columns = _COLUMNS.get(timetable)
    if columns is None or columns.reach is not reach:
        columns = _COLUMNS[timetable] = Columns(reach)
    return columns
