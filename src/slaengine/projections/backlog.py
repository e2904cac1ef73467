"""The backlog: what is open, for how long, and how it grew and shrank."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np

from slaengine.projections.columns import NEVER, Flags, OrderColumns
from slaengine.projections.periods import Period, bounds, label, midnight

DAY = 86_400 * 1_000_000
AGES = (("< 1 d", 1), ("1–3 d", 3), ("3–7 d", 7), ("7–30 d", 30), ("30–90 d", 90), ("≥ 90 d", None))
"""Ages of open orders since receipt, by the days of 24 h they stay below; None has no end."""


@dataclass(frozen=True, slots=True)
class Flow:
    """One period: orders received in it, ended in it, and open at its end (or at the instant asked for, if that is earlier)."""

    period: str
    received: int
    ended: int
    open: int


def ageing(orders: OrderColumns, as_of: int) -> dict[str, int]:
    """Return how many orders open at `as_of` (µs UTC) are of each age."""
    ages = as_of - orders.received[is_open(orders, as_of)]
    bounds = [days * DAY for _, days in AGES if days is not None]
    counts = np.bincount(np.searchsorted(bounds, ages, side="right"), minlength=len(AGES)).tolist()
    return dict(zip((name for name, _ in AGES), counts, strict=True))


def is_open(orders: OrderColumns, at: int) -> Flags:
    """Return which orders were received by `at` (µs UTC) and not ended by then."""
    still: Flags = (orders.received <= at) & ((orders.ended == NEVER) | (orders.ended > at))
    return still


def flow(orders: OrderColumns, period: Period, zone: ZoneInfo, as_of: int) -> list[Flow]:
    """Return the flow of every period from the first receipt to `as_of` (µs UTC), without gaps, in `zone`."""
    if not len(orders):
        return []
    names, starts = _periods(int(orders.day.min()), period, zone, as_of)
    edges = np.array([*starts, as_of + 1], np.int64)
    came = np.searchsorted(np.sort(orders.received), edges)
    went = np.searchsorted(np.sort(orders.ended[orders.ended != NEVER]), edges)
    return [
        Flow(name, int(came[i + 1] - came[i]), int(went[i + 1] - went[i]), int(came[i + 1] - went[i + 1]))
        for i, name in enumerate(names)
    ]


def _periods(day: int, period: Period, zone: ZoneInfo, as_of: int) -> tuple[list[str], list[int]]:
    """Return the names and the first instants (µs UTC) of the periods from the one of `day` on that begin by `as_of`."""
    names, starts = [], []
    first, after = bounds(day, period)
    while (start := midnight(first, zone)) <= as_of:
        names.append(label(first.toordinal(), period))
        starts.append(start)
        first, after = after, bounds(after.toordinal(), period)[1]
    return names, starts
