"""Counting clocks by cell, with percentiles of what they took, in one pass over all of them.

Every clock carries a mark (`columns.marks`): its verdict, and in which quarter of a doubling its elapsed time lies. Counting
marks by cell gives the verdicts, and says in which quarter each percentile lies: only the clocks there have to be put in order.
What comes out is exact, the same as `percentiles.grouped` gives.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from slaengine.projections.cells import Cells, Tally
from slaengine.projections.columns import MISSED, NO_CADENCE, OVERDUE, RUNNING, SPANS, WAIVED, ClockColumns, Ints
from slaengine.projections.counting import WIDTH, loaded, tally_compiled
from slaengine.projections.percentiles import between_ranks, in_order

BINS_MAX = 4_000_000
"""Counters at a time, 8 bytes each: with more of them, coarser spans are quicker."""


def tally(cells: Cells, clocks: ClockColumns, as_of: int, shares: Sequence[float]) -> Tally:
    """Return what the clocks come to by cell, as they stand at `as_of` (µs UTC)."""
    return tally_compiled(cells, clocks, as_of, shares) if loaded() else tally_plainly(cells, clocks, as_of, shares)


def tally_plainly(cells: Cells, clocks: ClockColumns, as_of: int, shares: Sequence[float]) -> Tally:
    """Return what the clocks come to by cell, counted with NumPy alone."""
    coarse = _coarseness(len(cells))
    spans = 1 + -(-SPANS // coarse)
    key = cells.of(clocks.order, clocks.target, spans * WIDTH)
    mark: Ints = _coarser(coarse)[clocks.mark] if coarse > 1 else clocks.mark
    key += mark
    bins = np.bincount(key, minlength=len(cells) * spans * WIDTH).reshape(len(cells), spans, WIDTH)
    counts: Ints = bins.sum(axis=1)
    _let_time_pass(counts, cells, clocks, as_of)
    held: Ints = bins.sum(axis=2)
    held[:, 0] = 0
    return Tally(counts, _percentiles(held, key, clocks.elapsed, shares))


def _coarseness(cells: int) -> int:
    """Return how many spans of a mark to take for one, so that there are not too many counters."""
    coarse = 1
    while coarse < SPANS and cells * (1 + SPANS / coarse) * WIDTH > BINS_MAX:
        coarse *= 2
    return coarse


def _coarser(coarse: int) -> NDArray[np.int32]:
    """Return, for each mark, the one with coarser spans."""
    span, verdict = np.divmod(np.arange((SPANS + 1) * WIDTH, dtype=np.int32), WIDTH)
    return np.where(span > 0, (span - 1) // coarse + 1, 0).astype(np.int32) * WIDTH + verdict


def _let_time_pass(counts: Ints, cells: Cells, clocks: ClockColumns, as_of: int) -> None:
    """Move the running clocks whose due time has passed to what they are by then."""
    late = clocks.late(as_of)
    became = np.where(clocks.excused[late], WAIVED, np.where(clocks.cadence[late] != NO_CADENCE, MISSED, OVERDUE))
    lines, cell = counts.reshape(-1), cells.of(clocks.order[late], clocks.target.at(late)) * np.int64(WIDTH)
    np.add.at(lines, cell + became, 1)
    np.subtract.at(lines, cell + RUNNING, 1)


def _percentiles(held: Ints, key: Ints, elapsed: Ints, shares: Sequence[float]) -> NDArray[np.float64]:
    """Return the percentiles by cell; `held[c, s]` clocks of cell c have an elapsed time in span s."""
    sizes, upto = held.sum(axis=1), np.cumsum(held)
    firsts = np.cumsum(sizes) - sizes
    filled = np.flatnonzero(sizes)
    places = [
        (firsts[filled] + below, firsts[filled] + above, rest) for below, above, rest in between_ranks(sizes[filled], shares)
    ]
    ranks = np.unique(np.concatenate([rank for below, above, _ in places for rank in (below, above)]))
    wanted = np.unique(np.searchsorted(upto, ranks, side="right"))
    ordered = _ordered(wanted, held.size, key, elapsed)
    starts = np.cumsum(held.reshape(-1)[wanted]) - held.reshape(-1)[wanted]

    def at(rank: Ints) -> Ints:
        span = np.searchsorted(upto, rank, side="right")
        line = np.searchsorted(wanted, span)
        found: Ints = ordered[starts[line] + rank - (upto[span] - held.reshape(-1)[span])]
        return found

    result = np.full((len(held), len(shares)), np.nan)
    for column, (below, above, rest) in enumerate(places):
        low = at(below)
        result[filled, column] = low + (at(above) - low) * rest
    return result


def _ordered(wanted: Ints, spans: int, key: Ints, elapsed: Ints) -> Ints:
    """Return the elapsed times in these of all spans, ascending within each, one span behind the other."""
    chosen = np.zeros(spans, np.bool_)
    chosen[wanted] = True
    picked = np.flatnonzero(np.repeat(chosen, WIDTH)[key])
    line = (np.cumsum(chosen, dtype=np.int32) - 1)[key[picked] // WIDTH]
    return in_order(line, elapsed[picked], len(wanted))
