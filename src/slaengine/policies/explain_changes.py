"""What changed for a clock while it ran: another rule, another edition, another start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from slaengine.policies.book import PolicyBook
from slaengine.policies.calendar_instants import as_datetime
from slaengine.policies.clock import judge
from slaengine.policies.explain_model import Change, ChangeKind, Standing
from slaengine.policies.moment import Moment
from slaengine.policies.rows import ClockRow

CAUSES: Final[dict[str, ChangeKind]] = {
    "classified": "reclassified",
    "dispatched": "reassigned",
    "reopened": "reopened",
}
"""The facts that can change a clock that has begun, and what such a change is called."""

Key = tuple[str, int]
"""A clock of an order: the target and the cycle."""
JudgedBy = tuple[int, str, str, int, str, int]
"""What a clock is judged by, to be compared."""


class Changes:
    """The changes of all clocks of one order, found by judging it before and after each fact that can make one."""

    def __init__(self, book: PolicyBook, moments: Sequence[Moment], settled: Sequence[Moment], as_of: int) -> None:
        """Judge the order where something may have changed.

        Args:
            book: what was promised, as far as it is known.
            moments: the order's facts, as far as they are known.
            settled: those by which it is judged.
            as_of: up to which instant (µs), inclusive.
        """
        self._by_clock: dict[Key, list[Change]] = {}
        for at, kind, fact in _occasions(book, settled, as_of):
            before = _standings(book, moments, at - 1)
            for key, after in _standings(book, moments, at).items():
                if key in before and before[key][0] != after[0]:
                    change = Change(kind=kind, at=as_datetime(at), fact=fact, before=before[key][1], after=after[1])
                    self._by_clock.setdefault(key, []).append(change)

    def of(self, row: ClockRow) -> tuple[Change, ...]:
        """Return the changes of one clock, in order."""
        return tuple(self._by_clock.get((row.target, row.cycle), ()))


def _occasions(book: PolicyBook, settled: Sequence[Moment], as_of: int) -> Iterator[tuple[int, ChangeKind, int | None]]:
    """Yield each instant (µs) at which a clock may change, with what does it; of facts at one instant, the last."""
    if not settled:
        return
    found: dict[int, tuple[ChangeKind, int | None]] = {
        edition.holds_from: ("policy_changed", None)
        for edition in book.editions
        if edition.repins and settled[0].occurred_at < edition.holds_from <= as_of
    }
    for moment in settled[1:]:
        if moment.name in CAUSES:
            found[moment.occurred_at] = CAUSES[moment.name], moment.version
    for at in sorted(found):
        yield at, *found[at]


def _standings(book: PolicyBook, moments: Sequence[Moment], at: int) -> dict[Key, tuple[JudgedBy, Standing]]:
    """Return, by clock, what it was judged by as of `at` (µs), and the same to be told."""
    return {(row.target, row.cycle): (_judged_by(row), _standing(row)) for row in judge(book, moments, as_of=at)}


def _judged_by(row: ClockRow) -> JudgedBy:
    return row.rule, row.limit_text, row.calendar, row.holds_from, row.edition, row.start


def _standing(row: ClockRow) -> Standing:
    return Standing(
        limit=row.limit_text,
        calendar=row.calendar,
        edition=row.edition,
        started_at=as_datetime(row.start),
        due_at=None if row.due is None else as_datetime(row.due),
    )
