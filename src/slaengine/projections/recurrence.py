"""Recurrence: the same type of matter at the same place, soon after it was resolved there."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np

from slaengine.projections.columns import NEVER, Flags, Ints

DAY = 86_400 * 1_000_000
RECURRENCE_DAYS = 30
"""A matter that comes back within so many times 24 hours after it was resolved is taken for the same trouble."""

UNKNOWN = 0
"""The matter of an order whose exact place or type is not known: it neither recurs nor is recurred to."""


def matter_of(place: str | None, kind: str | None) -> int:
    """Return place and type as one number of 64 bits, `UNKNOWN` if either is not known.

    Different matters get the same number once in some 10^19 pairs.
    """
    if not place or not kind:
        return UNKNOWN
    return int.from_bytes(blake2b(f"{place}\x1e{kind}".encode(), digest_size=8).digest(), "big", signed=True) or 1


def recurred(matters: Ints, received: Ints, resolved: Ints, days: int = RECURRENCE_DAYS) -> Flags:
    """Return for each order whether another one of the same matter was resolved in the `days` before it was received.

    `received`, `resolved` are µs UTC; `resolved` is `NEVER` for orders not resolved. Both ends of the window count.
    """
    flags = np.zeros(len(received), np.bool_)
    chosen, matter = _repeated(matters)
    came, went = received[chosen], resolved[chosen]
    done = went != NEVER
    instants = np.unique(went[done])
    base = len(instants) + 1
    ends = np.sort(matter[done] * base + np.searchsorted(instants, went[done]))
    since = matter * base + np.searchsorted(instants, came - days * DAY)
    until = matter * base + np.searchsorted(instants, came, side="right")
    before = np.searchsorted(ends, until) - np.searchsorted(ends, since)
    itself = done & (went <= came) & (went >= came - days * DAY)
    flags[chosen] = before > itself
    return flags


def _repeated(matters: Ints) -> tuple[Ints, Ints]:
    """Return the places of orders whose matter is known and came more than once, and small numbers for their matters."""
    known = np.flatnonzero(matters != UNKNOWN)
    _, codes, counts = np.unique(matters[known], return_inverse=True, return_counts=True)
    codes = codes.reshape(-1)
    again = counts[codes] > 1
    return known[again], codes[again]
