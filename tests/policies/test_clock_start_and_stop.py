"""When a clock starts, stops and is due."""

from __future__ import annotations

import pytest
from tests.policies.desk import book, one, order, readings, rows

RESPONSE = "name: response, stop: responded, limit: 2 h"
OFFICE = "name: response, stop: responded, limit: 2 h, calendar: office"


def test_a_stop_before_the_due_time_meets_it():
    assert one(book(RESPONSE), order("5 10:00 received", "5 11:00 responded")) == ("met", "5 12:00", "5 11:00", "1:00", "0:00")


def test_a_stop_exactly_at_the_due_time_meets_it():
    assert one(book(RESPONSE), order("5 10:00 received", "5 12:00 responded")).verdict == "met"


def test_a_stop_a_minute_later_misses_it():
    assert one(book(RESPONSE), order("5 10:00 received", "5 12:01 responded")) == ("missed", "5 12:00", "5 12:01", "2:01", "0:00")


@pytest.mark.parametrize(("as_of", "verdict"), [("5 12:00", "running"), ("5 12:01", "overdue")])
def test_a_clock_is_overdue_only_after_its_due_time(as_of, verdict):
    assert one(book(RESPONSE), order("5 10:00 received"), as_of).verdict == verdict


def test_without_an_instant_nothing_is_overdue_and_a_running_clock_has_no_elapsed_time():
    assert one(book(RESPONSE), order("5 10:00 received")) == ("running", "5 12:00", None, None, "0:00")


def test_a_row_judged_without_an_instant_tells_what_it_is_at_one():
    (row,) = rows(book(RESPONSE), order("5 10:00 received"))
    assert (row.at(row.due), row.at(row.due + 1)) == ("running", "overdue")


def test_before_the_start_there_is_no_clock():
    assert readings(book(RESPONSE), order("5 10:00 received"), "5 09:59") == []


def test_only_the_first_stop_counts():
    facts = order("5 10:00 received", "5 11:00 responded", "5 13:00 responded")
    assert one(book(RESPONSE), facts).stop == "5 11:00"


def test_any_of_several_stops_will_do():
    policy = book("name: response, stop: [responded, arrived], limit: 2 h")
    assert one(policy, order("5 10:00 received", "5 10:30 arrived")).stop == "5 10:30"


def test_facts_before_the_receipt_count_as_no_time_and_meet_the_promise():
    assert one(book(RESPONSE), order("5 10:00 received", "5 09:59 responded")) == ("met", "5 12:00", "5 09:59", "0:00", "0:00")


def test_facts_of_the_same_instant_are_taken_in_the_order_recorded():
    chased = book("name: revisit, start: resolved, stop: revisited, limit: 1 h")
    same = ("5 10:00 received", "5 11:00 revisited method=telephone", "5 11:00 resolved")
    assert one(chased, order(*same), "5 11:00").verdict == "running"
    assert one(chased, order(same[0], same[2], same[1]), "5 11:00").verdict == "met"


def test_a_second_start_after_the_stop_begins_the_next_cycle():
    policy = book("name: revisit, start: resolved, stop: revisited, limit: 4 h")
    facts = order(
        "5 10:00 received", "5 11:00 resolved", "5 12:00 revisited", "5 13:00 reopened", "5 14:00 resolved", "5 19:00 revisited"
    )
    assert [r.verdict for r in readings(policy, facts)] == ["met", "missed"]


def test_a_fact_ends_one_clock_before_it_begins_the_next():
    policy = book("name: word, start: progress_reported, stop: progress_reported, limit: 2 h")
    facts = order("5 10:00 received", "5 10:00 progress_reported", "5 11:00 progress_reported", "5 14:00 progress_reported")
    assert [(r.verdict, r.elapsed) for r in readings(policy, facts)] == [("met", "1:00"), ("missed", "3:00"), ("running", None)]


# ---- conditions on facts


def test_a_stop_may_ask_for_a_value_of_a_field():
    policy = book("name: call, start: resolved, stop: {fact: revisited, method: telephone}, limit: 24 h")
    facts = order(
        "5 10:00 received", "5 11:00 resolved", "5 12:00 revisited method=on_site", "5 13:00 revisited method=telephone"
    )
    assert one(policy, facts).stop == "5 13:00"


def test_a_stop_may_ask_for_one_of_several_values():
    policy = book("name: call, start: resolved, stop: {fact: revisited, method: [telephone, video]}, limit: 24 h")
    facts = order("5 10:00 received", "5 11:00 resolved", "5 12:00 revisited method=on_site", "5 13:00 revisited method=video")
    assert one(policy, facts).stop == "5 13:00"


def test_a_stop_may_ask_for_so_many_items():
    policy = book("name: meeting, stop: {fact: meeting_held, parties_min: 3}, limit: 24 h")
    facts = order("5 10:00 received", "5 11:00 meeting_held parties=a/b", "5 12:00 meeting_held parties=a/b/c")
    assert one(policy, facts).stop == "5 12:00"


