"""How far a calendar's tables reach, and how they are widened when a question goes beyond."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from slaengine.errors import CalendarError, NoOpenTime
from slaengine.policies import business
from slaengine.policies.business import BEYOND, DAY, Bounds, CalendarTables
from slaengine.policies.calendar_rules import FIRST_DAY, LAST_DAY, CalendarRules, date_of
from slaengine.policies.calendar_tables import bounds_of, build, searchable

_MARGIN_DAYS: Final = 400
"""How far tables reach around the instants asked about: most limits are days or weeks, so few searches run out."""


class Reach(NamedTuple):
    """Tables for a span of days: `tables` as lists, `arrays` the same as int64 arrays.

    The horizon `[begins, ends)`, µs UTC, runs from the first midnight of `days` to the last.
    """

    days: range
    begins: int
    ends: int
    tables: CalendarTables
    arrays: CalendarTables
    bounds: Bounds


class Timetable:
    """The tables of one set of rules, widened on demand.

    `reach` is replaced whole, so a thread that has taken it is not disturbed by another that widens.
    """

    __slots__ = ("__weakref__", "reach", "rules")

    def __init__(self, rules: CalendarRules) -> None:
        nothing = CalendarTables((), (), (), (), (), (), ())
        self.rules = rules
        self.reach = Reach(range(0), 1, 0, nothing, nothing, bounds_of(nothing))

    def cover(self, first: int, last: int) -> Reach:
        """Return tables whose horizon holds the instants `first` to `last`, widened by at least double when they must be.

        Raises:
            CalendarError: the rules are not known for all of that time.
        """
        reach = self.reach
        if reach.begins <= first and last < reach.ends:
            return reach
        start, stop = (reach.days.start, reach.days.stop) if reach.days else (first // DAY, last // DAY)
        if first < reach.begins or not reach.days:
            start = min(start - len(reach.days), first // DAY - _MARGIN_DAYS)
        if last >= reach.ends or not reach.days:
            stop = max(stop + len(reach.days), last // DAY + _MARGIN_DAYS)
        self._refuse_unknown(first, last, self.rules.first_day * DAY - DAY, self.rules.last_day * DAY + DAY)
        reach = self._widen(start, stop)
        self._refuse_unknown(first, last, reach.begins, reach.ends)
        return reach

    def further(self, *, forwards: bool) -> Reach:
        """Return tables of twice the span, widened in one direction, for a search that ran out of it.

        Raises:
            NoOpenTime: there is no open time further on.
            CalendarError: the rules are not known further on.
        """
        days, opening = self.reach.days, self.rules.opening_days()
        more = self.rules.open_weekly or (opening and (opening[-1] >= days.stop - 1 if forwards else opening[0] < days.start))
        if not more:
            raise NoOpenTime(_never(self.rules, forwards=forwards))
        if (days.stop >= self.rules.last_day) if forwards else (days.start <= self.rules.first_day):
            raise CalendarError(f"cannot look {'after' if forwards else 'before'} that: {_known(self.rules)}")
        span = len(days)
        return self._widen(days.start - (0 if forwards else span), days.stop + (span if forwards else 0))

    def open_between(self, start: int, end: int) -> int:
        """Return the open µs in `[start, end)`; negative when `end` comes first."""
        reach = self.reach
        if not (reach.begins <= start < reach.ends and reach.begins <= end < reach.ends):
            reach = self.cover(min(start, end), max(start, end))
        edges = reach.tables.edges
        return business.elapsed(start, end, edges, reach.tables.opened, 0, len(edges))

    def due_at(self, start: int, limit: int, *, later: bool = False) -> int:
        """Return the instant at which `limit` open µs have passed since `start`; see `business.due_at`.

        Raises:
            NoOpenTime: there is not so much open time.
            CalendarError: the rules are not known far enough.
        """
        reach = self.reach
        if not reach.begins <= start < reach.ends:
            reach = self.cover(start, start)
        while True:
            edges = reach.tables.edges
            due = business.due_at(start, limit, edges, reach.tables.opened, 0, len(edges), later)
            if due != BEYOND:
                return due
            self.refuse_endless(limit)
            reach = self.further(forwards=limit >= 0)

    def due_on(self, start: int, days: int, rule: int) -> int:
        """Return the instant at which `days` working days from `start` are over; see `business.due_on`.

        Raises:
            NoOpenTime: there are not so many working days.
            CalendarError: the rules are not known far enough.
        """
        reach = self.reach
        if not reach.begins <= start < reach.ends:
            reach = self.cover(start, start)
        while True:
            due = business.due_on(start, days, rule, reach.tables, reach.bounds)
            if due != BEYOND:
                return due
            self.refuse_endless(days * DAY)
            reach = self.further(forwards=days >= 0)

    def next_daily(self, start: int, time_of_day: int) -> int:
        """Return the first instant after `start` at which a working day's wall clock shows `time_of_day` µs.

        Raises:
            NoOpenTime: there is no working day further on.
            CalendarError: the rules are not known far enough.
        """
        reach = self.cover(start, start)
        while (due := business.next_daily(start, time_of_day, reach.tables, reach.bounds)) == BEYOND:
            reach = self.further(forwards=True)
        return due

    def wall_clock_days(self, start: int, days: int) -> int:
        """Return `start` moved by calendar days with the wall clock's time of day kept.

        Raises:
            CalendarError: the rules are not known far enough.
        """
        ends = start + days * DAY
        reach = self.cover(min(start, ends) - DAY, max(start, ends) + DAY)
        at = reach.bounds
        return business.wall_clock_days(start, days, reach.tables.shifts, reach.tables.offsets, at.shift_lo, at.shift_hi)

    def _refuse_unknown(self, first: int, last: int, begins: int, ends: int) -> None:
        if not (begins <= first and last < ends):
            asked = first if first < begins else last
            raise CalendarError(f"cannot say what is open on {_day(asked)}: {_known(self.rules)}")

    def refuse_endless(self, length: int) -> None:
        """Refuse at once a length of µs that no widening could answer.

        Raises:
            CalendarError: it is longer than the years 1 to 9999.
        """
        if abs(length) > (LAST_DAY - FIRST_DAY) * DAY:
            raise CalendarError(f"cannot look {abs(length) // DAY} days ahead or back: {_known(self.rules)}")

    def _widen(self, start: int, stop: int) -> Reach:
        days = range(max(start, self.rules.first_day), min(stop, self.rules.last_day))
        if not days:
            raise CalendarError(f"cannot say what is open then: {_known(self.rules)}")
        begins, ends, arrays = build(self.rules, days)
        self.reach = Reach(days, begins, ends, searchable(arrays), arrays, bounds_of(arrays))
        return self.reach


@lru_cache(maxsize=256)
def timetable(rules: CalendarRules) -> Timetable:
    """Return the timetable of these rules; calendars that are defined alike share it."""
    return Timetable(rules)


def _day(instant: int) -> str:
    return str(date_of(min(max(instant // DAY, FIRST_DAY), LAST_DAY)))


def _known(rules: CalendarRules) -> str:
    if (rules.first_day, rules.last_day) == (FIRST_DAY, LAST_DAY):
        return "a calendar speaks of the years 1 to 9999 only"
    first, last = date_of(rules.first_day), date_of(rules.last_day - 1)
    return f"its holidays are known from {first} to {last} only; `unknown_years: weekly` would go on by the weekly rule alone"


def _never(rules: CalendarRules, *, forwards: bool) -> str:
    if not rules.opening_days():
        return "the calendar never opens; give `weekly` a window, or use the calendar that is always open"
    edge = date_of(rules.opening_days()[-1 if forwards else 0])
    return f"the calendar has no weekly window and does not open {'after' if forwards else 'before'} {edge}"
