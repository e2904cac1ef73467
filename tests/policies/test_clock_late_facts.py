"""Facts that arrive late, out of order or corrected; waivers; warnings."""

from __future__ import annotations

from itertools import permutations

from tests.policies.desk import book, one, order, readings, rows, shown

from slaengine.policies.settle import settled
from slaengine.policies.warnings import warnings

DONE = "name: done, stop: resolved, limit: 4 h, pause: [parts]"


def test_facts_are_judged_in_order_of_occurrence_whatever_the_order_of_arrival():
    facts = order("5 10:00 received", "5 11:00 paused reason=parts", "5 12:00 resumed", "5 14:00 resolved")
    readings_of = {one(book(DONE), [facts[0], *shuffled]) for shuffled in permutations(facts[1:])}
    assert readings_of == {one(book(DONE), facts)}


def test_a_late_report_is_judged_as_if_it_had_come_in_time():
    facts = order("5 10:00 received", "5 13:00 resolved recorded=9T10:00")
    assert one(book(DONE), facts).verdict == "met"
    (row,) = rows(book(DONE), facts, "5 16:00", known_at="5 16:00")
    assert row.verdict == "overdue"


def test_an_order_done_before_it_was_taken_in_and_reopened_runs_from_the_reopening():
    facts = order("5 09:00 resolved", "5 10:00 received", "5 12:00 reopened")
    assert one(book("name: done, stop: resolved, limit: 4 h, reopen: continue"), facts, "5 14:00") == (
        "running",
        "5 16:00",
        None,
        "2:00",
        "2:00",
    )


def test_a_correction_has_always_been_so():
    facts = order(
        "5 10:00 received", "5 10:00 classified type=x severity=low", "7 10:00 corrected version=2 field=severity value=high"
    )
    policy = book("name: done, applies: {severity: high}, stop: resolved, limit: 4 h")
    assert one(policy, facts, "5 12:00").verdict == "running"
    assert rows(policy, facts, "5 12:00", known_at="6 10:00") == []


def test_the_time_of_a_fact_can_be_corrected():
    facts = order(
        "5 10:00 received", "5 15:00 resolved", "7 10:00 corrected version=2 field=occurred_at value=2026-01-05T13:00:00+08:00"
    )
    assert one(book(DONE), facts) == ("met", "5 14:00", "5 13:00", "3:00", "0:00")


def test_the_last_of_several_corrections_wins():
    facts = order(
        "5 10:00 received",
        "5 10:00 classified type=a",
        "6 10:00 corrected version=2 field=type value=b",
        "7 10:00 corrected version=2 field=type value=c",
    )
    assert settled(facts)[1].fields["type"] == "c"


def test_a_correction_can_be_corrected():
    facts = order(
        "5 10:00 received",
        "5 10:00 classified type=a",
        "6 10:00 corrected version=2 field=type value=b",
        "7 10:00 corrected version=3 field=value value=c",
    )
    assert settled(facts)[1].fields["type"] == "c"


def test_a_corrected_value_may_lie_within_a_field_or_be_taken_away():
    facts = order(
        "5 10:00 received",
        "5 11:00 corrected version=1 field=place.building value=B7",
        "5 12:00 corrected version=1 field=number",
    )
    fields = settled(facts)[0].fields
    assert fields["place"] == {"building": "B7"}
    assert "number" not in fields


def test_a_correction_of_what_nobody_knows_changes_nothing():
    facts = order("5 10:00 received", "5 11:00 corrected version=9 field=severity value=high", "5 12:00 resolved")
    assert one(book("name: done, stop: resolved, limit: 4 h"), facts).verdict == "met"


def test_without_the_receipt_there_is_no_order():
    facts = order("5 10:00 received recorded=6T10:00", "5 12:00 resolved")
    assert rows(book(DONE), facts, "5 13:00", known_at="5 13:00") == []
    assert rows(book(DONE), []) == []


# ---- waivers

EXCUSED = ("5 10:00 received", "5 16:00 resolved", "6 10:00 waiver_requested by=li target=done reason=storm")
APPROVED = (*EXCUSED, "6 11:00 waiver_approved by=wang target=done reason=storm")


def policy_with_waivers(target=DONE):
    return book(target, waivers="{reasons: [storm]}")


def test_a_request_alone_excuses_nothing():
    assert one(policy_with_waivers(), order(*EXCUSED)).verdict == "missed"


def test_an_approved_waiver_excuses_and_the_raw_verdict_stays():
    (row,) = rows(policy_with_waivers(), order(*APPROVED))
    assert (row.verdict, row.raw_verdict, row.waived) == ("waived", "missed", True)


def test_a_waiver_refused_afterwards_is_none():
    facts = order(*APPROVED, "6 12:00 waiver_refused by=zhao target=done reason=storm")
    assert one(policy_with_waivers(), facts).verdict == "missed"


def test_a_reason_that_is_not_in_the_policys_list_excuses_nothing():
    facts = order(*EXCUSED, "6 11:00 waiver_approved by=wang target=done reason=tired")
    assert one(policy_with_waivers(), facts).verdict == "missed"
    assert one(book(DONE), order(*APPROVED)).verdict == "missed"


def test_a_waiver_for_another_target_excuses_nothing():
    facts = order(*EXCUSED, "6 11:00 waiver_approved by=wang target=response reason=storm")
    assert one(policy_with_waivers(), facts).verdict == "missed"


def test_a_promise_kept_is_met_with_or_without_a_waiver():
    facts = order("5 10:00 received", "5 11:00 resolved", "6 11:00 waiver_approved by=wang target=done reason=storm")
    assert one(policy_with_waivers(), facts).verdict == "met"


def test_a_waiver_does_not_excuse_what_began_after_it():
    policy = policy_with_waivers("name: done, stop: resolved, limit: 1 h, reopen: new_cycle")
    facts = order(*APPROVED, "7 10:00 reopened", "7 16:00 resolved")
    assert [r.verdict for r in readings(policy, facts)] == ["waived", "missed"]


def test_an_excused_clock_that_runs_is_waived_once_it_is_overdue():
    facts = order("5 10:00 received", "5 11:00 waiver_approved by=wang target=done reason=storm")
    assert one(policy_with_waivers(), facts, "5 13:00").verdict == "running"
    assert one(policy_with_waivers(), facts, "5 15:00").verdict == "waived"
    (row,) = rows(policy_with_waivers(), facts)
    assert row.at(row.due + 1) == "waived"


# ---- warnings


def test_warnings_come_when_their_share_of_the_limit_is_used():
    policy = book(f"{DONE}, warn: [0.5, 0.75]")
    (row,) = rows(policy, order("5 10:00 received"))
    assert [(share, shown(at)) for share, at in warnings(policy, row)] == [(0.5, "5 12:00"), (0.75, "5 13:00")]


def test_a_pause_puts_off_the_warnings_that_were_still_to_come():
    policy = book(f"{DONE}, warn: [0.25, 0.75]")
    (row,) = rows(policy, order("5 10:00 received", "5 12:00 paused reason=parts", "5 14:00 resumed"))
    assert [(share, shown(at)) for share, at in warnings(policy, row)] == [(0.25, "5 11:00"), (0.75, "5 15:00")]


def test_while_paused_it_is_not_known_when_they_come():
    policy = book(f"{DONE}, warn: [0.25, 0.75]")
    (row,) = rows(policy, order("5 10:00 received", "5 12:00 paused reason=parts"))
    assert [share for share, _ in warnings(policy, row)] == [0.25]