def test_a_stop_may_ask_that_a_list_holds_an_item():
    policy = book("name: meeting, stop: {fact: meeting_held, parties: owner}, limit: 24 h")
    facts = order("5 10:00 received", "5 11:00 meeting_held parties=a/b", "5 12:00 meeting_held parties=a/owner")
    assert one(policy, facts).stop == "5 12:00"


def test_a_contractors_clock_runs_from_its_dispatch_to_its_arrival():
    policy = book(
        "name: contractor, promise: contract, limit: 30 min, "
        "start: {fact: dispatched, party: lift_firm}, stop: {fact: arrived, party: lift_firm}"
    )
    facts = order("5 10:00 received", "5 10:10 dispatched party=lift_firm", "5 10:20 arrived", "5 10:40 arrived party=lift_firm")
    assert one(policy, facts) == ("met", "5 10:40", "5 10:40", "0:30", "0:00")


# ---- limits


@pytest.mark.parametrize(
    ("limit", "received", "due"),
    [
        ("limit: 2 h", "5 23:00", "6 01:00"),
        ("limit: 2 h, calendar: office", "5 16:00", "6 10:00"),
        ("limit: 1 h, calendar: office, boundary: end", "5 16:00", "5 17:00"),
        ("limit: 1 h, calendar: office, boundary: next", "5 16:00", "6 09:00"),
        ("limit: 2 d", "5 16:00", "7 16:00"),
        ("limit: 3 wd, calendar: office", "8 11:00", "13 17:00"),
        ("limit: 3 wd, calendar: office, day_rule: end_of_date", "8 11:00", "14 00:00"),
        ("limit: 1 wd, calendar: office, day_rule: roll_to_opening", "9 18:00", "13 09:00"),
        ("limit: 30 cd", "5 16:00", "35 16:00"),
        ("limit: {every: 1 h}", "5 10:00", "5 11:00"),
        ('limit: {by: "17:00"}', "5 10:00", "5 17:00"),
        ('limit: {by: "17:00"}', "5 17:00", "6 17:00"),
        ('limit: {by: "17:00"}, calendar: office', "9 18:00", "12 17:00"),
        ('limit: {by: "17:00", first: next_day}', "5 10:00", "6 17:00"),
        ('limit: {by: "24:00"}', "5 10:00", "6 00:00"),
    ],
)
def test_each_form_of_limit_has_its_due_time(limit, received, due):
    policy = book(f"name: done, stop: resolved, {limit}")
    assert one(policy, order(f"{received} received")).due == due


def test_a_given_limit_is_the_due_time_that_came_with_the_order():
    policy = book("name: given, stop: resolved, limit: given")
    (received,) = order("5 10:00 received")
    received.fields["given_due"] = {"due": "2026-01-07T12:00:00+08:00"}
    assert one(policy, [received, *order("5 10:00 received", "7 12:00 resolved")[1:]]) == (
        "met",
        "7 12:00",
        "7 12:00",
        "50:00",
        "0:00",
    )


def test_without_a_given_due_time_there_is_no_clock():
    assert readings(book("name: given, stop: resolved, limit: given:contract"), order("5 10:00 received")) == []


def test_a_table_looks_the_limit_up_and_its_first_fitting_row_wins():
    policy = book("name: done, stop: resolved, limit: {table: {by: type, rows: {facility.lift: 4 h, facility: 8 h}}}")
    facts = order("5 10:00 received", "5 10:05 classified type=facility.lift.door")
    assert one(policy, facts).due == "5 14:00"
    assert one(policy, order("5 10:00 received", "5 10:05 classified type=facility.gate")).due == "5 18:00"
    assert readings(policy, order("5 10:00 received", "5 10:05 classified type=service")) == []


def test_zero_is_a_limit_and_not_the_lack_of_one():
    policy = book("name: at_once, stop: responded, limit: 0 min")
    assert one(policy, order("5 10:00 received"), "5 10:00").verdict == "running"
    assert one(policy, order("5 10:00 received"), "5 10:01") == ("overdue", "5 10:00", None, "0:01", "0:00")


# ---- which rule


def test_the_first_target_that_applies_wins():
    policy = book(
        "name: done, applies: {severity: urgent}, stop: resolved, limit: 1 h",
        "name: done, applies: {kind: repair}, stop: resolved, limit: 8 h",
    )
    assert one(policy, order("5 10:00 received", "5 10:00 classified type=x severity=urgent")).due == "5 11:00"
    assert one(policy, order("5 10:00 received", "5 10:00 classified type=x severity=low")).due == "5 18:00"


def test_a_type_matches_what_is_below_it_and_nothing_that_only_begins_alike():
    policy = book("name: done, applies: {type: facility.lift}, stop: resolved, limit: 1 h")
    assert len(readings(policy, order("5 10:00 received", "5 10:00 classified type=facility.lift.door"))) == 1
    assert readings(policy, order("5 10:00 received", "5 10:00 classified type=facility.lifting_gear")) == []


def test_no_promise_is_made_where_the_policy_says_so():
    policy = book("name: done, applies: {type: gift}, stop: resolved, limit: none", "name: done, stop: resolved, limit: 1 h")
    facts = order("5 10:00 received", "5 10:00 classified type=gift", "5 15:00 resolved")
    assert one(policy, facts).verdict == "cancelled"  # until it was classified the second target applied


