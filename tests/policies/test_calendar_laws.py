"""Laws that hold for every calendar, and agreement with a count minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.policies.calendars import ZONES, definitions, instants, limits
from tests.vectors.brute import BruteCalendar

from slaengine.policies.calendar import BusinessCalendar
from slaengine.policies.calendar_instants import as_micros, as_timedelta

RULES = (
    "same_local_time_then_roll_forward",
    "roll_start_forward_then_same_local_time",
    "skip_non_working_keep_local_time",
    "skip_closed_days_keep_local_time",
)
zero = timedelta()


def calendar_of(definition):
    return BusinessCalendar.model_validate(definition)


def often_enough(definition):
    """Tell whether the calendar surely opens within any week, so that counting by the minute comes to an end soon."""
    return len(definition["weekly"]) > 4


@given(definitions, instants, limits)
def test_due_at_inverts_business_time(definition, start, limit):
    calendar = calendar_of(definition)
    for boundary in ("end", "next"):
        assert calendar.business_time(start, calendar.due_at(start, limit, boundary=boundary)) == limit


@given(definitions, instants, limits)
def test_due_at_backwards_inverts_business_time(definition, end, limit):
    calendar = calendar_of(definition)
    for boundary in ("end", "next"):
        assert calendar.business_time(calendar.due_at(end, -limit, boundary=boundary), end) == limit


@given(definitions, instants, limits)
def test_no_instant_before_the_due_one_has_the_limit_passed(definition, start, limit):
    calendar = calendar_of(definition)
    due = calendar.due_at(start, limit)
    assert calendar.business_time(start, due - timedelta(microseconds=1)) < limit
    later = calendar.due_at(start, limit, boundary="next")
    assert calendar.is_open(later)
    assert calendar.business_time(due, later) == zero


@given(definitions, instants, instants, instants)
def test_adjacent_spans_add_up(definition, first, second, third):
    calendar = calendar_of(definition)

    def span(start, end):
        return calendar.business_time(start, end, reversed="negative")

    assert span(first, second) + span(second, third) == span(first, third)


@given(definitions, instants, instants)
def test_the_segments_add_up_to_the_business_time_and_are_open(definition, start, end):
    calendar = calendar_of(definition)
    segments = list(calendar.segments(start, end))
    assert sum((s.end - s.start for s in segments), zero) == calendar.business_time(start, end)
    for before, after in pairwise(segments):
        assert before.end < after.start
    assert all(calendar.is_open(s.start) for s in segments)
    assert not any(calendar.is_open(s.end) for s in segments if s.end != end)


@given(definitions, instants, limits, limits)
def test_a_longer_limit_is_never_due_earlier(definition, start, one, other):
    calendar = calendar_of(definition)
    shorter, longer = sorted((one, other))
    for boundary in ("end", "next"):
        assert calendar.due_at(start, shorter, boundary=boundary) <= calendar.due_at(start, longer, boundary=boundary)


@given(definitions, instants, st.integers(1, 40), st.integers(1, 40))
def test_more_working_days_are_never_due_earlier(definition, start, one, other):
    calendar = calendar_of(definition)
    fewer, more = sorted((one, other))
    for rule in (*RULES, "end_of_date", "roll_late_start_then_same_local_time"):
        assert calendar.due_on(start, fewer, rule=rule) <= calendar.due_on(start, more, rule=rule)


@given(st.sampled_from(ZONES), instants, instants)
def test_an_always_open_calendar_counts_every_second(zone, start, end):
    assert BusinessCalendar.always(zone).business_time(start, end, reversed="negative") == end - start


@given(
    definitions, st.lists(st.tuples(instants, instants, limits), min_size=1, max_size=20), st.sampled_from(("zero", "negative"))
)
def test_many_answers_equal_single_ones(definition, pairs, rule):
    calendar = calendar_of(definition)
    starts = np.array([as_micros(start) for start, _, _ in pairs])
    ends = np.array([as_micros(end) for _, end, _ in pairs])
    lengths = np.array([limit // timedelta(microseconds=1) for *_, limit in pairs])
    got = calendar.business_time_many(starts, ends, reversed=rule).tolist()
    assert [as_timedelta(length) for length in got] == [
        calendar.business_time(start, end, reversed=rule) for start, end, _ in pairs
    ]
    for sign in (1, 0, -1):
        for boundary in ("end", "next"):
            due = calendar.due_at_many(starts, sign * lengths, boundary=boundary).tolist()
            assert due == [as_micros(calendar.due_at(start, sign * limit, boundary=boundary)) for start, _, limit in pairs]


@settings(max_examples=40, deadline=None)
@given(definitions, instants, st.integers(0, 3 * 1440))
def test_business_time_agrees_with_a_count_by_the_minute(definition, start, minutes):
    end = start + timedelta(minutes=minutes)
    assert calendar_of(definition).business_time(start, end) == BruteCalendar(definition).elapsed(start, end)


@settings(max_examples=30, deadline=None)
@given(definitions.filter(often_enough), instants, st.integers(-6 * 3600, 6 * 3600).map(lambda s: timedelta(seconds=s)))
def test_due_at_agrees_with_a_count_by_the_minute(definition, start, limit):
    calendar, brute = calendar_of(definition), BruteCalendar(definition)
    for boundary in ("end", "next"):
        assert calendar.due_at(start, limit, boundary=boundary) == brute.add(start, limit, boundary)


@pytest.mark.deep
@settings(max_examples=2000, deadline=None)
@given(definitions.filter(often_enough), instants, st.integers(-30 * 3600, 30 * 3600).map(lambda s: timedelta(seconds=s)))
def test_due_at_agrees_with_a_count_by_the_minute_long(definition, start, limit):
    calendar, brute = calendar_of(definition), BruteCalendar(definition)
    for boundary in ("end", "next"):
        due = brute.add(start, limit, boundary)
        assert calendar.due_at(start, limit, boundary=boundary) == due
        assert calendar.business_time(start, due, reversed="negative") == limit


@settings(max_examples=60, deadline=None)
@given(definitions.filter(often_enough), instants, st.integers(-6, 6), st.sampled_from(RULES))
def test_working_days_agree_with_a_count_day_by_day(definition, start, days, rule):
    if definition["tz"] == "Pacific/Apia":  # the count by days does not know that a date was left out there
        definition = {**definition, "tz": "Pacific/Chatham"}
    assert calendar_of(definition).due_on(start, days, rule=rule) == BruteCalendar(definition).add_days(
        start, days, rule, end_of_day=False
    )


@given(definitions, instants)
@example({"tz": "UTC", "weekly": {"mon": [["00:00", "24:00"]]}}, datetime(2026, 1, 5, tzinfo=UTC))
def test_calendars_defined_alike_are_equal_and_share_their_tables(definition, start):
    one, other = calendar_of(definition), calendar_of(definition)
    one.is_open(start)
    assert one == other
    assert hash(one) == hash(other)
    assert one.timetable is other.timetable
    assert BusinessCalendar.model_validate_json(one.model_dump_json()) == one
