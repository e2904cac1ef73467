"""Promises that repeat: every so long, or by a time each day."""

from __future__ import annotations

from tests.policies.desk import book, micros, order, readings, rows, shown

from slaengine.policies.compile import compiled
from slaengine.policies.daily import deadlines
from slaengine.policies.rows import Cadence

HOURLY = "name: progress, stop: [resolved, closed], limit: {every: 1 h}"
DAILY = 'name: progress, stop: [resolved, closed], limit: {by: "17:00"}'


def test_each_report_ends_one_hour_and_begins_the_next():
    facts = order("5 10:00 received", "5 10:40 progress_reported", "5 12:00 progress_reported", "5 12:30 resolved")
    assert [(r.verdict, r.due, r.stop) for r in readings(book(HOURLY), facts)] == [
        ("met", "5 11:00", "5 10:40"),
        ("missed", "5 11:40", "5 12:00"),
        ("cancelled", "5 13:00", "5 12:30"),
    ]


def test_an_hour_overdue_when_it_is_resolved_was_missed():
    assert [r.verdict for r in readings(book(HOURLY), order("5 10:00 received", "5 11:30 resolved"))] == ["missed"]


def test_another_fact_can_be_the_beat():
    facts = order("5 10:00 received", "5 10:40 responded")
    assert [r.verdict for r in readings(book(f"{HOURLY}, beat: responded"), facts, "5 11:00")] == ["met", "running"]


def test_a_cadence_begins_again_when_the_order_is_reopened():
    facts = order("5 10:00 received", "5 10:30 resolved", "5 12:00 reopened")
    assert [(r.verdict, r.due) for r in readings(book(HOURLY), facts)] == [("cancelled", "5 11:00"), ("running", "5 13:00")]


def test_one_report_meets_the_days_deadline_and_further_ones_add_nothing():
    facts = order("5 10:00 received", "5 11:00 progress_reported", "5 16:00 progress_reported", "6 10:00 resolved")
    assert [(r.verdict, r.due, r.stop) for r in readings(book(DAILY), facts)] == [
        ("met", "5 17:00", "5 11:00"),
        ("cancelled", "6 17:00", "6 10:00"),
    ]


def test_a_report_exactly_at_the_deadline_meets_it():
    facts = order("5 10:00 received", "5 17:00 progress_reported", "5 18:00 resolved")
    assert readings(book(DAILY), facts)[0].verdict == "met"


def test_a_day_without_a_report_is_missed_at_its_deadline_and_the_next_begins():
    facts = order("5 10:00 received")
    assert [(r.verdict, r.due, r.stop) for r in readings(book(DAILY), facts, "7 12:00")] == [
        ("missed", "5 17:00", "5 17:00"),
        ("missed", "6 17:00", "6 17:00"),
        ("running", "7 17:00", None),
    ]


def test_on_days_off_nothing_is_owed():
    facts = order("9 10:00 received")
    assert [(r.verdict, r.due) for r in readings(book(f"{DAILY}, calendar: office"), facts, "12 12:00")] == [
        ("missed", "9 17:00"),
        ("running", "12 17:00"),
    ]


def test_a_deadline_in_a_pause_asks_for_nothing():
    policy = book(f"{DAILY}, pause: any")
    facts = order("5 10:00 received", "5 12:00 paused reason=rain", "6 18:00 resumed", "7 10:00 progress_reported")
    assert [(r.verdict, r.due, r.stop) for r in readings(policy, facts, "7 12:00")] == [("met", "7 17:00", "7 10:00")]


def test_a_daily_clock_says_how_it_goes_on_by_itself():
    policy = book(DAILY)
    (row,) = rows(policy, order("5 10:00 received"))
    assert (shown(row.due), row.cadence, row.valid_until) == ("5 17:00", Cadence(0, None), None)
    assert list(map(shown, deadlines(compiled(policy), 0, row.due, micros("8 17:00")))) == ["6 17:00", "7 17:00", "8 17:00"]
    (hourly,) = rows(book(HOURLY), order("5 10:00 received"))
    assert (hourly.cadence, hourly.valid_until) == (None, None)


def test_a_daily_clock_that_depends_on_the_hour_is_judged_again_after_each_deadline():
    (row,) = rows(book(f"{DAILY}, applies: {{hours: {{inside: office}}}}"), order("5 10:00 received"))
    assert (row.cadence, shown(row.valid_until)) == (None, "5 17:00")
