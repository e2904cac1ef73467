"""The tables under the calendar: true to the zone data, alike however they came to be, and joinable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Thread
from zoneinfo import ZoneInfo, _zoneinfo, available_timezones

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.policies.calendars import definitions, instants

from slaengine.policies import business
from slaengine.policies.business import DAY, DAY_RULES
from slaengine.policies.calendar import BusinessCalendar
from slaengine.policies.calendar_arrays import SortedIndex
from slaengine.policies.calendar_instants import as_micros
from slaengine.policies.calendar_reach import Timetable
from slaengine.policies.calendar_tables import join, zone_offsets

SECOND = 1_000_000
DAYS = range(-20_000, 31_000)  # 1915 to 2054
rules = st.sampled_from(sorted(set(DAY_RULES.values())))
ZONES = sorted(available_timezones() - {"localtime"})


def true_shifts(zone):
    """Return the instants at which the zone's offset changes, as its own data lists them."""
    data = _zoneinfo.ZoneInfo.no_cache(zone)
    before, shifts = None, []
    for second, kind in zip(data._trans_utc, data._ttinfos, strict=True):
        if before is not None and kind.utcoff != before:
            shifts.append(second)
        before = kind.utcoff
    return [second for second in shifts if DAYS.start * 86_400 < second < DAYS.stop * 86_400]


@pytest.mark.parametrize("zone", ["America/New_York", "Africa/Casablanca", "Asia/Gaza", "America/Recife", "Pacific/Apia", "UTC"])
def test_every_change_of_a_zones_offset_is_found(zone):
    found = {int(shift) // SECOND for shift in zone_offsets(zone, DAYS).begins}
    assert set(true_shifts(zone)) <= found


@pytest.mark.deep
@pytest.mark.parametrize("zone", ZONES)
def test_every_change_of_every_zones_offset_is_found(zone):
    found = {int(shift) // SECOND for shift in zone_offsets(zone, DAYS).begins}
    assert set(true_shifts(zone)) <= found


@given(st.sampled_from(ZONES), st.integers(DAYS.start * 86_400, DAYS.stop * 86_400 - 1))
def test_the_wall_clocks_reading_is_that_of_the_zone(zone, second):
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
    timetable = BusinessCalendar.always(zone).timetable
    reach = timetable.cover(second * SECOND, second * SECOND)
    at = reach.bounds
    reading = business.local_time(second * SECOND, reach.tables.shifts, reach.tables.offsets, at.shift_lo, at.shift_hi)
    shown = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=UTC)
    assert reading == as_micros(shown)


@given(
    definitions, st.lists(instants, min_size=2, max_size=5), st.sampled_from(sorted(DAY_RULES.values())), st.integers(-300, 300)
)
def test_answers_do_not_depend_on_what_was_asked_before(definition, asked, rule, days):
    calendar = BusinessCalendar.model_validate(definition)
    used, fresh = Timetable(calendar.rules), Timetable(calendar.rules)
    for instant in asked[:-1]:
        used.due_at(as_micros(instant), 10_000 * SECOND)
        used.due_on(as_micros(instant), -days, rule)
    last = as_micros(asked[-1])
    assert used.due_on(last, days, rule) == fresh.due_on(last, days, rule)
    assert used.due_at(last, days * 3600 * SECOND) == fresh.due_at(last, days * 3600 * SECOND)


@given(st.lists(definitions, min_size=2, max_size=4), instants, st.integers(1, 9), rules)
def test_joined_calendars_answer_as_each_does_alone(several, start, days, rule):
    timetables = [BusinessCalendar.model_validate(definition).timetable for definition in several]
    at = as_micros(start)
    reaches = [timetable.cover(at - 40 * DAY, at + 40 * DAY) for timetable in timetables]
    tables, bounds = join([reach.arrays for reach in reaches])
    for timetable, within in zip(timetables, bounds, strict=True):
        assert within.edge_lo % 2 == 0
        due = business.due_at(at, SECOND, tables.edges, tables.opened, within.edge_lo, within.edge_hi, later=False)
        if due != business.BEYOND:
            assert due == timetable.due_at(at, SECOND)
        due = business.due_on(at, days, rule, tables, within)
        if due != business.BEYOND:
            assert due == timetable.due_on(at, days, rule)


@given(st.lists(st.integers(0, 2**45), min_size=2, max_size=60, unique=True), st.data())
def test_the_index_finds_what_a_binary_search_finds(values, data):
    table = np.sort(np.array(values + values[:3], np.int64))
    asked = np.array(data.draw(st.lists(st.integers(min(values), max(values) - 1), min_size=1)), np.int64)
    assert SortedIndex(table).after(asked).tolist() == np.searchsorted(table, asked, "right").tolist()


def test_threads_that_widen_at_once_all_get_their_answers():
    calendar = BusinessCalendar.model_validate({"tz": "Europe/Paris", "weekly": {"wed": [["09:00", "17:00"]]}})
    starts = [datetime(1950 + 7 * n, 1, 1, tzinfo=UTC) for n in range(16)]
    answers = {}
    threads = [Thread(target=lambda s=start: answers.update({s: calendar.due_on(s, 200)})) for start in starts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {start: calendar.due_on(start, 200) for start in starts}


@pytest.mark.parametrize("days", range(396, 404))
def test_a_night_that_reaches_over_the_end_of_the_tables_is_found_whole(days):
    start = datetime(2026, 1, 5, tzinfo=UTC)
    night = (start + timedelta(days=days)).date().isoformat()
    calendar = BusinessCalendar.model_validate({"tz": "UTC", "overrides": {night: [["22:00", "02:00"]]}})
    due = Timetable(calendar.rules).due_at(as_micros(start), 4 * 3600 * SECOND)
    assert due == as_micros(start + timedelta(days=days + 1, hours=2))
