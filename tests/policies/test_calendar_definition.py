"""What a calendar accepts, and that what it refuses is refused by name."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest
from pydantic import ValidationError

from slaengine.errors import CalendarError, NoOpenTime, PolicyError
from slaengine.policies.calendar import BusinessCalendar

MONDAY = datetime(2026, 1, 5, tzinfo=UTC)
hour = timedelta(hours=1)
OFFICE = {"tz": "UTC", "weekly": {"mon": [["09:00", "17:00"]]}}


@pytest.mark.parametrize(
    ("definition", "field", "words"),
    [
        ({}, ("tz",), "tz: Field required"),
        ({"tz": "Mars/Base"}, ("tz",), "'Mars/Base' is not a time zone"),
        ({"tz": "../etc"}, ("tz",), "is not a time zone"),
        ({"tz": ""}, ("tz",), "is not a time zone"),
        ({"tz": "UTC", "weekly": {"mon": [["9:00", "17:00"]]}}, ("weekly", "mon", 0, 0), "'9:00' is not a time of day"),
        ({"tz": "UTC", "weekly": {"mon": [["09:00", "24:30"]]}}, ("weekly", "mon", 0, 1), "times run from 00:00 to 24:00"),
        ({"tz": "UTC", "weekly": {"mon": [["09:60", "17:00"]]}}, ("weekly", "mon", 0, 0), "times run from 00:00 to 24:00"),
        ({"tz": "UTC", "weekly": {"mon": [["24:00", "06:00"]]}}, ("weekly", "mon", 0), "24:00 can only close"),
        ({"tz": "UTC", "weekly": {"mon": [["09:00", 1080]]}}, ("weekly", "mon", 0, 1), "write it in quotes"),
        ({"tz": "UTC", "weekly": {"mon": [["09:00"]]}}, ("weekly", "mon", 0, 1), "weekly.mon[0][1]: Field required"),
        ({"tz": "UTC", "weekly": {"monday": []}}, ("weekly", "monday"), "'mon', 'tue'"),
        ({"tz": "UTC", "holidays": ["2026-02-30"]}, ("holidays", "2026-02-30"), "holidays.2026-02-30"),
        ({"tz": "UTC", "holidays": "germany"}, ("holidays",), "'germany' is no known list"),
        ({"tz": "UTC", "overrides": {"soon": []}}, ("overrides", "soon"), "overrides.soon"),
        ({"tz": "UTC", "hollidays": []}, ("hollidays",), "did you mean 'holidays'"),
    ],
)
def test_a_definition_is_refused_naming_the_field(definition, field, words):
    with pytest.raises(CalendarError) as refused:
        BusinessCalendar.model_validate(definition)
    assert refused.value.fields == (field,)
    assert words in str(refused.value)


def test_all_that_is_wrong_is_named_at_once():
    with pytest.raises(CalendarError) as refused:
        BusinessCalendar.model_validate({"tz": "X", "weekly": {"mon": [["9", "17:00"]]}, "day": 1})
    assert {field[0] for field in refused.value.fields} == {"tz", "weekly", "day"}


def test_the_constructor_refuses_in_the_same_way():
    with pytest.raises(PolicyError, match="tz"):
        BusinessCalendar(tz="X")


def test_a_calendar_cannot_be_changed():
    with pytest.raises(ValidationError):
        BusinessCalendar.always().tz = "Asia/Tokyo"


def test_times_and_dates_may_come_as_objects():
    written = BusinessCalendar.model_validate({**OFFICE, "holidays": ["2026-01-12"]})
    objects = BusinessCalendar.model_validate(
        {"tz": "UTC", "weekly": {"mon": [[time(9), time(17)]]}, "holidays": [date(2026, 1, 12)]},
    )
    assert hash(objects) == hash(written)
    assert objects.timetable is written.timetable


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: c.due_at(MONDAY, hour),
        lambda c: c.due_at(MONDAY, -hour),
        lambda c: c.due_at(MONDAY, timedelta(), boundary="next"),
        lambda c: c.due_on(MONDAY, 1),
        lambda c: c.next_daily(MONDAY, "17:00"),
        lambda c: c.due_at_many(np.array([0]), np.array([1])),
    ],
)
def test_a_calendar_that_never_opens_says_so_where_open_time_is_sought(ask):
    with pytest.raises(NoOpenTime, match="never opens"):
        ask(BusinessCalendar.model_validate({"tz": "UTC", "overrides": {"2026-01-05": []}}))


def test_a_calendar_that_never_opens_still_answers_what_it_can():
    never = BusinessCalendar.model_validate({"tz": "UTC"})
    assert never.business_time(MONDAY, MONDAY + hour) == timedelta()
    assert never.due_at(MONDAY, timedelta()) == MONDAY
    assert list(never.segments(MONDAY, MONDAY + hour)) == []


def test_a_single_opening_far_ahead_is_found_and_nothing_beyond_it():
    calendar = BusinessCalendar.model_validate({"tz": "UTC", "overrides": {"2190-01-05": [["22:00", "02:00"]]}})
    assert calendar.due_at(MONDAY, 4 * hour) == datetime(2190, 1, 6, 2, tzinfo=UTC)
    with pytest.raises(NoOpenTime, match="after 2190-01-05"):
        calendar.due_at(MONDAY, 4 * hour + timedelta(microseconds=1))
    with pytest.raises(NoOpenTime, match="before 2190-01-05"):
        calendar.due_at(MONDAY, -hour)


def test_a_limit_of_many_years_is_no_obstacle():
    office = BusinessCalendar.model_validate(OFFICE)
    assert office.due_at(MONDAY, 8 * hour * 52 * 150).year == 2175
    assert office.due_at(MONDAY, -8 * hour * 52 * 150).year == 1876


@pytest.mark.parametrize(
    "ask",
    [
        lambda c: c.due_at(datetime(9999, 12, 1, tzinfo=UTC), 1000 * hour),
        lambda c: c.due_at(datetime(1, 2, 1, tzinfo=UTC), -1000 * hour),
        lambda c: c.due_at(MONDAY, timedelta.max),
        lambda c: c.wall_clock_days(MONDAY, 10_000_000),
        lambda c: c.due_on(MONDAY, 10_000_000),
        lambda c: c.is_open(datetime.max.replace(tzinfo=UTC)),
    ],
)
def test_beyond_the_years_1_to_9999_there_is_a_clear_refusal(ask):
    with pytest.raises(CalendarError, match="years 1 to 9999"):
        ask(BusinessCalendar.model_validate(OFFICE))


@pytest.mark.parametrize(
    "ask",
    [
        lambda c, naive: c.due_at(naive, hour),
        lambda c, naive: c.business_time(naive, MONDAY),
        lambda c, naive: c.business_time(MONDAY, naive),
        lambda c, naive: c.due_on(naive, 1),
        lambda c, naive: c.is_open(naive),
        lambda c, naive: list(c.segments(naive, MONDAY)),
    ],
)
def test_a_naive_datetime_is_refused(ask):
    with pytest.raises(CalendarError, match="time zone"):
        ask(BusinessCalendar.always(), datetime(2026, 1, 5))  # noqa: DTZ001 - that is the point


def test_unknown_choices_are_refused():
    always = BusinessCalendar.always()
    with pytest.raises(CalendarError, match="'nxt' is neither 'end' nor 'next'"):
        always.due_at(MONDAY, hour, boundary="nxt")
    with pytest.raises(CalendarError, match="neither 'zero' nor 'negative'"):
        always.business_time(MONDAY + hour, MONDAY, reversed="minus")


def test_arrays_may_be_datetime64_and_broadcast():
    office = BusinessCalendar.model_validate(OFFICE)
    starts = np.array(["2026-01-05T10:00", "2026-01-05T16:00"], "datetime64[s]")
    assert office.due_at_many(starts, np.timedelta64(1, "h")).astype("datetime64[us]").astype(str).tolist() == [
        "2026-01-05T11:00:00.000000",
        "2026-01-05T17:00:00.000000",
    ]
    assert office.business_time_many([], []).tolist() == []


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        ([0.5], [1], "starts must be whole µs"),
        ([0, 1], [0, 1, 2], "do not pair"),
        (np.array(["NaT"], "datetime64[us]"), [1], "missing time"),
    ],
)
def test_arrays_that_are_none_of_instants_are_refused(starts, ends, words):
    with pytest.raises(CalendarError, match=words):
        BusinessCalendar.always().business_time_many(starts, ends)
