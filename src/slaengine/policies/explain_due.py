"""How a due time follows from the start, by the form of the limit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from slaengine.policies.calendar import WEEKDAYS, BusinessCalendar
from slaengine.policies.calendar_instants import as_datetime
from slaengine.policies.explain_model import DayCounted, Derivation
from slaengine.policies.limits import DAY, Limit
from slaengine.policies.policy import Target
from slaengine.policies.rows import ClockRow

ROLLING = frozenset({"roll_start_forward_then_same_local_time", "roll_to_opening", "roll_late_start_then_same_local_time"})
"""The day rules that move a start outside hours before they count from it."""
FROM_WORKING_DAY = "skip_non_working_keep_local_time"
"""The day rule that leaves a closed day before it counts."""
Received = Mapping[str, Any]
"""The fields of an order's first fact."""
ONE_DAY = timedelta(days=1)


def derivation_of(row: ClockRow, target: Target, calendar: BusinessCalendar, received: Received) -> Derivation:
    """Return how the clock's due time came about.

    Args:
        row: the clock as judged.
        target: what was promised; the row's limit is one of its limits.
        calendar: the target's.
        received: the fields of the order's first fact, corrections in them; it says which due times were given.
    """
    limit = next(limit for _, limit in target.limits() if limit.text == row.limit_text)
    start = as_datetime(row.start)
    due = _first_due(limit, start, target, calendar, received)
    counts_days = limit.kind == "working_days"
    begins = calendar.due_on(start, 0, target.day_rule) if counts_days and target.day_rule in ROLLING else start
    return Derivation(
        form=limit.kind,
        limit=limit.text,
        amount=limit.amount if counts_days or limit.kind == "calendar_days" else None,
        from_at=begins,
        first_due_at=due,
        moved_s=None if row.due is None else calendar.business_time(due, as_datetime(row.due)).total_seconds(),
        day_rule=target.day_rule if counts_days else None,
        days=tuple(_days_of(start, begins, limit.amount, target, calendar)) if counts_days else (),
        given_name=limit.name if limit.kind == "given" else None,
        leaves_first_day=limit.kind == "by" and limit.first == "next_day",
        boundary=target.boundary,
    )


def _first_due(
    limit: Limit, start: datetime, target: Target, calendar: BusinessCalendar, received: Mapping[str, Any]
) -> datetime:
    match limit.kind:
        case "working_days":
            return calendar.due_on(start, limit.amount, target.day_rule)
        case "calendar_days":
            return calendar.wall_clock_days(start, limit.amount)
        case "given":
            return datetime.fromisoformat(received["given_due"][limit.name])
        case "by":
            return _first_deadline(limit, start, calendar)
        case _:
            return calendar.due_at(start, timedelta(microseconds=limit.amount), target.boundary)


def _first_deadline(limit: Limit, start: datetime, calendar: BusinessCalendar) -> datetime:
    shown = _time_of_day(limit.amount)
    due = calendar.next_daily(start, shown)
    if limit.first == "next_day":
        zone = ZoneInfo(calendar.tz)
        last_moment = due - timedelta(microseconds=1)
        if start.astimezone(zone).date() == last_moment.astimezone(zone).date():
            return calendar.next_daily(due, shown)
    return due


def _time_of_day(amount: int) -> str:
    if amount == DAY:
        return "24:00"
    minutes, micros = divmod(amount, 60_000_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{micros // 1_000_000:02}"


def _days_of(start: datetime, begins: datetime, amount: int, target: Target, calendar: BusinessCalendar) -> Iterator[DayCounted]:
    zone = ZoneInfo(calendar.tz)
    first, begun = start.astimezone(zone).date(), begins.astimezone(zone).date()
    if amount == 0 or target.day_rule == FROM_WORKING_DAY:
        while calendar.hours_of(begun) is None:
            begun += ONE_DAY
    return _days(first, begun, amount, calendar)


def _days(first: date, begun: date, amount: int, calendar: BusinessCalendar) -> Iterator[DayCounted]:
    """Yield every date from `first` to that of the last day counted; `begun`, on which counting begins, is day 0."""
    day, number = first, 0
    while day <= begun or number < amount:
        works = calendar.hours_of(day) is not None
        number += works and day > begun
        yield DayCounted(
            date=day,
            number=number if works and day >= begun else None,
            reason=None if works else _why_closed(day, calendar),
            make_up=works and not calendar.weekly.get(WEEKDAYS[day.weekday()]) and day not in calendar.overrides,
        )
        day += ONE_DAY


def _why_closed(day: date, calendar: BusinessCalendar) -> str:
    if day in calendar.overrides:
        return "special hours"
    return calendar.holiday_names.get(day, "weekend")
