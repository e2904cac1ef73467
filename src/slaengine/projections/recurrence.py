"""Recurrence: the same type of matter at the same place, soon after it was resolved there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from slaengine.projections.columns import NEVER, Flags, Ints, Words

DAY = 86_400 * 1_000_000
RECURRENCE_DAYS = 30
"""A matter that comes back within so many times 24 hours after it was resolved is taken for the same trouble."""


def recurred(matters: Words, received: Ints, resolved: Ints, days: int = RECURRENCE_DAYS) -> Flags:
    """Return for each order whether another one with the same matter was resolved in the `days` before it was received.

    `matters` is place and type in one word; None where either is not known: such an order neither recurs nor is recurred to.
    `received`, `resolved` are µs UTC; `resolved` is `NEVER` for orders not resolved. Both ends of the window count.
    """
    flags = np.zeros(len(received), np.bool_)
    known = np.array([word is not None for word in matters.words], np.bool_)[matters.codes] if len(received) else flags
    chosen = np.flatnonzero(known)
    if not len(chosen):
        return flags
    matter, came, went = matters.codes[chosen], received[chosen], resolved[chosen]
    done = went != NEVER
    instants = np.unique(np.concatenate([came, went[done]]))
    base = len(instants) + 1

    def place(codes: Ints, ranks: Ints) -> Ints:
        return codes * base + ranks

    ends = np.sort(place(matter[done], np.searchsorted(instants, went[done])))
    since = place(matter, np.searchsorted(instants, came - days * DAY))
    until = place(matter, np.searchsorted(instants, came, side="right"))
    before = np.searchsorted(ends, until) - np.searchsorted(ends, since)
    itself = done & (went <= came) & (went >= came - days * DAY)
    flags[chosen] = before > itself
    return flags


def matters_of(places: Sequence[str | None], types: Sequence[str | None]) -> Words:
    """Return place and type of each order in one word; None where either is not known."""
    pairs = zip(places, types, strict=True)
    return Words.of([f"{place}\x1e{kind}" if place and kind else None for place, kind in pairs])
