"""Worked dates around changes of the clock: windows are wall-clock readings, lengths are real seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from slaengine.policies.calendar import BusinessCalendar

hours = timedelta(hours=1)


def calendar(tz, *windows, day="sun"):
    return BusinessCalendar.model_validate({"tz": tz, "weekly": {day: list(windows)}})


def local(tz, *fields):
    return datetime(*fields, tzinfo=ZoneInfo(tz))


@pytest.mark.parametrize(
    ("tz", "window", "day", "length"),
    [
        ("America/New_York", ["00:00", "24:00"], (2015, 3, 8), 23 * hours),
        ("America/New_York", ["00:00", "24:00"], (2015, 11, 1), 25 * hours),
        ("America/New_York", ["01:00", "02:00"], (2015, 11, 1), 2 * hours),
        ("America/New_York", ["02:00", "03:00"], (2015, 3, 8), 0 * hours),
        ("America/New_York", ["02:15", "03:15"], (2015, 3, 8), hours / 4),
        ("America/New_York", ["01:45", "02:30"], (2015, 3, 8), hours / 4),
        ("Australia/Lord_Howe", ["00:00", "24:00"], (2022, 10, 2), 23.5 * hours),
        ("Australia/Lord_Howe", ["01:30", "02:00"], (2022, 4, 3), hours),
        ("Pacific/Chatham", ["02:45", "03:45"], (2022, 9, 25), 0 * hours),
        ("America/Sao_Paulo", ["00:00", "24:00"], (2018, 11, 4), 23 * hours),
        ("America/Havana", ["00:00", "24:00"], (2022, 11, 6), 25 * hours),
        ("Africa/Casablanca", ["00:00", "24:00"], (2022, 3, 27), 25 * hours),
    ],
)
def test_a_sundays_window_lasts_its_real_length(tz, window, day, length):
    start = local(tz, *day) - 12 * hours
    assert calendar(tz, window).business_time(start, start + 60 * hours) == length


def test_a_window_that_ends_inside_the_repeated_hour_opens_twice():
    segments = list(
        calendar("America/New_York", ["00:30", "01:30"]).segments(local("UTC", 2015, 11, 1), local("UTC", 2015, 11, 2))
    )
    assert [(s.start.hour, s.start.minute, s.end.hour, s.end.minute) for s in segments] == [(4, 30, 5, 30), (6, 0, 6, 30)]


def test_the_end_of_a_date_is_the_moment_the_clock_leaves_it():
    always = BusinessCalendar.always("America/Sao_Paulo")  # 24:00 of 3 November 2018 is 01:00 of the fourth
    start = local("America/Sao_Paulo", 2018, 11, 2, 10)
    assert always.due_on(start, 1, rule="end_of_date") == datetime(2018, 11, 4, 3, tzinfo=UTC)
    assert always.due_on(start, 1, rule="end_of_day") == datetime(2018, 11, 4, 3, tzinfo=UTC)


def test_a_night_shift_keeps_its_wall_clock_end_across_a_change():
    nights = calendar("America/New_York", ["22:00", "06:00"], day="sat")
    start = local("America/New_York", 2015, 3, 7, 12)
    assert nights.due_on(start, 0) == local("America/New_York", 2015, 3, 8, 6)
    assert nights.business_time(start, start + 24 * hours) == 7 * hours


def test_a_holiday_leaves_the_morning_tail_of_the_night_before_open():
    nights = BusinessCalendar.model_validate(
        {"tz": "UTC", "weekly": {"mon": [["22:00", "06:00"]], "tue": [["22:00", "06:00"]]}, "holidays": ["2026-01-06"]},
    )
    monday = datetime(2026, 1, 5, tzinfo=UTC)
    assert nights.business_time(monday, monday + 72 * hours) == 8 * hours
    assert nights.is_open(monday + 29 * hours)


def test_windows_that_overlap_count_once():
    twice = calendar("UTC", ["09:00", "13:00"], ["12:00", "18:00"], ["10:00", "11:00"])
    sunday = datetime(2026, 1, 4, tzinfo=UTC)
    assert twice.business_time(sunday, sunday + 24 * hours) == 9 * hours
    assert len(list(twice.segments(sunday, sunday + 24 * hours))) == 1


def test_a_night_tail_that_overlaps_the_next_day_counts_once():
    both = BusinessCalendar.model_validate({"tz": "UTC", "weekly": {"sun": [["20:00", "08:00"]], "mon": [["06:00", "10:00"]]}})
    sunday = datetime(2026, 1, 4, tzinfo=UTC)
    assert both.business_time(sunday, sunday + 48 * hours) == 14 * hours


def test_an_instant_is_the_same_whatever_offset_it_is_written_with():
    office = calendar("Asia/Tokyo", ["09:00", "17:00"], day="mon")
    assert office.due_at(local("America/New_York", 2026, 1, 4, 20), hours) == office.due_at(local("UTC", 2026, 1, 5, 1), hours)


def test_the_first_reading_after_a_skipped_hour_is_the_moment_of_the_change():
    always = BusinessCalendar.always("America/New_York")
    assert always.wall_clock_days(local("America/New_York", 2015, 3, 7, 3), 1) == datetime(2015, 3, 8, 7, tzinfo=UTC)


def test_a_window_that_ends_where_the_hour_begins_to_repeat_closes_once():
    early = calendar("America/New_York", ["00:00", "01:00"])
    assert early.due_on(local("America/New_York", 2015, 10, 31, 12), 1) == datetime(2015, 11, 1, 5, tzinfo=UTC)
