import statistics
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.projections.build import at, ints, orders

from slaengine.projections.backlog import ageing, flow
from slaengine.projections.columns import NEVER
from slaengine.projections.goals import Goal
from slaengine.projections.percentiles import grouped
from slaengine.projections.periods import bounds, first_day, label, local_day, midnight
from slaengine.projections.recurrence import DAY, matter_of, recurred

NEW_YORK = ZoneInfo("America/New_York")


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(-(10**15), 10**15)), max_size=60))
def test_percentiles_of_groups_equal_those_of_each_group_alone(pairs):
    found = grouped(ints(group for group, _ in pairs), ints(value for _, value in pairs), 5, (0.5, 0.9))
    for group in range(5):
        values = [value for one, value in pairs if one == group]
        if values:
            assert found[group][0] == pytest.approx(statistics.median(values))
            assert found[group][1] == pytest.approx(np.percentile(values, 90), rel=1e-9, abs=1e-3)
        else:
            assert np.isnan(found[group]).all()


@pytest.mark.parametrize(
    ("period", "name", "first", "after"),
    [
        ("day", "2026-01-01", "2026-01-01", "2026-01-02"),
        ("week", "2026-W01", "2025-12-29", "2026-01-05"),
        ("month", "2026-01", "2026-01-01", "2026-02-01"),
        ("quarter", "2026-Q1", "2026-01-01", "2026-04-01"),
        ("half_year", "2026-H1", "2026-01-01", "2026-07-01"),
        ("year", "2026", "2026-01-01", "2027-01-01"),
    ],
)
def test_each_period_has_a_name_and_bounds(period, name, first, after):
    day = date(2026, 1, 1).toordinal()
    assert label(day, period) == name
    assert bounds(day, period) == (date.fromisoformat(first), date.fromisoformat(after))
    assert first_day(name) == date.fromisoformat(first)


@given(st.dates(date(1990, 1, 1), date(2090, 1, 1)), st.sampled_from(["day", "week", "month", "quarter", "half_year", "year"]))
def test_a_day_lies_in_the_period_it_is_named_by_and_in_no_other(day, period):
    first, after = bounds(day.toordinal(), period)
    assert first <= day < after
    name = label(day.toordinal(), period)
    assert label(first.toordinal(), period) == label(after.toordinal() - 1, period) == name
    assert label(after.toordinal(), period) > name


def test_a_day_is_that_of_the_policys_zone():
    assert local_day(at("2026-01-05T04:59"), NEW_YORK) == date(2026, 1, 4).toordinal()
    assert local_day(at("2026-01-05T05:00"), NEW_YORK) == date(2026, 1, 5).toordinal()
    assert midnight(date(2026, 7, 1), NEW_YORK) == at("2026-07-01T04:00")


matter_lists = st.lists(
    st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 100), st.none() | st.integers(0, 120)), max_size=25
)


@given(matter_lists)
def test_recurrence_equals_looking_at_every_pair(rows):
    matters = ints(matter_of("here", matter) for matter, _, _ in rows)
    came = [day * DAY for _, day, _ in rows]
    went = [NEVER if day is None else day * DAY for _, _, day in rows]
    expected = [
        any(
            j != i and rows[j][0] == rows[i][0] and went[j] != NEVER and came[i] - 30 * DAY <= went[j] <= came[i]
            for j in range(len(rows))
        )
        and rows[i][0] is not None
        for i in range(len(rows))
    ]
    assert recurred(matters, ints(came), ints(went)).tolist() == expected


def test_ageing_counts_open_orders_by_days_of_24_hours():
    some = orders(
        {"received": "2026-01-10"},
        {"received": "2026-01-09"},
        {"received": "2026-01-01", "ended": "2026-01-11"},
        {"received": "2026-01-01", "ended": "2026-01-10"},
        {"received": "2025-01-01"},
        {"received": "2026-01-11"},
    )
    assert list(ageing(some, at("2026-01-10")).values()) == [1, 1, 0, 1, 0, 1]


def test_the_flow_has_every_period_and_adds_up():
    some = orders({"received": "2026-01-05", "ended": "2026-03-01"}, {"received": "2026-03-02"}, {"received": "2026-03-31"})
    found = flow(some, "month", ZoneInfo("UTC"), at("2026-03-15"))
    assert [(one.period, one.received, one.ended, one.open) for one in found] == [
        ("2026-01", 1, 0, 1),
        ("2026-02", 0, 0, 1),
        ("2026-03", 1, 1, 1),
    ]


def test_bands_begin_at_their_own_value_and_turn_round_for_what_should_be_low():
    high, low = Goal(0.95, 0.95, 0.9), Goal(0.1, 0.1, 0.2, low_is_good=True)
    assert [high.band(rate) for rate in (1.0, 0.95, 0.9, 0.89, None)] == ["green", "green", "amber", "red", None]
    assert [low.band(rate) for rate in (0.0, 0.1, 0.2, 0.3)] == ["green", "green", "amber", "red"]
