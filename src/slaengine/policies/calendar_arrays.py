"""Business time of many pairs at once: the same tables, searched by NumPy, or by Numba when it is installed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from slaengine.errors import CalendarError
from slaengine.policies.calendar_reach import Reach, Timetable

Array = NDArray[np.int64]


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
    if array.dtype.kind not in "iu":
        raise CalendarError(f"{name} must be whole µs since the epoch, UTC, not {array.dtype}")
    return array.astype(np.int64, copy=False)


def open_between(timetable: Timetable, starts: Array, ends: Array, *, negative: bool) -> Array:
    """Return the open µs between each start and end; where the end comes first, its negative or zero."""
    if not starts.size or not ends.size:
        return np.zeros(np.broadcast_shapes(starts.shape, ends.shape), np.int64)
    first = int(min(starts.min(), ends.min()))
    edges, opened = _edges(timetable.cover(first, int(max(starts.max(), ends.max()))))
    lengths = _open_time(ends, edges, opened) - _open_time(starts, edges, opened)
    return lengths if negative else np.maximum(lengths, 0)


def due_at(timetable: Timetable, starts: Array, limits: Array, *, later: bool) -> Array:
    """Return the instant at which each limit of open µs has passed since its start."""
    starts, limits = np.broadcast_arrays(starts, limits)
    if not starts.size:
        return np.zeros(starts.shape, np.int64)
    reach = timetable.cover(int(starts.min()), int(starts.max()))
    while True:
        edges, opened = _edges(reach)
        positions = _open_time(starts, edges, opened) + limits
        opening = np.where(limits < 0, not later, later)
        after = np.where(opening, np.searchsorted(opened, positions, "right"), np.searchsorted(opened, positions, "left"))
        beyond = (after == 0) | (after == len(edges))
        if not later:
            beyond &= limits != 0
        if not beyond.any():
            break
        reach = timetable.further(forwards=bool(limits[beyond].flat[0] >= 0))
    after = np.clip(after, 1, len(edges) - 1)
    due = np.where(opening, edges[after - 1] - opened[after - 1], edges[after] - opened[after]) + positions
    return due if later else np.where(limits == 0, starts, due)


def _edges(reach: Reach) -> tuple[Array, Array]:
    return np.asarray(reach.arrays.edges, np.int64), np.asarray(reach.arrays.opened, np.int64)


def _open_time(at: Array, edges: Array, opened: Array) -> Array:
    after = np.searchsorted(edges, at, "right")
    before = after - 1
    since: Array = opened[before] + np.where(after & 1, at - edges[before], 0)
    return since
