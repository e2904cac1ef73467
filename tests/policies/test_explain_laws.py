"""An explanation is the judgement read once more: its seconds are all there, and they add up to the row's own figures."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.policies.drawn import books, histories
from tests.policies.reference import MINUTE

from slaengine.policies.book import PolicyBook
from slaengine.policies.calendar_instants import as_datetime, as_micros
from slaengine.policies.clock import judge
from slaengine.policies.explain import explain, explain_all
from slaengine.policies.explain_model import Explanation
from slaengine.policies.moment import Moment
from slaengine.policies.rows import ClockRow

SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)


def micros(seconds: float) -> int:
    return round(seconds * 1_000_000)


def check_explanations(book: PolicyBook, moments: list[Moment], wait: int) -> None:
    as_of = max(moment.occurred_at for moment in moments) + wait * MINUTE
    rows = judge(book, moments, as_of=as_of)
    told = explain_all(book, moments, as_of=as_of)
    assert [(one.target, one.cycle, one.verdict) for one in told] == [(row.target, row.cycle, row.verdict) for row in rows]
    for row, one in zip(rows, told, strict=True):
        check_partition(row, one)
        check_sums(row, one)
        check_breach(row, one)
        assert Explanation.model_validate_json(one.model_dump_json()) == one
    for row in rows[-1:]:
        assert explain(book, moments, row.target, cycle=row.cycle, as_of=as_of) == told[-1]


def check_partition(row: ClockRow, told: Explanation) -> None:
    edges = [(segment.begins_at, segment.ends_at) for segment in told.segments]
    assert all(begins < ends for begins, ends in edges)
    assert all(before[1] == after[0] for before, after in pairwise(edges))
    if edges:
        assert (edges[0][0], edges[-1][1]) == (told.started_at, told.judged_at)
    else:
        assert told.started_at == told.judged_at
    assert told.started_at == as_datetime(row.start)
    if row.stop is None:
        assert told.judged_at == told.as_of
    else:
        assert told.judged_at == max(as_datetime(row.stop), told.started_at)


def check_sums(row: ClockRow, told: Explanation) -> None:
    totals = 0
    for segment in told.segments:
        totals += micros(segment.counted_s)
        assert micros(segment.total_s) == totals
        assert micros(segment.length_s) == (segment.ends_at - segment.begins_at) // timedelta(microseconds=1)
        assert segment.counted_s == (segment.open_s if segment.cause == "counted" else 0)
        assert (segment.cause == "closed") <= (segment.open_s == 0)
    assert totals == row.elapsed
    taken_out = sum(micros(segment.open_s) for segment in told.segments if segment.cause in ("paused", "stopped"))
    assert taken_out == row.paused


def check_breach(row: ClockRow, told: Explanation) -> None:
    if row.raw_verdict in ("missed", "overdue") and row.due < as_micros(told.judged_at):
        assert told.ran_out_at == as_datetime(row.due)
    late = [segment for segment in told.segments if segment.late]
    assert late == [segment for segment in told.segments if told.due_at is not None and segment.begins_at >= told.due_at]
    if told.ran_out_at is None:
        assert not late
    elif told.started_at < told.ran_out_at:
        assert told.segments[len(told.segments) - len(late) - 1].ends_at == told.ran_out_at
    if told.ran_out_at is not None and told.derivation.form != "by" and row.limit >= 0 and told.started_at <= told.ran_out_at:
        counted = sum(micros(segment.counted_s) for segment in told.segments if not segment.late)
        assert counted == row.limit
    if told.derivation.moved_s == 0 and told.derivation.form != "by":
        assert told.derivation.first_due_at == told.due_at


@settings(suppress_health_check=SLOW)
@given(books(), histories(), st.integers(0, 4 * 1440))
def test_segments_partition_a_clock_and_add_up_to_what_it_counted(book, moments, wait):
    check_explanations(book, moments, wait)


@pytest.mark.deep
@pytest.mark.timeout(7200)
@settings(max_examples=6_000, suppress_health_check=SLOW)
@given(books(), histories(), st.integers(0, 4 * 1440))
def test_segments_partition_a_clock_and_add_up_to_what_it_counted_at_length(book, moments, wait):
    check_explanations(book, moments, wait)
