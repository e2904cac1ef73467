"""What reopening, reclassifying and reassigning do to a clock: one example of each option."""

from __future__ import annotations

import pytest
from tests.policies.desk import book, one, order, readings

# ---- reopening

REOPENED = ("5 10:00 received", "5 11:00 resolved", "5 14:00 reopened", "5 15:00 resolved")


def test_continue_leaves_out_the_time_it_was_thought_resolved():
    policy = book("name: done, stop: resolved, limit: 4 h, reopen: continue")
    assert one(policy, order(*REOPENED)) == ("met", "5 17:00", "5 15:00", "2:00", "3:00")


def test_continue_does_not_repair_a_breach():
    policy = book("name: done, stop: resolved, limit: 30 min, reopen: continue")
    assert one(policy, order(*REOPENED)).verdict == "missed"


def test_a_clock_that_goes_on_can_still_be_missed():
    policy = book("name: done, stop: resolved, limit: 90 min, reopen: continue")
    assert one(policy, order(*REOPENED)) == ("missed", "5 14:30", "5 15:00", "2:00", "3:00")


def test_restart_begins_anew_at_the_reopening_in_the_same_row():
    policy = book("name: done, stop: resolved, limit: 4 h, reopen: restart")
    assert readings(policy, order(*REOPENED)) == [("met", "5 18:00", "5 15:00", "1:00", "0:00")]


def test_new_cycle_keeps_the_old_verdict_and_begins_another():
    policy = book("name: done, stop: resolved, limit: 30 min, reopen: new_cycle")
    assert readings(policy, order(*REOPENED)) == [
        ("missed", "5 10:30", "5 11:00", "1:00", "0:00"),
        ("missed", "5 14:30", "5 15:00", "1:00", "0:00"),
    ]


def test_ignore_lets_the_first_stop_stand():
    policy = book("name: done, stop: resolved, limit: 4 h, reopen: ignore")
    assert one(policy, order(*REOPENED)).stop == "5 11:00"


def test_by_default_what_was_resolved_goes_on_and_an_answer_given_stays_given():
    policy = book("name: done, stop: resolved, limit: 4 h", "name: response, stop: responded, limit: 4 h")
    facts = order("5 10:00 received", "5 10:30 responded", "5 11:00 resolved", "5 14:00 reopened")
    assert [(r.verdict, r.stop) for r in readings(policy, facts, "5 15:00")] == [("running", None), ("met", "5 10:30")]


def test_reopening_takes_away_the_cause_of_the_revisit_clock():
    policy = book("name: revisit, start: resolved, stop: revisited, limit: 48 h")
    facts = order(*REOPENED, "6 10:00 revisited method=telephone")
    assert [(r.verdict, r.stop) for r in readings(policy, facts)] == [("cancelled", "5 14:00"), ("met", "6 10:00")]


def test_a_revisit_already_overdue_when_reopened_was_missed():
    policy = book("name: revisit, start: resolved, stop: revisited, limit: 1 h")
    assert [r.verdict for r in readings(policy, order(*REOPENED))] == ["missed", "running"]


# ---- reclassification

BY_SEVERITY = (
    "name: done, applies: {{severity: low}}, stop: resolved, limit: 8 h, pause: [parts], reclassify: {how}",
    "name: done, applies: {{severity: high}}, stop: resolved, limit: 2 h, reclassify: {how}",
)
RECLASSIFIED = ("5 10:00 received", "5 10:00 classified type=x severity=low", "5 13:00 classified type=x severity=high")


@pytest.mark.parametrize(("how", "due"), [("recompute", "5 12:00"), ("restart", "5 15:00"), ("keep", "5 18:00")])
def test_a_running_clock_is_reclassified_as_its_rule_says(how, due):
    policy = book(*(target.format(how=how) for target in BY_SEVERITY))
    assert one(policy, order(*RECLASSIFIED)).due == due


def test_recomputing_reads_the_pauses_again_under_the_new_rules_reasons():
    policy = book(*(target.format(how="recompute") for target in BY_SEVERITY))
    facts = order(*RECLASSIFIED[:2], "5 10:30 paused reason=parts", "5 11:00 resumed", "5 11:30 classified type=x severity=high")
    assert one(policy, facts, "5 11:30") == ("running", "5 12:00", None, "1:30", "0:00")


def test_recomputing_finds_a_stop_that_only_the_new_rule_waits_for():
    policy = book(
        "name: done, applies: {severity: low}, stop: resolved, limit: 8 h",
        "name: done, applies: {severity: high}, stop: arrived, limit: 2 h",
    )
    facts = order(
        "5 10:00 received", "5 10:00 classified type=x severity=low", "5 11:00 arrived", "5 13:00 classified type=x severity=high"
    )
    assert one(policy, facts) == ("met", "5 12:00", "5 11:00", "1:00", "0:00")


def test_before_the_start_it_is_as_if_the_order_had_always_been_what_it_is():
    policy = book("name: response, applies: {severity: high}, stop: responded, limit: 1 h")
    facts = order("5 10:00 received", "5 10:30 responded", "5 11:30 classified type=x severity=high")
    assert one(policy, facts) == ("met", "5 11:00", "5 10:30", "0:30", "0:00")


def test_reclassified_out_of_every_promise_a_clock_is_cancelled_and_back_in_it_lives_again():
    policy = book("name: done, applies: {severity: high}, stop: resolved, limit: 2 h")
    away = order("5 10:00 received", "5 10:00 classified type=x severity=high", "5 11:00 classified type=x severity=none")
    assert one(policy, away).verdict == "cancelled"
    back = order(
        "5 10:00 received",
        "5 10:00 classified type=x severity=high",
        "5 11:00 classified type=x",
        "5 13:00 classified type=x severity=high",
    )
    assert one(policy, back, "5 14:00") == ("overdue", "5 12:00", None, "4:00", "0:00")


def test_after_the_stop_a_reclassification_changes_nothing():
    policy = book(*(target.format(how="recompute") for target in BY_SEVERITY))
    facts = order(*RECLASSIFIED[:2], "5 13:00 resolved", "5 14:00 classified type=x severity=high")
    assert one(policy, facts) == ("met", "5 18:00", "5 13:00", "3:00", "0:00")


# ---- reassignment

DISPATCHED = ("5 10:00 received", "5 10:30 dispatched team=a", "5 12:00 dispatched team=b")


def test_reassigned_a_clock_goes_on_by_default():
    assert one(book("name: done, stop: resolved, limit: 4 h"), order(*DISPATCHED)).due == "5 14:00"


def test_restart_gives_the_next_team_the_whole_limit():
    assert one(book("name: done, stop: resolved, limit: 4 h, reassign: restart"), order(*DISPATCHED)).due == "5 16:00"


def test_new_cycle_gives_each_team_a_row_of_its_own():
    policy = book("name: done, promise: ola, start: dispatched, stop: resolved, limit: 1 h, reassign: new_cycle")
    facts = order(*DISPATCHED, "5 12:30 dispatched team=c", "5 13:00 resolved")
    assert [(r.verdict, r.stop) for r in readings(policy, facts)] == [
        ("missed", "5 12:00"),
        ("cancelled", "5 12:30"),
        ("met", "5 13:00"),
    ]
