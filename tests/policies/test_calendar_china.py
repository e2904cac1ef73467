"""The State Council's holidays and make-up working days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from slaengine.errors import CalendarError
from slaengine.policies.calendar import BusinessCalendar
from slaengine.policies.china import state_council_days

SHANGHAI = ZoneInfo("Asia/Shanghai")
WEEK = {day: [["08:30", "17:30"]] for day in ("mon", "tue", "wed", "thu", "fri")}


def office(**more):
    return BusinessCalendar.model_validate({"tz": "Asia/Shanghai", "weekly": WEEK, "holidays": "china", **more})


def at(*fields):
    return datetime(*fields, tzinfo=SHANGHAI)


def test_the_spring_festival_of_2026_closes_nine_days_and_opens_a_saturday_on_either_side():
    opens = [date(2026, 2, day).isoformat() for day in range(12, 29) if office().hours_of(date(2026, 2, day))]
    assert opens == [
        "2026-02-12",
        "2026-02-13",
        "2026-02-14",
        "2026-02-24",
        "2026-02-25",
        "2026-02-26",
        "2026-02-27",
        "2026-02-28",
    ]


def test_working_days_count_make_up_days_and_leave_out_days_in_lieu():
    received = at(2026, 2, 13, 10)
    assert office().due_on(received, 1) == at(2026, 2, 14, 17, 30)
    assert office().due_on(received, 2) == at(2026, 2, 24, 17, 30)
    assert office().due_on(received, 3, rule="end_of_date") == at(2026, 2, 26)


def test_a_make_up_day_takes_the_first_weekdays_hours_unless_told_or_open_anyway():
    makeup = date(2026, 2, 14)
    weekly = {**WEEK, "fri": [["08:30", "12:00"]]}
    assert office(weekly=weekly).hours_of(makeup).end == at(2026, 2, 14, 17, 30)
    assert office(weekly=weekly, makeup_hours_of="fri").hours_of(makeup).end == at(2026, 2, 14, 12)
    assert office(weekly={**weekly, "sat": [["10:00", "11:00"]]}).hours_of(makeup).end == at(2026, 2, 14, 11)


def test_an_override_outranks_holiday_and_make_up_day():
    calendar = office(overrides={"2026-02-14": [], "2026-02-17": [["10:00", "12:00"]]})
    assert calendar.hours_of(date(2026, 2, 14)) is None
    assert calendar.is_open(at(2026, 2, 17, 11))


def test_holidays_have_names_in_both_languages():
    assert office().reason_closed(at(2026, 2, 17, 10)) == "春节 Spring Festival"


@pytest.mark.parametrize("year", [2003, 2040])
def test_a_year_that_is_not_known_is_refused_saying_which_are(year):
    with pytest.raises(CalendarError, match=r"known from 2004-01-01 to 20\d\d-12-31 only; `unknown_years: weekly`"):
        office().business_time(at(year, 3, 1), at(year, 3, 9))


def test_a_due_date_never_slips_silently_into_a_year_that_is_not_known():
    last = state_council_days().known_until - timedelta(days=1)
    with pytest.raises(CalendarError, match="holidays are known"):
        office().due_on(at(last.year, last.month, last.day, 10), 3)
    with pytest.raises(CalendarError, match="holidays are known"):
        office().due_at(at(last.year, last.month, last.day, 10), timedelta(hours=30))


def test_unknown_years_follow_the_weekly_rule_when_that_is_declared():
    calendar = office(unknown_years="weekly")
    assert calendar.due_on(at(2040, 3, 1, 10), 1) == at(2040, 3, 2, 17, 30)
    assert calendar.hours_of(date(2026, 2, 17)) is None


def test_every_known_make_up_day_is_a_weekend_day_and_no_holiday():
    known = state_council_days()
    assert {day.weekday() for day in known.makeup_days} == {5, 6}
    assert not known.makeup_days.keys() & known.holidays.keys()


def test_the_last_day_that_is_known_has_its_hours_and_reasons():
    last = state_council_days().known_until - timedelta(days=1)
    assert office().hours_of(last).end == at(last.year, last.month, last.day, 17, 30)
    assert office().reason_closed(at(last.year, last.month, last.day, 20)) == "night"
    with pytest.raises(CalendarError, match="holidays are known"):
        office().hours_of(state_council_days().known_until)
