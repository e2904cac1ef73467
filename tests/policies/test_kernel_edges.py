"""Corners of the kernel that few policies reach: many rows, rules far down a file, hours that ask again, clocks begun anew."""

from __future__ import annotations

from itertools import pairwise

import pytest
from tests.policies.desk import HEAD, book, micros, one, order, readings, rows

from slaengine.errors import UnknownPolicy
from slaengine.policies.book import PolicyBook
from slaengine.policies.clock import judge, judge_many
from slaengine.policies.compiled import available
from slaengine.policies.rows import Span

OTHER = "name: other, applies: {severity: none_such}, stop: resolved, limit: 3 h"


def test_an_order_with_more_rows_than_there_was_room_for_is_judged_whole():
    days = book("name: told, stop: resolved, limit: {by: '17:00'}")
    facts = [order("1 10:00 received")[0]]
    found = rows(days, facts, "90 16:00")
    assert [row.cycle for row in found] == list(range(1, 91))
    assert {row.verdict for row in found[:-1]} == {"missed"}
    assert all(later.start == earlier.due for earlier, later in pairwise(found))
    assert (found[-1].verdict, found[-1].paused, found[-1].spans) == ("running", 0, ())


@pytest.mark.parametrize("count", [31, 32, 33, 64, 65])
def test_any_number_of_rows_finds_room(count):
    days = book("name: told, stop: resolved, limit: {by: '17:00'}")
    assert len(rows(days, order("1 10:00 received"), f"{count} 16:00")) == count


def test_many_orders_are_each_judged_up_to_the_same_instant():
    policy = book("name: told, stop: resolved, limit: {by: '17:00'}", "name: done, stop: resolved, limit: 4 h")
    orders = [order("5 10:00 received"), order("6 10:00 received", "6 11:00 resolved"), [], order("7 10:00 received")]
    now = micros("8 12:00")
    assert judge_many(policy, orders, as_of=now) == [judge(policy, facts, as_of=now) for facts in orders]
    assert judge_many(policy, orders, as_of=None) == [judge(policy, facts, as_of=None) for facts in orders]
    assert [len(found) for found in judge_many(policy, orders, as_of=now)] == [5, 2, 0, 3]


def test_a_deadline_in_a_pause_is_put_off_in_the_calendar_of_its_own_rule():
    daily = "name: told, stop: resolved, limit: {by: '17:00'}, calendar: office, pause: any"
    facts = order("9 10:00 received", "9 11:00 paused reason=parts", "12 11:00 resumed")
    assert readings(book(OTHER, OTHER, daily), facts, "12 12:00") == [("running", "12 17:00", None, "2:00", "8:00")]


def test_days_missed_one_after_the_other_are_rows_of_their_own_under_a_rule_far_down():
    daily = "name: told, stop: resolved, limit: {by: '17:00'}, calendar: office"
    found = readings(book(OTHER, OTHER, OTHER, daily), order("8 10:00 received"), "13 10:00")
    assert [(row.verdict, row.due) for row in found] == [
        ("missed", "8 17:00"),
        ("missed", "9 17:00"),
        ("missed", "12 17:00"),
        ("running", "13 17:00"),
    ]


BY_HOURS = (
    "name: done, applies: {hours: {inside: office}}, stop: resolved, limit: 1 h, reassign: restart, reopen: restart",
    "name: done, stop: resolved, limit: 5 h, reassign: restart, reopen: restart",
)


def test_a_clock_begun_anew_is_under_the_rule_of_the_hour_in_which_it_begins():
    facts = order("5 16:00 received", "5 16:30 dispatched team=a", "5 18:00 dispatched team=b")
    assert one(book(*BY_HOURS), facts).due == "5 23:00"
    back = order("5 18:00 received", "5 18:30 dispatched team=a", "6 10:00 dispatched team=b")
    assert one(book(*BY_HOURS), back).due == "6 11:00"


def test_a_clock_begun_anew_while_the_order_waits_is_paused_from_there():
    target = "name: done, stop: resolved, limit: 4 h, reassign: restart, pause: any"
    facts = order("5 10:00 received", "5 10:30 dispatched team=a", "5 11:00 paused reason=parts", "5 12:00 dispatched team=b")
    (row,) = rows(book(target), facts, "5 15:00")
    assert (row.start, row.paused_since, row.paused, row.elapsed) == (micros("5 12:00"), micros("5 12:00"), 3 * 3_600_000_000, 0)
    assert row.started_by == 4


def test_a_clock_begun_anew_is_not_paused_by_what_began_before_and_is_over():
    target = "name: done, stop: resolved, limit: 4 h, reassign: restart, pause: any"
    facts = order(
        "5 10:00 received",
        "5 10:30 dispatched team=a",
        "5 11:00 paused reason=parts",
        "5 11:30 resumed",
        "5 12:00 dispatched team=b",
        "5 13:00 resolved",
    )
    assert readings(book(target), facts) == [("met", "5 16:00", "5 13:00", "1:00", "0:00")]


def test_what_came_before_a_restart_does_not_stop_the_clock_begun_anew():
    slow = "name: done, applies: {severity: low}, stop: resolved, limit: 8 h, reclassify: restart"
    quick = "name: done, applies: {severity: high}, stop: [resolved, responded], limit: 2 h, reclassify: restart"
    facts = order(
        "5 10:00 received",
        "5 10:00 classified type=x severity=low",
        "5 10:30 responded",
        "5 11:00 classified type=x severity=high",
    )
    assert readings(book(slow, quick), facts, "5 12:00") == [("running", "5 13:00", None, "1:00", "0:00")]


