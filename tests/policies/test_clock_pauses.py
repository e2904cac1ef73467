"""What a pause does to a clock, and what it does not."""

from __future__ import annotations

import pytest
from tests.policies.desk import book, hours, one, order, readings, rows, shown

PARTS = "name: done, stop: resolved, limit: 4 h, pause: [parts]"
OFFICE = f"{PARTS}, calendar: office"


def test_an_honoured_pause_moves_the_due_time_by_its_length():
    facts = order("5 10:00 received", "5 11:00 paused reason=parts", "5 13:00 resumed", "5 16:00 resolved")
    assert one(book(PARTS), facts) == ("met", "5 16:00", "5 16:00", "4:00", "2:00")


def test_a_reason_the_target_does_not_honour_changes_nothing():
    facts = order("5 10:00 received", "5 11:00 paused reason=tea", "5 13:00 resumed", "5 16:00 resolved")
    assert one(book(PARTS), facts) == ("missed", "5 14:00", "5 16:00", "6:00", "0:00")


def test_no_reason_is_honoured_unless_the_policy_names_it():
    facts = order("5 10:00 received", "5 11:00 paused reason=parts", "5 13:00 resumed", "5 16:00 resolved")
    assert one(book("name: done, stop: resolved, limit: 4 h"), facts).verdict == "missed"


def test_any_honours_every_reason():
    facts = order("5 10:00 received", "5 11:00 paused reason=whatever", "5 13:00 resumed", "5 16:00 resolved")
    assert one(book("name: done, stop: resolved, limit: 4 h, pause: any"), facts).verdict == "met"


def test_a_pause_is_measured_in_the_targets_own_time():
    facts = order("9 16:00 received", "9 16:30 paused reason=parts", "12 09:30 resumed", "12 13:00 resolved")
    assert one(book(OFFICE), facts) == ("met", "12 13:00", "12 13:00", "4:00", "1:00")


def test_a_pause_outside_hours_moves_nothing():
    facts = order("9 16:00 received", "9 17:00 paused reason=parts", "12 08:00 resumed", "12 12:01 resolved")
    assert one(book(OFFICE), facts) == ("missed", "12 12:00", "12 12:01", "4:01", "0:00")


def test_while_paused_the_due_time_is_unknowable_and_time_stands_still():
    facts = order("5 10:00 received", "5 11:00 paused reason=parts")
    assert one(book(PARTS), facts, "8 11:00") == ("running", None, None, "1:00", "72:00")


def test_a_breach_before_the_pause_stays_one():
    facts = order("5 10:00 received", "5 15:00 paused reason=parts")
    assert one(book(PARTS), facts, "5 18:00") == ("overdue", "5 14:00", None, "5:00", "3:00")
    resumed = order("5 10:00 received", "5 15:00 paused reason=parts", "5 18:00 resumed", "5 18:00 resolved")
    assert one(book(PARTS), resumed) == ("missed", "5 14:00", "5 18:00", "5:00", "3:00")


@pytest.mark.parametrize(("boundary", "due"), [("end", "5 17:00"), ("next", "6 10:00")])
def test_a_pause_after_the_limit_ran_out_at_closing_moves_only_what_is_due_at_the_opening(boundary, due):
    facts = order("5 13:00 received", "5 18:00 paused reason=parts", "6 10:00 resumed", "6 10:00 resolved")
    assert one(book(f"{OFFICE}, boundary: {boundary}"), facts).due == due


def test_a_pause_still_open_at_the_stop_ends_there():
    facts = order("5 10:00 received", "5 11:00 paused reason=parts", "5 20:00 resolved")
    assert one(book(PARTS), facts) == ("met", "5 23:00", "5 20:00", "1:00", "9:00")


def test_a_pause_after_the_stop_never_moves_it():
    policy = book("name: response, stop: responded, limit: 4 h, pause: any")
    facts = order("5 10:00 received", "5 11:00 responded", "5 12:00 paused reason=parts", "5 13:00 resumed")
    assert one(policy, facts) == ("met", "5 14:00", "5 11:00", "1:00", "0:00")


def test_overlapping_pauses_count_once():
    policy = book("name: done, stop: resolved, limit: 4 h, pause: [parts, owner]")
    facts = order(
        "5 10:00 received",
        "5 11:00 paused reason=parts",
        "5 12:00 paused reason=owner",
        "5 13:00 resumed reason=parts",
        "5 14:00 resumed",
    )
    assert one(policy, [*facts, *order(*["5 10:00 received"] * 5, "5 15:00 resolved")[5:]]) == (
        "met",
        "5 17:00",
        "5 15:00",
        "2:00",
        "3:00",
    )


def test_a_nested_reason_that_is_not_honoured_neither_ends_nor_prolongs_the_pause():
    facts = order(
        "5 10:00 received",
        "5 11:00 paused reason=parts",
        "5 11:30 paused reason=tea",
        "5 12:00 resumed reason=tea",
        "5 13:00 resumed reason=parts",
        "5 13:00 resolved",
    )
    assert one(book(PARTS), facts).paused == "2:00"


def test_two_reasons_nobody_named_are_two_under_any():
    policy = book("name: done, stop: resolved, limit: 4 h, pause: any")
    facts = order(
        "5 10:00 received",
        "5 11:00 paused reason=a",
        "5 11:30 paused reason=b",
        "5 12:00 resumed reason=a",
        "5 13:00 resumed reason=b",
    )
    assert one(policy, facts, "5 13:00").paused == "2:00"


def test_each_target_honours_its_own_reasons():
    policy = book(PARTS, "name: sla, stop: resolved, limit: 4 h")
    facts = order("5 10:00 received", "5 11:00 paused reason=parts", "5 13:00 resumed", "5 15:00 resolved")
    assert [(r.verdict, r.due) for r in readings(policy, facts)] == [("met", "5 16:00"), ("missed", "5 14:00")]


def test_an_order_that_is_resolved_waits_for_nothing():
    policy = book("name: closed, stop: closed, limit: 8 h, pause: any")
    facts = order("5 10:00 received", "5 11:00 paused reason=parts", "5 12:00 resolved", "5 14:00 closed")
    assert one(policy, facts) == ("met", "5 19:00", "5 14:00", "3:00", "1:00")


def test_a_clock_that_starts_while_the_order_waits_is_paused_from_its_start():
    policy = book("name: arrival, start: dispatched, stop: arrived, limit: 1 h, pause: any")
    facts = order(
        "5 10:00 received", "5 10:30 paused reason=rain", "5 11:00 dispatched team=a", "5 12:00 resumed", "5 12:30 arrived"
    )
    assert one(policy, facts) == ("met", "5 13:00", "5 12:30", "0:30", "1:00")


def test_working_days_are_put_off_by_the_open_time_of_the_pause():
    policy = book("name: done, stop: resolved, limit: 1 wd, calendar: office, pause: [parts]")
    facts = order("5 10:00 received", "5 12:00 paused reason=parts", "5 15:00 resumed", "6 17:00 resolved")
    assert one(policy, facts) == ("met", "7 12:00", "6 17:00", "12:00", "3:00")


def test_the_row_lists_what_was_taken_out_and_by_which_facts():
    facts = order("5 10:00 received", "5 11:00 paused reason=parts", "5 13:00 resumed", "5 16:00 resolved")
    (row,) = rows(book(PARTS), facts)
    assert [(shown(s.begins), shown(s.ends), s.begun_by, s.ended_by) for s in row.spans] == [("5 11:00", "5 13:00", 2, 3)]
    assert hours(row.limit) == "4:00"
