"""Corners of calendars: what errors say word for word, where tables end, what a day or a list may be called."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from slaengine.errors import CalendarError, NoOpenTime
from slaengine.policies.calendar import BusinessCalendar
from slaengine.policies.calendar_instants import as_datetime, as_micros
from slaengine.policies.calendar_tables import build, searchable, zone_offsets

MON_FRI = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), [["09:00", "17:00"]])  # noqa: RUF024 - only read
OFFICE = BusinessCalendar.model_validate({"tz": "UTC", "weekly": MON_FRI})


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def said(call):
    with pytest.raises(CalendarError) as caught:
        call()
    return str(caught.value)


def test_all_that_is_wrong_with_a_definition_is_said_at_once():
    wrong = {"tz": "Mars/Base", "weekly": {"mon": [["9:00", "17:00"]]}, "holiday": []}
    assert said(lambda: BusinessCalendar.model_validate(wrong)) == (
        "calendar cannot be used: tz: 'Mars/Base' is not a time zone; write one as Area/City, such as Asia/Shanghai, or UTC; "
        "weekly.mon[0][0]: '9:00' is not a time of day; write HH:MM or HH:MM:SS; "
        "holiday: no such field; did you mean 'holidays'?"
    )


def test_a_plain_list_of_holidays_names_them_so():
    calendar = BusinessCalendar.model_validate({"tz": "UTC", "weekly": MON_FRI, "holidays": ["2026-01-05"]})
    assert calendar.holiday_names == {date(2026, 1, 5): "holiday"}
    assert calendar.reason_closed(utc("2026-01-05T10:00")) == "holiday"


def test_answers_outside_the_years_1_to_9999_are_refused_in_words():
    assert said(lambda: as_datetime(1 << 62)) == "the answer lies outside the years 1 to 9999"
    assert said(lambda: as_micros(datetime(2026, 1, 5))) == (  # noqa: DTZ001 - naive on purpose
        "datetime.datetime(2026, 1, 5, 0, 0) does not say in which time zone; give an aware datetime"
    )


def test_years_that_are_not_announced_are_refused_naming_the_day_that_was_asked():
    china = BusinessCalendar.model_validate({"tz": "Asia/Shanghai", "weekly": MON_FRI, "holidays": "china"})
    known = china.rules.last_day
    last = date(1970, 1, 1) + timedelta(days=known)
    after = datetime(last.year + 1, 6, 1, 4, tzinfo=UTC)
    assert said(lambda: china.is_open(after)).startswith(
        f"cannot say what is open on {after.date()}: its holidays are known from "
    )
    before = utc("1990-06-01T04:00")
    assert said(lambda: china.business_time(before, utc("2020-06-01T04:00"))).startswith(
        "cannot say what is open on 1990-06-01: "
    )
    assert said(lambda: china.business_time(utc("2020-06-01T04:00"), after)).startswith(
        f"cannot say what is open on {after.date()}: "
    )
    edge = datetime(last.year - 1, 12, 30, 4, tzinfo=UTC)
    assert said(lambda: china.due_on(edge, 300)) == (
        f"cannot look after that: its holidays are known from 2004-01-01 to {last - timedelta(days=1)} only; "
        "`unknown_years: weekly` would go on by the weekly rule alone"
    )
    assert said(lambda: china.due_on(utc("2004-01-05T04:00"), -30)).startswith("cannot look before that: its holidays")


def test_a_calendar_that_closes_for_good_says_when_it_was_last_open():
    rare = BusinessCalendar.model_validate({"tz": "UTC", "overrides": {"2026-01-05": [["09:00", "17:00"]]}})
    with pytest.raises(NoOpenTime, match="has no weekly window and does not open after 2026-01-05"):
        rare.due_at(utc("2026-01-05T12:00"), timedelta(hours=6))
    with pytest.raises(NoOpenTime, match="has no weekly window and does not open before 2026-01-05"):
        rare.due_at(utc("2026-01-05T12:00"), timedelta(hours=-6))
    assert rare.due_at(utc("2026-01-05T12:00"), timedelta(hours=5)) == utc("2026-01-05T17:00")
    assert rare.due_at(utc("2020-01-01T00:00"), timedelta(hours=8)) == utc("2026-01-05T17:00")
    with pytest.raises(NoOpenTime, match="the calendar never opens"):
        BusinessCalendar.model_validate({"tz": "UTC"}).due_at(utc("2026-01-05T12:00"), timedelta(hours=1))


@pytest.mark.parametrize("days", [0, 1, -1, 700, -700])
def test_working_days_are_found_however_far_the_tables_must_be_widened(days):
    fresh = BusinessCalendar.model_validate({"tz": "UTC", "weekly": MON_FRI, "overrides": {f"2019-01-0{1 + days % 7}": []}})
    start = utc("2026-01-05T12:00")
    due = fresh.due_on(start, days, rule="skip_closed_days_keep_local_time")
    weeks, rest = divmod(abs(days), 5)
    assert due == start + (1 if days >= 0 else -1) * timedelta(weeks=weeks, days=rest if days >= 0 else rest + 2 * (rest > 0))


def test_zero_days_by_a_rule_that_rolls_look_forward():
    only = BusinessCalendar.model_validate({"tz": "UTC", "overrides": {"2030-01-07": [["09:00", "17:00"]]}})
    assert only.due_on(utc("2026-01-05T12:00"), 0) == utc("2030-01-07T17:00")
    assert only.due_on(utc("2026-01-05T12:00"), 0, rule="roll_to_opening") == utc("2030-01-07T09:00")


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-01-05T08:00", "2026-01-06T08:00"),
        ("2026-01-05T16:59:59", "2026-01-06T16:59:59"),
        ("2026-01-05T17:00", "2026-01-07T09:00"),
        ("2026-01-10T10:00", "2026-01-13T10:00"),
        ("2026-01-10T20:00", "2026-01-14T09:00"),
        ("2026-01-09T18:00", "2026-01-13T09:00"),
    ],
)
def test_a_late_start_is_moved_to_the_next_opening_and_a_closed_day_is_left(start, due):
    assert OFFICE.due_on(utc(start), 1, rule="roll_late_start_then_same_local_time") == utc(due)


def test_seconds_in_a_time_of_day_count():
    calendar = BusinessCalendar.model_validate({"tz": "UTC", "weekly": {"mon": [["09:00:10", "09:00:30"]]}})
    assert calendar.business_time(utc("2026-01-05T00:00"), utc("2026-01-06T00:00")) == timedelta(seconds=20)


def test_tables_are_whole_microseconds_and_end_with_their_horizon():
    begins, ends, tables = build(OFFICE.rules, range(20_000, 20_010))
    assert {np.asarray(column).dtype for column in tables} == {np.dtype(np.int64)}
    assert (begins, ends) == (20_000 * 86_400_000_000, 20_010 * 86_400_000_000)
    assert (tables.shifts[0], tables.shifts[-1], len(tables.shifts)) == (begins, ends, 2)
    assert {type(number) for column in searchable(tables) for number in column} == {int}


def test_only_the_changes_of_a_zone_within_the_horizon_stand_in_its_tables():
    paris = BusinessCalendar.model_validate({"tz": "Europe/Paris", "weekly": MON_FRI})
    first = (date(2026, 3, 1) - date(1970, 1, 1)).days
    _, _, tables = build(paris.rules, range(first, first + 60))
    hour = 3_600_000_000
    assert list(tables.offsets) == [hour, 2 * hour, 2 * hour]
    assert tables.shifts[1] == as_micros(utc("2026-03-29T01:00"))


@pytest.mark.parametrize("zone", ["Europe/Paris", "Australia/Lord_Howe", "Pacific/Apia", "UTC"])
def test_a_zones_spells_begin_at_the_second_its_clock_is_changed(zone):
    from zoneinfo import ZoneInfo

    days = range((date(2009, 1, 1) - date(1970, 1, 1)).days, (date(2013, 1, 1) - date(1970, 1, 1)).days)
    spells = zone_offsets(zone, days)
    second = timedelta(seconds=1)
    for begins, ends, offset in zip(*(column.tolist() for column in spells), strict=True):
        for instant in (as_datetime(begins), as_datetime(ends) - second):
            assert instant.astimezone(ZoneInfo(zone)).utcoffset() == timedelta(microseconds=offset)
        assert as_datetime(begins) < as_datetime(ends)
    assert spells.begins[1:].tolist() == spells.ends[:-1].tolist()
    assert spells.begins[0] <= days.start * 86_400_000_000 < days.stop * 86_400_000_000 <= spells.ends[-1]


def test_arrays_of_other_shapes_and_signs_answer_as_single_questions_do():
    starts = np.array([[as_micros(utc("2026-01-05T10:00"))], [as_micros(utc("2026-01-09T16:00"))]])
    limits = np.array([[3_600_000_000, -7_200_000_000, 0]])
    for boundary in ("end", "next"):
        found = OFFICE.due_at_many(starts, limits, boundary=boundary)
        assert found.shape == (2, 3)
        assert found.tolist() == [
            [as_micros(OFFICE.due_at(as_datetime(s), timedelta(microseconds=n), boundary=boundary)) for n in limits[0].tolist()]
            for s in starts[:, 0].tolist()
        ]
    assert OFFICE.due_at_many(starts, 0).tolist() == starts.tolist()
    hours = 38 * 3_600_000_000
    assert OFFICE.business_time_many(starts[::-1], starts, reversed="negative").tolist() == [[-hours], [hours]]
    assert OFFICE.business_time_many(starts[::-1], starts).tolist() == [[0], [hours]]
    assert OFFICE.business_time_many([], []).tolist() == []
    assert OFFICE.due_at_many([], []).tolist() == []


@pytest.mark.parametrize("years", [30, -30, 300, -300])
def test_arrays_widen_the_tables_in_the_direction_they_run_out(years):
    fresh = BusinessCalendar.model_validate(
        {"tz": "UTC", "weekly": MON_FRI, "overrides": {f"20{30 + years // 30 % 40}-01-01": []}}
    )
    start, limit = utc("2026-01-05T10:00"), timedelta(hours=2_080 * years)
    found = fresh.due_at_many(np.array([as_micros(start)]), limit // timedelta(microseconds=1))
    assert found.tolist() == [as_micros(fresh.due_at(start, limit))]


def test_arrays_that_are_no_instants_or_lengths_are_refused_by_name():
    assert said(lambda: OFFICE.due_at_many([0.5], [1])) == "starts must be whole µs since the epoch, UTC, not float64"
    assert said(lambda: OFFICE.due_at_many([1], [0.5])) == "limits must be whole µs since the epoch, UTC, not float64"
    assert said(lambda: OFFICE.business_time_many([1], ["x"])) == "ends must be whole µs since the epoch, UTC, not <U1"
    assert (
        said(lambda: OFFICE.business_time_many([1, 2], [1, 2, 3])) == "2 and 3 values do not pair; give as many of either, or one"
    )


def test_summer_and_winter_come_in_the_next_century_too():
    paris = BusinessCalendar.model_validate({"tz": "Europe/Paris", "weekly": MON_FRI})
    assert paris.due_on(utc("2150-07-01T06:00"), 0) == utc("2150-07-01T15:00")
    assert paris.due_on(utc("2150-12-01T06:00"), 0) == utc("2150-12-01T16:00")
    assert paris.business_time(utc("2099-12-28T00:00"), utc("2100-07-05T00:00")) == timedelta(hours=8 * 135)


def test_a_definition_that_is_no_mapping_is_refused_in_words():
    assert said(lambda: BusinessCalendar.model_validate([1])).startswith("calendar cannot be used: the definition: ")
