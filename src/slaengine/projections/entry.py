"""An entry of the read models: all that figures need of one order, judged from its case file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from slaengine.policies.book import PolicyBook
from slaengine.policies.clock import judge_many
from slaengine.policies.compile import compiled
from slaengine.policies.daily import deadlines
from slaengine.policies.rows import ClockRow
from slaengine.policies.settle import settled
from slaengine.projections.case_file import CaseFile
from slaengine.projections.columns import Ints
from slaengine.projections.coverage import Coverage
from slaengine.projections.order_view import OrderView, view_of
from slaengine.projections.parties import parties_of
from slaengine.projections.periods import local_day
from slaengine.projections.promises import holder_measured, revisit_targets
from slaengine.projections.recurrence import matter_of


@dataclass(frozen=True, slots=True)
class Entry:
    """One order, judged. Instants are µs UTC.

    `day` is the local date of receipt, an ordinal. `covered` names the targets laid on the order. `matter` is its
    place and type (`recurrence.matter_of`). `revisits_asked` counts the
    revisit clocks of its last resolution, `revisits_open` those not stopped by a revisit. `holds_from` is the last
    instant at which any of its facts occurred, as corrected, or the one it was judged for if that is later: asked for
    an earlier one, the order must be judged again; so it must for one after `valid_until` (None: never), or for what was known
    before `last_recorded_at`. What daily clocks do by themselves is not counted there: their cadence tells.
    `latest` is the longest, in µs, that any of its facts was recorded after it had occurred; 0 if none was. `held` says which
    parties held it, for how many µs in all, and since when one still does (None: it does not); empty where no KPI of the
    policy measures that.
    """

    case_file: CaseFile
    view: OrderView
    clocks: Sequence[ClockRow]
    day: int
    covered: tuple[str, ...]
    matter: int
    revisits_asked: int
    revisits_open: int
    holds_from: int
    last_recorded_at: int
    latest: int
    held: Sequence[tuple[str, int, int | None]]
    valid_until: int | None


class Judge:
    """Makes entries by one policy book."""

    def __init__(self, book: PolicyBook, *, fast: bool | None = None) -> None:
        """Judge by `book`; `fast` asks for the compiled kernel or forbids it, None leaves it to the number of facts."""
        self.book = book
        self.fast = fast
        self.zone = ZoneInfo(book.time_zone)
        self._coverage = Coverage(book)
        self._revisits = revisit_targets(book)
        self._holder = holder_measured(book)
        self._deadlines: dict[int, tuple[int, int, Ints]] = {}

    def deadlines(self, cadence: int, after: int, until: int) -> Ints:
        """Return the deadlines of a daily clock's cadence in `(after, until]`, ascending, µs UTC; some before and behind may be.

        Raises:
            CalendarError: its calendar is not known for that time.
        """
        first, last, known = self._deadlines.get(cadence, (after, after, np.empty(0, np.int64)))
        if after < first:
            first, last, known = after, after, known[:0]
        if last < until:
            more = deadlines(compiled(self.book), cadence, last, until)
            known = np.concatenate((known, np.array(more, np.int64)))
            self._deadlines[cadence] = first, until, known
        return known

    def entries(
        self, case_files: Sequence[CaseFile], *, as_of: int | None = None, known_at: int | None = None
    ) -> Iterator[Entry]:
        """Yield the entry of each case file that says, within the bounds, that the order was received.

        Args:
            case_files: the orders.
            as_of: as it was at this instant; None: with an open end, so that no clock is overdue yet.
            known_at: as it was known at this instant; None: by all that is known.

        Raises:
            CalendarError: a calendar does not know the time that a limit reaches into.
        """
        moments = [case_file.moments for case_file in case_files]
        rows = judge_many(self.book, moments, as_of=as_of, known_at=known_at, fast=self.fast)
        for case_file, clocks in zip(case_files, rows, strict=True):
            entry = self._entry(case_file, clocks, as_of, known_at)
            if entry is not None:
                yield entry

    def _entry(self, case_file: CaseFile, clocks: list[ClockRow], as_of: int | None, known_at: int | None) -> Entry | None:
        moments = settled(case_file.moments, as_of, known_at)
        if not moments:
            return None
        view = view_of(moments)
        asked, still_open = self._revisits_of(clocks, view.resolved_at)
        return Entry(
            case_file,
            view,
            clocks,
            local_day(view.received_at, self.zone),
            self._covered(view, clocks),
            matter_of(view.place, view.type),
            asked,
            still_open,
            max(moments[0].occurred_at, moments[-1].occurred_at, as_of or 0),
            max([moment.recorded_at for moment in case_file.moments]),
            max([0, *(moment.recorded_at - moment.occurred_at for moment in moments)]),
            parties_of(moments, self._holder, as_of) if self._holder else (),
            _earliest(clock.valid_until for clock in clocks),
        )

    def _covered(self, view: OrderView, clocks: Sequence[ClockRow]) -> tuple[str, ...]:
        """Return the targets that cover the order: by its profile, or by having had a clock on it."""
        covered = self._coverage.of(view)
        if all(clock.target in covered for clock in clocks):
            return covered
        return tuple(dict.fromkeys([*covered, *(clock.target for clock in clocks)]))

    def _revisits_of(self, clocks: Iterable[ClockRow], resolved_at: int | None) -> tuple[int, int]:
        """Count the revisit clocks that the standing resolution started, and those of them that no revisit has stopped."""
        if resolved_at is None:
            return 0, 0
        revisits = [clock for clock in clocks if clock.target in self._revisits and clock.verdict != "cancelled"]
        asked = [clock for clock in revisits if clock.start >= resolved_at]
        return len(asked), sum(clock.stop is None for clock in asked)


@lru_cache(maxsize=64)
def judge_of(book: PolicyBook, *, fast: bool | None = None) -> Judge:
    """Return the judge of a book; the same one each time, since it remembers which targets cover which orders."""
    return Judge(book, fast=fast)


def _earliest(instants: Iterable[int | None]) -> int | None:
    return min((instant for instant in instants if instant is not None), default=None)