def test_taking_up_a_clock_exactly_at_its_due_time_moves_only_what_is_due_at_the_opening():
    target = "name: done, stop: resolved, limit: 8 h, calendar: office, pause: any, boundary: {boundary}"
    facts = order("5 09:00 received", "5 17:00 paused reason=parts", "6 10:00 resumed")
    assert one(book(target.format(boundary="end")), facts).due == "5 17:00"
    assert one(book(target.format(boundary="next")), facts, "6 10:30").due == "6 10:00"


LABELLED = """
version: "1"
effective_from: 2020-01-01
targets:
  - name: done
    stop: resolved
    applies: {labels: {zone: [a, b]}}
    limit: {table: {by: labels.zone, rows: {a: 1 h, b: 2 h, c: 3 h}}}
  - {name: done, applies: {party: builder}, stop: resolved, limit: 4 h}
  - {name: done, applies: {warranty: true}, stop: resolved, limit: 5 h}
  - {name: done, applies: {source: desk}, stop: resolved, limit: 6 h}
  - {name: done, applies: {community: harbour}, stop: resolved, limit: 7 h}
  - {name: done, applies: {building: A}, stop: resolved, limit: 8 h}
  - {name: done, applies: {channel: app}, stop: resolved, limit: 9 h}
"""


@pytest.mark.parametrize(
    ("received", "classified", "limit"),
    [
        ({"labels": {"zone": "a"}}, {}, "1 h"),
        ({"labels": {"zone": "b"}}, {}, "2 h"),
        ({"labels": {"zone": "c"}}, {}, None),
        ({"labels": {"other": "a"}}, {}, None),
        ({}, {"party": "builder"}, "4 h"),
        ({}, {"party": "owner"}, None),
        ({}, {"warranty": True}, "5 h"),
        ({}, {"warranty": False}, None),
        ({"source": "desk"}, {}, "6 h"),
        ({"place": {"community": "harbour"}}, {}, "7 h"),
        ({"place": {"building": "A"}}, {}, "8 h"),
        ({"channel": "app"}, {}, "9 h"),
        ({}, {}, None),
    ],
)
def test_every_dimension_of_an_order_can_choose_its_rule(received, classified, limit):
    policy = PolicyBook.parse(HEAD + LABELLED)
    facts = order("5 10:00 received", "5 10:00 classified type=x")
    facts[0].fields.update(received)
    facts[1].fields.update(classified)
    assert [row.limit_text for row in rows(policy, facts)] == ([limit] if limit else [])


def test_who_is_responsible_stays_known_when_a_later_classification_does_not_say():
    policy = PolicyBook.parse(HEAD + LABELLED)
    facts = order("5 10:00 received", "5 10:00 classified type=x party=builder", "5 11:00 classified type=y")
    assert [row.limit_text for row in rows(policy, facts)] == ["4 h"]


def test_a_limit_written_in_seconds_is_kept_to_the_second():
    (row,) = rows(book("name: done, stop: resolved, limit: {by: '17:00:30'}"), order("5 10:00 received"), "5 11:00")
    assert row.due == micros("5 17:00") + 30_000_000


FAST = pytest.mark.skipif(not available(), reason="Numba is not installed")


@FAST
def test_a_policy_with_more_triggers_than_fit_the_compiled_kernel_is_judged_all_the_same():
    many = book(*(f"name: t{n}, stop: {{fact: arrived, party: p{n}}}, limit: 1 h" for n in range(70)))
    orders = [order("5 10:00 received", "5 10:30 arrived party=p69"), order("5 10:00 received", "5 12:00 arrived party=p3")]
    now = micros("5 11:30")
    assert judge_many(many, orders, as_of=now, fast=True) == [judge(many, facts, as_of=now) for facts in orders]


@FAST
def test_the_compiled_kernel_asks_for_calendars_that_reach_further():
    far = book(
        "name: done, stop: resolved, limit: 9000 h, calendar: office", "name: told, stop: closed, limit: 1 h, calendar: office"
    )
    orders = [order("5 10:00 received"), order("6 10:00 received", "6 11:00 resolved")]
    for now in (None, micros("4000 10:00")):
        assert judge_many(far, orders, as_of=now, fast=True) == [judge(far, facts, as_of=now) for facts in orders]


def test_a_wait_that_lasts_is_listed_with_the_fact_that_began_it():
    target = "name: done, stop: resolved, limit: 8 h, pause: any"
    facts = order("5 10:00 received", "5 11:00 paused reason=parts", "5 12:00 resumed", "5 13:00 paused reason=rain")
    (row,) = rows(book(OTHER, target), facts, "5 14:00")
    assert row.spans == (Span(micros("5 11:00"), micros("5 12:00"), 2, 3), Span(micros("5 13:00"), micros("5 14:00"), 4, None))


def test_a_clock_judged_by_another_book_is_refused_in_words():
    (row,) = rows(book("name: done, stop: resolved, limit: 8 h"), order("5 10:00 received"))
    later = PolicyBook.parse(
        HEAD + 'version: "2"\neffective_from: 2020-01-01\ntargets: [{name: done, stop: resolved, limit: 8 h}]\n'
    )
    with pytest.raises(UnknownPolicy, match=r"^policy desk has no version 1 by which this clock was judged$"):
        later.edition_of(row)
