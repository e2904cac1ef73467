"""Counting with compiled loops: the same as plain counting gives, in a third of the time, once the loops are loaded.

To load them takes most of a second, which only those pay back who ask again and again. So nothing here loads them unasked.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slaengine.projections.cells import Cells, Tally
from slaengine.projections.columns import SPANS, STATUSES, VERDICTS, ClockColumns, Flags, Ints, OrderColumns, Words

COUNTERS_MAX = 800_000
"""Counters at a time, 4 bytes each: more do not lie close to the processor, and coarser spans are quicker."""
CLOCK_KINDS = (np.int32, np.int16, np.uint16, np.int64, np.int64, np.bool_, np.int16)
"""What the columns of clocks hold in the loops, as they are laid out (`laid_out`): they are compiled for these only."""
ORDER_KINDS = (np.int16, np.int32, np.int32, np.int32, np.bool_)
"""What the columns of orders hold in the loops."""
WIDTH = len(VERDICTS)

_LOADED: list[ModuleType] = []


def load() -> bool:
    """Load the loops, so that they are used from now on; return whether they could be: Numba is an extra.

    What they count is compiled by the first run on a machine; that takes some ten seconds.
    """
    if not _LOADED and find_spec("numba") is not None:
        try:
            from slaengine.projections import compiled_counting as loops  # noqa: PLC0415 - needs an extra
        except ImportError:  # it does not go with the NumPy that is there
            return False
        none: Any = np.empty(0, np.int32)
        _tally(loops, Cells(none, 0, none, 1), ClockColumns(none, Words(none, ()), *[none] * 7), 0, (0.5,))
        _count(loops, none, 0, [none] * len(ORDER_KINDS))
        _LOADED.append(loops)
    return bool(_LOADED)


def loaded() -> bool:
    """Return whether the loops are loaded."""
    return bool(_LOADED)


def tally_compiled(cells: Cells, clocks: ClockColumns, as_of: int, shares: Sequence[float]) -> Tally:
    """Return what the clocks come to by cell, as they stand at `as_of` (µs UTC). The loops must be loaded."""
    return _tally(_LOADED[0], cells, clocks, as_of, shares)


def count_compiled(group: Ints, groups: int, orders: OrderColumns, came_back: Flags) -> Ints:
    """Return how many orders of each group there are in each of `closure.FLAGS`. The loops must be loaded."""
    columns = orders.status, orders.revisits_asked, orders.revisits_open, orders.reopened, came_back
    return _count(_LOADED[0], group, groups, columns)


def _tally(loops: Any, cells: Cells, clocks: ClockColumns, as_of: int, shares: Sequence[float]) -> Tally:
    columns, wanted = _columns(len(cells)), np.array(shares, np.float64)
    taken = (getattr(clocks, name) for name in loops.Clocks._fields)
    laid = (column.codes if isinstance(column, Words) else column for column in taken)
    ticking = loops.Clocks._make(map(_as, laid, CLOCK_KINDS))
    counted = loops.Counted(_as(cells.group, np.int32), _as(cells.place, np.int32), cells.targets, columns)
    counters = np.zeros((len(cells), int(columns.max()) + 1), np.int32)
    starts, found = np.empty_like(counters), np.empty((len(cells), len(shares)))
    loops.count_clocks(ticking, counted, as_of, counters)
    times = np.empty(loops.choose_spans(counters, wanted, starts), np.int64)
    loops.pick_times(ticking, counted, starts.copy(), times)
    loops.read_percentiles(counters, wanted, starts, times, found)
    return Tally(counters[:, :WIDTH].astype(np.int64), found)


def _count(loops: Any, group: Ints, groups: int, columns: Sequence[NDArray[Any]]) -> Ints:
    """Count orders; the columns are those of `loops.Orders`."""
    bits = {
        "resolved": loops.RESOLVED,
        "closed": loops.RESOLVED | loops.CLOSED,
        "cancelled": loops.CANCELLED,
        "merged": loops.MERGED,
    }
    standing = np.array([bits.get(status, 0) for status in STATUSES], np.int16)
    counts = np.zeros((groups, loops.FLAGS), np.int64)
    loops.count_orders(loops.Orders(*map(_as, columns, ORDER_KINDS), standing), _as(group, np.int32), counts)
    return counts


def _columns(cells: int) -> NDArray[np.int16]:
    """Return for each mark in which of a cell's counters its span is counted, 0 for none; spans are coarser for many cells."""
    coarse = 1
    while coarse < SPANS and cells * (WIDTH + SPANS / coarse) > COUNTERS_MAX:
        coarse *= 2
    span = np.arange((SPANS + 1) * WIDTH) // WIDTH
    return np.where(span > 0, WIDTH + (span - 1) // coarse, 0).astype(np.int16)


def _as(column: Any, kind: Any) -> Any:
    """Return a column as the loops take it: itself, where it is laid out so."""
    return np.require(column, kind, ("C", "W"))
