"""Periods of the calendar: local days and the weeks, months, quarters, halves and years they belong to."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from slaengine.errors import UsageError, nearest
from slaengine.projections.case_file import EPOCH, micros

Period = Literal["day", "week", "month", "quarter", "half_year", "year"]
PERIODS: tuple[str, ...] = get_args(Period)
MONTHS: dict[Period, int] = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


def as_period(word: str) -> Period:
    """Return `word` as the name of a period.

    Raises:
        UsageError: there is no such period.
    """
    if word not in PERIODS:
        raise UsageError(f"there is no period '{word}'{nearest(word, PERIODS)} (periods: {', '.join(PERIODS)})")
    return word  # type: ignore[return-value]


def local_day(instant: int, zone: ZoneInfo) -> int:
    """Return the date in `zone` at `instant` (µs UTC), as a proleptic ordinal (`date.toordinal`)."""
    return local(instant, zone).toordinal()


def local(instant: int, zone: ZoneInfo) -> datetime:
    """Return `instant` (µs UTC) on the clocks of `zone`."""
    return (EPOCH + timedelta(microseconds=instant)).astimezone(zone)


def label(day: int, period: Period) -> str:
    """Return the name of the period that the day (an ordinal) lies in.

    `2026-01-05`, `2026-W02` (ISO 8601 week, of the ISO year), `2026-01`, `2026-Q1`, `2026-H1`, `2026`; each kind sorts as text.
    """
    on = date.fromordinal(day)
    match period:
        case "day":
            return on.isoformat()
        case "week":
            year, week, _ = on.isocalendar()
            return f"{year:04}-W{week:02}"
        case "month":
            return f"{on.year:04}-{on.month:02}"
        case "quarter":
            return f"{on.year:04}-Q{(on.month + 2) // 3}"
        case "half_year":
            return f"{on.year:04}-H{(on.month + 5) // 6}"
        case "year":
            return f"{on.year:04}"


def bounds(day: int, period: Period) -> tuple[date, date]:
    """Return the first day of the period that `day` (an ordinal) lies in, and the first day after it."""
    on = date.fromordinal(day)
    match period:
        case "day":
            return on, on + timedelta(days=1)
        case "week":
            monday = on - timedelta(days=on.weekday())
            return monday, monday + timedelta(days=7)
        case _:
            months = MONTHS[period]
            first = (on.month - 1) // months * months
            return date(on.year, first + 1, 1), date(on.year + (first + months) // 12, (first + months) % 12 + 1, 1)


def midnight(day: date, zone: ZoneInfo) -> int:
    """Return the first instant of `day` in `zone`, µs UTC."""
    return micros(datetime.combine(day, time(), zone))


def first_day(period: str) -> date:
    """Return the first day of a period, by its name as `label` writes it."""
    year, _, part = period.partition("-")
    if not part:
        return date(int(year), 1, 1)
    if part[0] == "W":
        return date.fromisocalendar(int(year), int(part[1:]), 1)
    if part[0] in "QH":
        months = 3 if part[0] == "Q" else 6
        return date(int(year), (int(part[1:]) - 1) * months + 1, 1)
    return date.fromisoformat(period if len(part) > 2 else f"{period}-01")


def days_of(name: str) -> tuple[date, date]:
    """Return the first day of the period that is called `name`, as `label` writes it, and the first day after it.

    Raises:
        UsageError: no period is called that.
    """
    try:
        first = first_day(name)
    except ValueError:
        first = None
    for period in PERIODS:
        if first and label(first.toordinal(), as_period(period)) == name:
            return bounds(first.toordinal(), as_period(period))
    raise UsageError(f"no period is called '{name}'; write 2026, 2026-H1, 2026-Q1, 2026-01, 2026-W05 or 2026-01-31")
