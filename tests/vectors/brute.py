"""An independent answer to every calendar case: reads the wall clock minute by minute and counts. Slow on purpose.

It shares no line with the package and knows no tables: an instant is open when the wall clock's reading lies in a
window. Calendars with seconds in their windows are walked second by second.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class BruteCalendar:
    def __init__(self, calendar: dict[str, Any]) -> None:
        self.zone = ZoneInfo(calendar["tz"])
        self.weekly = calendar.get("weekly", {})
        self.holidays = set(calendar.get("holidays", ()))
        self.overrides = calendar.get("overrides", {})
        written = [reading for hours in (*self.weekly.values(), *self.overrides.values()) for pair in hours for reading in pair]
        self.step = timedelta(seconds=1) if any(len(r) == 8 and r[6:] != "00" for r in written) else timedelta(minutes=1)
        self.opens_weekly = any(self.weekly.values())
        self.opening_dates = sorted(date.fromisoformat(day) for day, hours in self.overrides.items() if hours)
        self.spans = lru_cache(maxsize=None)(self._spans)

    def _spans(self, day: date) -> list[tuple[timedelta, timedelta]]:
        if day.isoformat() in self.overrides:
            hours = self.overrides[day.isoformat()]
        elif day.isoformat() in self.holidays:
            hours = []
        else:
            hours = self.weekly.get(WEEKDAYS[day.weekday()], [])
        spans = []
        for opens, closes in hours:
            begins, ends = _reading(opens), _reading(closes)
            spans.append((begins, ends if ends > begins else ends + timedelta(days=1)))
        return spans

    def is_open(self, instant: datetime) -> bool:
        shown = instant.astimezone(self.zone).replace(tzinfo=None)
        today = shown - datetime.combine(shown.date(), time())
        yesterday = shown.date() - timedelta(days=1)
        return any(o <= today < c for o, c in self.spans(shown.date())) or any(
            today + timedelta(days=1) < c for _, c in self.spans(yesterday)
        )

    def elapsed(self, start: datetime, end: datetime) -> timedelta:
        """Count forwards; minus the same when the end comes first."""
        if end < start:
            return -self.elapsed(end, start)
        total = timedelta()
        while start < end:
            until = min(self._after(start), end)
            total += (until - start) * self.is_open(start)
            start = until
        return total

    def add(self, start: datetime, length: timedelta, boundary: str) -> datetime | None:
        """Return None for never."""
        if length < timedelta():
            return self._back(start, -length, boundary)
        at, left = start, length
        while left:
            until = self._after(at)
            if self.is_open(at):
                until = min(until, at + left)
                left -= until - at
            at = until
            if self.never_opens(at, forwards=True):
                return None
        return self.roll(at) if boundary == "next" else at

    def _back(self, start: datetime, left: timedelta, boundary: str) -> datetime | None:
        at = start
        while left:
            until = self._before(at)
            if self.is_open(until):
                until = max(until, at - left)
                left -= at - until
            at = until
            if self.never_opens(at, forwards=False):
                return None
        while boundary == "next" and not self.is_open(self._before(at)):
            at = self._before(at)
            if self.never_opens(at, forwards=False):
                return None
        return at

    def roll(self, at: datetime) -> datetime | None:
        while not self.is_open(at):
            if self.never_opens(at, forwards=True):
                return None
            at = self._after(at)
        return at

    def never_opens(self, at: datetime, *, forwards: bool) -> bool:
        """Tell whether no window opens from the day before `at` on (back from the day after it)."""
        if self.opens_weekly:
            return False
        day = at.astimezone(self.zone).date() + timedelta(days=-1 if forwards else 1)
        return not any(opening >= day if forwards else opening <= day for opening in self.opening_dates)

    def works(self, day: date) -> bool:
        return bool(self.spans(day))

    def to_working(self, day: date, step: int) -> date:
        """Return `day` if it works, else the next day in that direction that does.

        Raises:
            LookupError: there is none.
        """
        while not self.works(day):
            day += timedelta(days=step)
            if not self.opens_weekly and not any(o >= day if step > 0 else o <= day for o in self.opening_dates):
                raise LookupError
        return day

    def count(self, day: date, days: int) -> date:
        """Return the nth working day after `day`, or before it."""
        step = 1 if days > 0 else -1
        for _ in range(abs(days)):
            day = self.to_working(day + timedelta(days=step), step)
        return day

    def add_days(self, start: datetime, days: int, rule: str, *, end_of_day: bool) -> datetime | None:
        """Return None for never."""
        try:
            return self._add_days(start, days, rule, end_of_day=end_of_day)
        except LookupError:
            return None

    def _add_days(self, start: datetime, days: int, rule: str, *, end_of_day: bool) -> datetime | None:
        if rule == "roll_start_forward_then_same_local_time":
            rolled = self.roll(start)
            if rolled is None:
                return None
            start = rolled
        shown = start.astimezone(self.zone)
        day = shown.date()
        if rule == "skip_non_working_keep_local_time" and days:
            day = self.to_working(day, 1 if days > 0 else -1)
        day = self.count(day, days)
        if end_of_day:
            day = self.to_working(day, 1)
            return self.at(day, max(closes for _, closes in self.spans(day)))
        due = start if day == shown.date() else self.at(day, shown.replace(tzinfo=None) - datetime.combine(shown.date(), time()))
        return self.roll(due) if rule == "same_local_time_then_roll_forward" else due

    def at(self, day: date, reading: timedelta) -> datetime:
        return (datetime.combine(day, time()) + reading).replace(tzinfo=self.zone).astimezone(UTC)

    def _after(self, at: datetime) -> datetime:
        return at + self.step - (at - datetime(1970, 1, 1, tzinfo=UTC)) % self.step

    def _before(self, at: datetime) -> datetime:
        return at - ((at - datetime(1970, 1, 1, tzinfo=UTC)) % self.step or self.step)


def _reading(text: str) -> timedelta:
    hours, minutes, *seconds = (int(part) for part in text.split(":"))
    return timedelta(hours=hours, minutes=minutes, seconds=seconds[0] if seconds else 0)
