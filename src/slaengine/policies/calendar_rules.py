"""A calendar's definition, resolved to plain numbers: which windows open on which day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from slaengine.policies.business import DAY

Window = tuple[int, int]
"""Opening and closing reading, µs after the midnight of the day on which it opens; past `DAY` when it crosses midnight."""

_EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
FIRST_DAY: Final = date(1, 1, 4).toordinal() - _EPOCH_ORDINAL
LAST_DAY: Final = date(9999, 12, 29).toordinal() - _EPOCH_ORDINAL
"""The days that any calendar can speak about, half-open: those whose neighbours exist in every zone as datetimes."""


def day_number(day: date) -> int:
    """Return the days from 1970-01-01 to `day`."""
    return day.toordinal() - _EPOCH_ORDINAL


def date_of(day: int) -> date:
    """Return the date that is `day` days after 1970-01-01."""
    return date.fromordinal(day + _EPOCH_ORDINAL)


@dataclass(frozen=True, slots=True)
class CalendarRules:
    """What decides a calendar's open time; equal rules share their tables.

    `weekly` has the windows of Monday to Sunday, `special` those of single days in order of day: holidays (none),
    overrides and make-up days. The rules hold for the days `[first_day, last_day)`.
    """

    zone: str
    weekly: tuple[tuple[Window, ...], ...]
    special: tuple[tuple[int, tuple[Window, ...]], ...]
    first_day: int = FIRST_DAY
    last_day: int = LAST_DAY

    @property
    def open_weekly(self) -> bool:
        """Whether any weekday opens, so that open time never ends."""
        return any(self.weekly)

    def opening_days(self) -> range:
        """Return the span from the first to the last special day that opens; empty when none does."""
        days = [day for day, windows in self.special if windows]
        return range(days[0], days[-1] + 1) if days else range(0)


def window(opens: str, closes: str) -> Window:
    """Return the window between two checked times of day; one that does not close later the same day crosses midnight."""
    begins, ends = time_of_day(opens), time_of_day(closes)
    return (begins, ends if ends > begins else ends + DAY)


def time_of_day(text: str) -> int:
    """Return the µs after midnight that `HH:MM` or `HH:MM:SS` names; `24:00` is the end of the day.

    Raises:
        ValueError: it names none.
    """
    parts = text.split(":")
    if len(parts) not in (2, 3) or not all(len(part) == 2 and part.isascii() and part.isdigit() for part in parts):
        raise ValueError(f"'{text}' is not a time of day; write HH:MM or HH:MM:SS")
    hours, minutes, seconds = int(parts[0]), int(parts[1]), int(parts[2]) if len(parts) == 3 else 0
    total = (hours * 60 + minutes) * 60 + seconds
    if minutes > 59 or seconds > 59 or total > 86_400:
        raise ValueError(f"'{text}' is not a time of day; times run from 00:00 to 24:00")
    return total * 1_000_000
