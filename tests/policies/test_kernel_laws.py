"""The kernel agrees with a naive minute-by-minute reference, and compiled with itself interpreted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.policies.drawn import CALENDARS, DAY, books, histories
from tests.policies.reference import MINUTE, Clock, Reference, minutes_of

from slaengine.policies.book import PolicyBook
from slaengine.policies.calendar import BusinessCalendar
from slaengine.policies.clock import judge, judge_many
from slaengine.policies.compiled import available
from slaengine.policies.moment import Moment
from slaengine.policies.settle import settled

SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


def before_mutants() -> None:
    """Count the calendars' minutes once for all that `make mutate` tries."""
    for calendar in (*map(BusinessCalendar.model_validate, CALENDARS.values()), BusinessCalendar.always("Europe/Paris")):
        minutes_of(calendar)


def check_against_reference(book: PolicyBook, moments: list[Moment], wait: int) -> None:
    as_of = max(moment.occurred_at for moment in moments) + wait * MINUTE
    reference = Reference(book, settled(moments, as_of), as_of)
    expected = [_expected(reference, clock) for clock in reference.rows()]
    found = [
        (row.target, row.cycle, row.edition, row.start, row.due, row.stop, row.raw_verdict, row.elapsed, row.paused)
        for row in judge(book, moments, as_of=as_of)
    ]
    assert sorted(found, key=str) == sorted(expected, key=str)


def _expected(reference: Reference, clock: Clock) -> tuple[Any, ...]:
    return (
        clock.target.name,
        clock.cycle,
        reference.editions[clock.edition].version.version,
        clock.start,
        clock.due,
        clock.stop,
        clock.verdict,
        reference.elapsed(clock),
        reference.paused(clock),
    )


@settings(suppress_health_check=SLOW)
@given(books(), histories(), st.integers(0, 4 * 1440))
def test_the_kernel_agrees_with_a_count_minute_by_minute(book, moments, wait):
    check_against_reference(book, moments, wait)


@pytest.mark.deep
@pytest.mark.timeout(7200)
@settings(max_examples=12_000, suppress_health_check=SLOW)
@given(books(), histories(), st.integers(0, 4 * 1440))
def test_the_kernel_agrees_with_a_count_minute_by_minute_at_length(book, moments, wait):
    check_against_reference(book, moments, wait)


@pytest.mark.skipif(not available(), reason="Numba is not installed")
@settings(max_examples=60, suppress_health_check=SLOW)
@given(books(), st.lists(histories(), min_size=1, max_size=6), st.sampled_from([None, 0, 3 * DAY]))
def test_the_compiled_kernel_answers_as_the_interpreted_one(book, orders, wait):
    as_of = None if wait is None else max(m.occurred_at for moments in orders for m in moments) + wait
    one_by_one = [judge(book, moments, as_of=as_of) for moments in orders]
    assert judge_many(book, orders, as_of=as_of, fast=False) == one_by_one
    assert judge_many(book, orders, as_of=as_of, fast=True) == one_by_one


@pytest.mark.deep
@pytest.mark.timeout(7200)
@pytest.mark.skipif(not available(), reason="Numba is not installed")
@settings(max_examples=3000, suppress_health_check=SLOW)
@given(books(), st.lists(histories(), min_size=4, max_size=6), st.sampled_from([None, 0, 3 * DAY]))
def test_the_compiled_kernel_answers_as_the_interpreted_one_at_length(book, orders, wait):
    as_of = None if wait is None else max(m.occurred_at for moments in orders for m in moments) + wait
    assert judge_many(book, orders, as_of=as_of, fast=True) == judge_many(book, orders, as_of=as_of, fast=False)
