"""Recurrence: the same type of matter at the same place, soon after it was resolved there."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b

import numpy as np

from slaengine.projections.columns import NEVER, Flags, Ints

DAY = 86_400 * 1_000_000
BUCKETS = 1 << 22
"""Matters are dealt into so many buckets, to tell quickly most of those that came once."""

RECURRENCE_DAYS = 30
"""A matter that comes back within so many times 24 hours after it was resolved is taken for the same trouble."""

NEVER_BEFORE = np.iinfo(np.int64).max

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
    if not len(chosen):
        return flags
    came, went = received[chosen], resolved[chosen]
    done = went != NEVER
    key = _keyed(matter, came, went[done], days * DAY)
    ends = np.sort(key(matter[done], went[done]))
    before = np.searchsorted(ends, key(matter, came), side="right") - np.searchsorted(ends, key(matter, came - days * DAY))
    itself = done & (went <= came) & (went >= came - days * DAY)
    flags[chosen] = before > itself
    return flags


def _keyed(matter: Ints, came: Ints, went: Ints, before: int) -> Callable[[Ints, Ints], Ints]:
    """Return what makes one number of a matter and an instant, in the order of matters, then of instants."""
    least = min(int(came.min()), int(went.min()) if len(went) else NEVER_BEFORE) - before
    length = max(int(came.max()), int(went.max()) if len(went) else least) - least + 1
    if (int(matter[-1]) + 1) * length < 1 << 63:
        return lambda matters, instants: matters * length + (instants - least)
    instants = np.unique(np.concatenate((came, came - before, went)))
    return lambda matters, at: matters * len(instants) + np.searchsorted(instants, at)


def _repeated(matters: Ints) -> tuple[Ints, Ints]:
    """Return the places of orders whose matter is known and came more than once, by matter, and small numbers for those."""
    known = np.flatnonzero(matters != UNKNOWN)
    known = known[_perhaps_repeated(matters[known])]
    known = known[np.argsort(matters[known])]
    ordered = matters[known]
    same = np.zeros(len(known) + 1, np.bool_)
    same[1:-1] = ordered[1:] == ordered[:-1]
    again = same[1:] | same[:-1]
    first = ~same[:-1][again]
    return known[again], np.cumsum(first) - 1


def _perhaps_repeated(matters: Ints) -> Flags:
    """Return False for most matters that came only once, and True for all that came more often."""
    bucket = (matters & (BUCKETS - 1)).astype(np.int32)
    shared: Flags = (np.bincount(bucket) > 1)[bucket]
    return shared
