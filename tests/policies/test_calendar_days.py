"""Worked dates: what each day rule answers, and what zero, negative and closed days mean under it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from slaengine.errors import CalendarError, NoOpenTime
from slaengine.policies.business import DAY_RULES
from slaengine.policies.calendar import BusinessCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")
OFFICE = BusinessCalendar.model_validate(
    {
        "tz": "Asia/Shanghai",
        "weekly": {day: [["09:00", "12:00"], ["13:30", "18:00"]] for day in ("mon", "tue", "wed", "thu")}
        | {"fri": [["09:00", "16:00"]]},
        "holidays": {"2026-01-01": "元旦"},
        "overrides": {"2026-01-04": [["10:00", "17:00"]], "2026-01-09": []},
    },
)
# Wed 7 Jan, Thu 8 Jan, Fri 9 Jan (closed by an override), Sat, Sun, Mon 12 Jan; Sun 4 Jan is worked.


def at(day, hour=0, minute=0, tz=SHANGHAI):
    return datetime(2026, 1, day, hour, minute, tzinfo=tz)


@pytest.mark.parametrize(
    ("rule", "start", "days", "due"),
    [
        ("end_of_day", at(7, 10), 1, at(8, 18)),
        ("end_of_day", at(7, 10), 2, at(12, 18)),
        ("end_of_day", at(7, 10), 0, at(7, 18)),
        ("end_of_day", at(9, 10), 0, at(12, 18)),
        ("end_of_day", at(10, 10), 1, at(12, 18)),
        ("end_of_day", at(3, 10), 1, at(4, 17)),
        ("end_of_day", at(12, 10), -1, at(8, 18)),
        ("end_of_date", at(7, 10), 2, at(13)),
        ("same_local_time_then_roll_forward", at(7, 10), 2, at(12, 10)),
        ("same_local_time_then_roll_forward", at(7, 12, 30), 2, at(12, 13, 30)),
        ("same_local_time_then_roll_forward", at(7, 19), 1, at(12, 9)),
        ("same_local_time_then_roll_forward", at(9, 10), 0, at(12, 9)),
        ("roll_start_forward_then_same_local_time", at(7, 8), 1, at(8, 9)),
        ("roll_start_forward_then_same_local_time", at(7, 18), 1, at(12, 9)),
        ("roll_start_forward_then_same_local_time", at(10, 10), 1, at(13, 9)),
        ("roll_to_opening", at(7, 8), 0, at(7, 9)),
        ("skip_non_working_keep_local_time", at(10, 10), 1, at(13, 10)),
        ("skip_non_working_keep_local_time", at(10, 10), -1, at(7, 10)),
        ("skip_non_working_keep_local_time", at(10, 10), 0, at(10, 10)),
        ("skip_closed_days_keep_local_time", at(10, 10), 1, at(12, 10)),
        ("skip_closed_days_keep_local_time", at(10, 23), -1, at(8, 23)),
        ("roll_late_start_then_same_local_time", at(7, 3), 1, at(8, 3)),
        ("roll_late_start_then_same_local_time", at(7, 18), 1, at(12, 9)),
        ("roll_late_start_then_same_local_time", at(10, 10), 1, at(13, 10)),
        ("roll_late_start_then_same_local_time", at(10, 22), 1, at(14, 9)),
        ("roll_late_start_then_same_local_time", at(10, 22), 0, at(13, 9)),
    ],
)
def test_a_day_rule_answers_as_documented(rule, start, days, due):
    assert OFFICE.due_on(start, days, rule=rule) == due


def test_every_rule_has_a_name_that_the_calendar_accepts():
    for rule in DAY_RULES:
        assert OFFICE.due_on(at(7, 10), 1, rule=rule).tzinfo is not None


def test_an_unknown_rule_is_refused_with_the_nearest_one():
    with pytest.raises(CalendarError, match="did you mean 'end_of_day'"):
        OFFICE.due_on(at(7), 1, rule="end_of_days")


def test_wall_clock_days_keep_the_time_of_day_across_a_change_of_offset():
    calendar = BusinessCalendar.always("America/New_York")
    start = datetime(2015, 3, 7, 10, tzinfo=NEW_YORK)
    assert calendar.wall_clock_days(start, 1) == datetime(2015, 3, 8, 10, tzinfo=NEW_YORK)
    assert calendar.wall_clock_days(start, 1) - start == timedelta(hours=23)


def test_a_time_of_day_that_is_skipped_falls_as_long_after_the_change_as_it_says():
    start = datetime(2015, 3, 7, 2, 30, tzinfo=NEW_YORK)
    assert BusinessCalendar.always("America/New_York").wall_clock_days(start, 1) == datetime(2015, 3, 8, 3, 30, tzinfo=NEW_YORK)


def test_a_time_of_day_that_comes_twice_means_its_first_coming():
    start = datetime(2015, 10, 31, 1, 30, tzinfo=NEW_YORK)
    assert BusinessCalendar.always("America/New_York").wall_clock_days(start, 1) == datetime(2015, 11, 1, 5, 30, tzinfo=UTC)


def test_no_days_leave_the_second_coming_of_an_hour_where_it_is():
    start = datetime(2015, 11, 1, 1, 30, tzinfo=NEW_YORK, fold=1).astimezone(UTC)
    calendar = BusinessCalendar.always("America/New_York")
    assert calendar.wall_clock_days(start, 0) == start
    assert calendar.due_on(start, 0, rule="skip_closed_days_keep_local_time") == start


@pytest.mark.parametrize(
    ("start", "due"),
    [
        (at(7, 10), at(7, 17)),
        (at(7, 17), at(8, 17)),
        (at(8, 17), at(12, 17)),
        (at(10, 10), at(12, 17)),
        (at(4, 16, 59), at(4, 17)),
    ],
)
def test_the_next_daily_deadline_is_that_of_the_next_working_day(start, due):
    assert OFFICE.next_daily(start, "17:00") == due


def test_a_daily_deadline_at_no_time_of_day_is_refused():
    with pytest.raises(CalendarError, match="5pm"):
        OFFICE.next_daily(at(7), "5pm")


def test_working_days_between_leave_out_the_first_and_count_the_last():
    assert OFFICE.working_days_between(date(2026, 1, 7), date(2026, 1, 12)) == 2
    assert OFFICE.working_days_between(date(2026, 1, 12), date(2026, 1, 7)) == 0


def test_the_hours_of_a_day_run_from_its_first_opening_to_its_last_closing():
    hours = OFFICE.hours_of(date(2026, 1, 7))
    assert (hours.start, hours.end) == (at(7, 9), at(7, 18))
    assert OFFICE.hours_of(date(2026, 1, 9)) is None


@pytest.mark.parametrize(
    ("instant", "reason"),
    [
        (at(7, 10), None),
        (at(7, 12), "night"),
        (at(7, 18), "night"),
        (at(10, 10), "weekend"),
        (at(1, 10), "元旦"),
        (at(9, 10), "special hours"),
        (at(4, 9), "special hours"),
    ],
)
def test_closed_time_has_a_reason(instant, reason):
    assert OFFICE.reason_closed(instant) == reason


def test_working_days_run_out_with_the_last_day_that_opens():
    calendar = BusinessCalendar.model_validate({"tz": "UTC", "overrides": {"2026-01-05": [["09:00", "17:00"]]}})
    assert calendar.due_on(at(3), 1) == datetime(2026, 1, 5, 17, tzinfo=UTC)
    with pytest.raises(NoOpenTime, match="after 2026-01-05"):
        calendar.due_on(at(3), 2)
    with pytest.raises(NoOpenTime, match="before 2026-01-05"):
        calendar.due_on(at(3), -1)


def test_a_date_that_never_was_is_no_working_day():
    calendar = BusinessCalendar.always("Pacific/Apia")
    assert calendar.working_days_between(date(2011, 12, 28), date(2011, 12, 31)) == 2
    assert calendar.hours_of(date(2011, 12, 30)) is None
