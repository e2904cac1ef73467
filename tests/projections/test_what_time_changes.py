"""What time alone changes is told from rows judged once, as if the orders had been judged for the asking."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.policies.desk import book, micros, order, versions
from tests.policies.drawn import books, histories
from tests.policies.reference import MINUTE

from slaengine.policies.book import PolicyBook
from slaengine.policies.clock import judge
from slaengine.policies.moment import Moment
from slaengine.projections.behind import behind
from slaengine.projections.case_file import EPOCH, CaseFile
from slaengine.projections.columns import MISSED, NO_CADENCE, RUNNING, VERDICTS, Sheet
from slaengine.projections.entry import Judge
from slaengine.projections.gather import tile_of_entries
from slaengine.projections.promises import promises_of
from slaengine.projections.report import Question, tabulate
from slaengine.projections.sheets import side_by_side

SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much)
DAILY = 'name: progress, stop: [resolved, closed], limit: {by: "17:00"}'
LATER = 'name: progress, stop: [resolved, closed], limit: {by: "19:00"}'
RECEIVED = "5 10:00 received"
BY_ITSELF = [
    (DAILY, [RECEIVED]),
    (DAILY, [RECEIVED, "5 11:00 progress_reported"]),
    (DAILY, [RECEIVED, "6 17:00 progress_reported"]),
    (f"{DAILY}, calendar: office", [RECEIVED, "7 11:00 progress_reported"]),
    (f"{DAILY}, pause: any", [RECEIVED, "5 12:00 paused reason=rain", "6 18:00 resumed"]),
    ('name: progress, stop: resolved, limit: {by: "17:00", first: next_day}', [RECEIVED, "7 17:00 classified type=noise"]),
]
OTHERWISE = [
    (DAILY, [RECEIVED, "5 11:00 progress_reported", "5 12:00 resolved"]),
    (f"{DAILY}, pause: any", [RECEIVED, "5 12:00 paused reason=rain"]),
    (f"{DAILY}, pause: any", [RECEIVED, "5 11:00 progress_reported", "5 12:00 paused reason=rain"]),
    (f"{DAILY}, applies: {{hours: {{inside: office}}}}", [RECEIVED]),
    (
        f"{DAILY}, applies: {{type: noise}}, reclassify: keep",
        [RECEIVED, "5 10:00 classified type=noise", "5 11:00 classified type=lift"],
    ),
]


def sheet(policy: PolicyBook, facts: list[Moment], as_of: int | None) -> Sheet:
    """The sheet of one order, judged for an instant, or with an open end."""
    entries = Judge(policy).entries([CaseFile(UUID(int=1), tuple(facts))], as_of=as_of)
    return side_by_side([tile_of_entries(entries, ())], ())


def asked(policy: PolicyBook, facts: list[Moment], as_of: int) -> Sheet:
    """The sheet of one order as it is kept, at an instant up to which that holds."""
    kept = sheet(policy, facts, None)
    assert not any(until != -(2**63) and until < as_of for until in kept.orders.valid_until.tolist())
    return kept.at(as_of, Judge(policy).deadlines)


def said(found: Sheet, policy: PolicyBook, as_of: int) -> list[object]:
    """All that a report says of it, and the orders behind each figure."""
    instant = datetime.fromtimestamp(as_of / 1e6, UTC)
    promises, question = promises_of(policy, EPOCH), Question.of(instant)
    places = [behind(verdict, question, promises, found, as_of) for verdict in VERDICTS]
    return [tabulate(question, promises, found).rows, [[(p.target, p.orders.tolist()) for p in some] for some in places]]


@pytest.mark.parametrize("day", range(9, 30, 3))
@pytest.mark.parametrize(("target", "lines"), BY_ITSELF)
def test_days_that_pass_by_themselves_are_counted_as_if_they_had_been_judged(target, lines, day):
    policy, facts, as_of = book(target), order(*lines), micros(f"{day} 18:00")
    kept = asked(policy, facts, as_of)
    assert (kept.clocks.cadence != NO_CADENCE).sum() == 1
    assert said(kept, policy, as_of) == said(sheet(policy, facts, as_of), policy, as_of)


@pytest.mark.parametrize(("target", "lines"), OTHERWISE)
def test_a_clock_that_does_not_go_on_as_it_did_has_no_cadence(target, lines):
    assert [row.cadence for row in judge(book(target), order(*lines), as_of=None)][-1] is None


def test_a_cadence_lasts_until_an_edition_has_other_deadlines():
    first, second = ("1", "1 00:00", "new_orders", DAILY), ("2", "9 00:00", "new_orders", DAILY)
    for last, until in ((DAILY, None), (LATER, micros("20 00:00") - 1)):
        policy = versions(first, second, ("3", "20 00:00", "new_orders", last))
        (row,) = judge(policy, order(RECEIVED), as_of=None)
        assert (row.cadence is not None, row.valid_until) == (True, until)


def test_a_waiver_that_reaches_the_next_day_is_judged_at_the_asking():
    facts = order(RECEIVED, "5 17:00 waiver_approved target=progress reason=rain")
    (row,) = judge(book(DAILY, waivers="{reasons: [rain]}"), facts, as_of=None)
    assert (row.waived, row.cadence, row.valid_until) == (True, None, row.due)


@settings(suppress_health_check=SLOW)
@given(books(), histories(), st.integers(0, 30 * 1440))
def test_rows_judged_once_tell_what_judging_for_the_asking_tells(policy, moments, wait):
    check_counts(policy, moments, wait)


@pytest.mark.deep
@settings(suppress_health_check=SLOW, max_examples=4_000)
@given(books(), histories(), st.integers(0, 60 * 1440))
def test_rows_judged_once_tell_what_judging_for_the_asking_tells_in_depth(policy, moments, wait):
    check_counts(policy, moments, wait)


def check_counts(policy: PolicyBook, moments: list[Moment], wait: int) -> None:
    as_of = max(moment.occurred_at for moment in moments) + wait * MINUTE
    kept = judge(policy, moments, as_of=None)
    assume(not any(row.valid_until is not None and row.valid_until < as_of for row in kept))
    counted = Counter((row.target, row.at(as_of)) for row in kept if row.cadence is None or row.due >= as_of)
    for row in kept:
        if row.cadence is not None and row.due < as_of:
            passed = [due for due in Judge(policy).deadlines(row.cadence.rule, row.due, as_of).tolist() if row.due < due < as_of]
            began = "waived" if row.waived else VERDICTS[MISSED]
            counted[row.target, row.verdict if row.verdict == "met" else began] += 1
            counted[row.target, VERDICTS[MISSED]] += len(passed)
            counted[row.target, VERDICTS[RUNNING]] += 1
    assert +counted == Counter((row.target, row.verdict) for row in judge(policy, moments, as_of=as_of))