def test_a_condition_on_hours_looks_at_the_start():
    policy = book(
        "name: response, applies: {hours: {inside: office}}, stop: responded, limit: 1 h",
        "name: response, applies: {hours: {outside: office}}, stop: responded, limit: 4 h",
    )
    assert one(policy, order("5 16:59 received")).due == "5 17:59"
    assert one(policy, order("5 17:00 received")).due == "5 21:00"


def test_clocks_of_several_targets_run_side_by_side():
    policy = book(RESPONSE, "name: done, promise: ola, stop: resolved, limit: 8 h")
    assert [row.promise for row in rows(policy, order("5 10:00 received"))] == ["sla", "ola"]


# ---- chains


CHAIN = ("name: summary, start: {after: survey}, stop: plan_proposed, limit: 3 h", "name: survey, stop: arrived, limit: 2 h")


def test_a_chained_clock_starts_where_the_other_stops():
    facts = order("5 10:00 received", "5 11:00 arrived", "5 15:00 plan_proposed")
    survey, summary = readings(book(*CHAIN), facts)
    assert survey == ("met", "5 12:00", "5 11:00", "1:00", "0:00")
    assert summary == ("missed", "5 14:00", "5 15:00", "4:00", "0:00")


def test_a_chained_clock_does_not_start_when_the_other_is_cancelled():
    assert [r.verdict for r in readings(book(*CHAIN), order("5 10:00 received", "5 11:00 cancelled reason=x"))] == ["cancelled"]


# ---- cancelling and merging


@pytest.mark.parametrize("end", ["cancelled reason=withdrawn", "merged into=2"])
def test_a_clock_not_yet_due_is_cancelled_with_its_order(end):
    facts = order("5 10:00 received", f"5 11:00 {end}")
    assert one(book(RESPONSE), facts, "9 10:00") == ("cancelled", "5 12:00", "5 11:00", "1:00", "0:00")


def test_a_breach_that_happened_stays_when_the_order_is_cancelled():
    assert one(book(RESPONSE), order("5 10:00 received", "5 13:00 cancelled reason=x")).verdict == "missed"


TAKEN_OVER = "name: mended, stop: resolved, fail: {fact: dispatched, party: company}, limit: 8 h"


def test_a_fact_can_fail_a_clock_at_once():
    facts = order("5 10:00 received", "5 12:00 dispatched party=company", "5 13:00 resolved")
    assert one(book(TAKEN_OVER), facts) == ("missed", "5 18:00", "5 12:00", "2:00", "0:00")


def test_what_has_stopped_cannot_fail_any_more():
    facts = order("5 10:00 received", "5 12:00 resolved", "5 13:00 dispatched party=company")
    assert one(book(TAKEN_OVER), facts).verdict == "met"


def test_a_fact_that_stops_and_fails_a_clock_stops_it():
    policy = book("name: mended, stop: [resolved, dispatched], fail: {fact: dispatched, party: company}, limit: 8 h")
    assert one(policy, order("5 10:00 received", "5 12:00 dispatched party=company")).verdict == "met"


def test_a_clock_failed_in_a_pause_ends_there():
    facts = order("5 10:00 received", "5 11:00 paused reason=parts", "5 12:00 dispatched party=company")
    assert one(book(f"{TAKEN_OVER}, pause: any"), facts) == ("missed", "5 19:00", "5 12:00", "1:00", "1:00")


@pytest.mark.parametrize(
    ("reopen", "verdicts"), [("continue", ["missed"]), ("restart", ["missed"]), ("new_cycle", ["missed", "met"])]
)
def test_no_reopening_undoes_that_a_clock_has_failed(reopen, verdicts):
    facts = order("5 10:00 received", "5 12:00 dispatched party=company", "5 13:00 reopened", "5 14:00 resolved")
    assert [row.verdict for row in readings(book(f"{TAKEN_OVER}, reopen: {reopen}"), facts)] == verdicts


def test_a_clock_that_waits_for_one_that_failed_does_not_start():
    policy = book(TAKEN_OVER, "name: told, start: {after: mended}, stop: closed, limit: 1 h")
    assert [row.verdict for row in readings(policy, order("5 10:00 received", "5 12:00 dispatched party=company"))] == ["missed"]


def test_a_daily_promise_that_was_kept_today_is_not_failed():
    policy = book("name: told, stop: resolved, fail: declined, limit: {by: '17:00'}")
    facts = order("5 10:00 received", "5 11:00 progress_reported", "5 12:00 declined reason=x")
    assert [row.verdict for row in readings(policy, facts)] == ["met"]
    assert [row.verdict for row in readings(policy, facts[:1] + order("5 10:00 received", "5 12:00 declined reason=x")[1:])] == [
        "missed"
    ]


def test_a_policy_may_excuse_breaches_of_cancelled_orders():
    policy = book(RESPONSE + ", cancel: excuse")
    assert one(policy, order("5 10:00 received", "5 13:00 cancelled reason=x")).verdict == "cancelled"
