"""How a due time follows from its start, told for every form of limit."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.policies.desk import SHANGHAI, book, order

from slaengine.errors import UsageError
from slaengine.policies.calendar_instants import as_micros
from slaengine.policies.explain import explain


def at(text):
    return datetime.fromisoformat(f"2026-01-{text}").replace(tzinfo=SHANGHAI)


def told(target, *facts, now="31T00:00", given=None, cycle=None):
    moments = order(*facts)
    if given:
        moments[0].fields["given_due"] = {name: at(text).isoformat() for name, text in given.items()}
    return explain(book(target), moments, "done", as_of=as_micros(at(now)), cycle=cycle)


@pytest.mark.parametrize(
    ("limit", "form", "amount", "due"),
    [
        ("limit: 4 h", "open_time", None, "05T14:00"),
        ("limit: 4 h, calendar: office", "open_time", None, "05T14:00"),
        ("limit: 7 h, calendar: office, boundary: next", "open_time", None, "06T09:00"),
        ("limit: 7 h, calendar: office, boundary: end", "open_time", None, "05T17:00"),
        ("limit: 2 wd, calendar: office", "working_days", 2, "07T17:00"),
        ("limit: 3 cd", "calendar_days", 3, "08T10:00"),
        ("limit: {every: 2 h}", "every", None, "05T12:00"),
        ("limit: {by: '17:00'}", "by", None, "05T17:00"),
        ("limit: {by: '17:00:30'}", "by", None, "05T17:00:30"),
        ("limit: {by: '24:00'}", "by", None, "06T00:00"),
        ("limit: {by: '09:30'}", "by", None, "06T09:30"),
        ("limit: {by: '17:00', first: next_day}", "by", None, "06T17:00"),
        ("limit: {by: '24:00', first: next_day}", "by", None, "07T00:00"),
        ("limit: {by: '09:30', first: next_day}", "by", None, "06T09:30"),
    ],
)
def test_the_form_of_a_limit_says_when_it_runs_out(limit, form, amount, due):
    found = told(f"name: done, stop: resolved, {limit}", "5 10:00 received", now="05T10:30").derivation
    assert (found.form, found.amount, found.first_due_at, found.moved_s) == (form, amount, at(due), 0.0)
    assert found.from_at == at("05T10:00")
    assert found.given_name is None
    assert found.leaves_first_day == ("next_day" in limit)
    assert found.boundary == ("next" if "next" in limit and "first" not in limit else "end")
    assert (found.day_rule, bool(found.days)) == (("end_of_day", True) if form == "working_days" else (None, False))


def test_a_given_due_time_is_named():
    found = told("name: done, stop: resolved, limit: given:agreed", "5 10:00 received", given={"agreed": "07T12:00"}).derivation
    assert (found.form, found.given_name, found.first_due_at) == ("given", "agreed", at("07T12:00"))


def test_a_start_outside_hours_is_moved_before_days_are_counted_from_it():
    found = told(
        "name: done, stop: resolved, limit: 1 wd, calendar: office, day_rule: roll_to_opening", "5 18:00 received"
    ).derivation
    assert (found.from_at, found.first_due_at, found.day_rule) == (at("06T09:00"), at("07T09:00"), "roll_to_opening")


def test_how_far_pauses_moved_the_due_time_is_told_in_open_time():
    facts = ("5 10:00 received", "5 16:00 paused reason=parts", "6 10:00 resumed")
    found = told("name: done, stop: resolved, limit: 7 h, calendar: office, pause: any", *facts, now="06T11:00")
    assert (found.derivation.first_due_at, found.due_at, found.derivation.moved_s) == (at("05T17:00"), at("06T11:00"), 7200.0)
    waiting = told("name: done, stop: resolved, limit: 8 h, calendar: office, pause: any", *facts[:2], now="05T16:30")
    assert (waiting.due_at, waiting.derivation.moved_s) == (None, None)


def test_how_late_it_is_is_told_in_open_time_and_by_the_wall_clock():
    target = "name: done, stop: resolved, limit: 6 h, calendar: office"
    late = told(target, "5 10:00 received", "6 10:00 resolved")
    assert (late.ran_out_at, late.over_s, late.overdue_s) == (at("05T16:00"), 7200.0, 64_800.0)
    kept = told(target, "5 10:00 received", "5 16:00 resolved")
    assert (kept.ran_out_at, kept.over_s, kept.overdue_s, kept.failed) == (None, None, None, False)
    running = told(target, "5 10:00 received", now="05T12:00")
    assert (running.stopped_at, running.judged_at, running.over_s) == (None, at("05T12:00"), None)


def test_a_clock_that_a_fact_failed_is_told_so_only_when_its_limit_had_not_run_out():
    target = "name: done, stop: resolved, fail: declined, limit: 6 h"
    failed = told(target, "5 10:00 received", "5 11:00 declined reason=x")
    assert (failed.starts_on, failed.stops_on, failed.pauses_for) == (("received",), ("resolved",), ())
    assert (failed.failed, failed.fails_on, failed.ran_out_at, failed.raw_verdict) == (True, ("declined",), None, "missed")
    late = told(target, "5 10:00 received", "5 18:00 declined reason=x")
    assert (late.failed, late.ran_out_at) == (False, at("05T16:00"))


def test_of_several_cycles_one_is_asked_for():
    target = "name: done, start: responded, stop: arrived, limit: 1 h"
    facts = ("5 10:00 received", "5 11:00 responded", "5 11:30 arrived", "5 12:00 responded", "5 12:10 arrived")
    assert [told(target, *facts, cycle=n).elapsed_s for n in (1, 2, None)] == [1800.0, 600.0, 600.0]
    assert [(told(target, *facts, cycle=n).cycle, told(target, *facts, cycle=n).cycles) for n in (1, 2)] == [(1, 2), (2, 2)]
    with pytest.raises(UsageError, match=r"the order's target 'done' has no clock 3; it has 1 to 2$"):
        told(target, *facts, cycle=3)


def test_a_clock_that_is_not_there_is_refused_with_those_that_are():
    two = book("name: done, stop: resolved, limit: 1 h", "name: told, stop: closed, limit: 1 h")
    now = as_micros(at("06T00:00"))
    with pytest.raises(UsageError, match=r"no clock of a target 'don'; did you mean 'done'\?; it has clocks of done, told$"):
        explain(two, order("5 10:00 received"), "don", as_of=now)
    with pytest.raises(UsageError, match="no clock of it has started, or no target of the policy covers it"):
        explain(two, order("5 10:00 received"), "done", as_of=now - 30 * 86_400_000_000)


def test_the_waits_of_a_pause_are_those_in_force_and_no_others():
    facts = (
        "5 10:00 received",
        "5 11:00 paused reason=parts",
        "5 12:00 resumed reason=parts",
        "5 13:00 paused reason=owner",
        "5 13:30 paused reason=rain",
        "5 14:00 resumed reason=rain",
        "5 15:00 resumed",
        "5 16:00 resolved",
    )
    segments = told("name: done, stop: resolved, limit: 8 h, pause: [parts, owner]", *facts).segments
    paused = [(s.begins_at, s.ends_at, s.reason, s.facts) for s in segments if s.cause == "paused"]
    assert paused == [
        (at("05T11:00"), at("05T12:00"), "parts", (2, 3)),
        (at("05T13:00"), at("05T15:00"), "owner", (4, 7)),
    ]


def test_time_between_a_stop_and_its_reopening_is_told_as_stopped():
    facts = ("5 10:00 received", "5 11:00 resolved", "5 13:00 reopened", "5 14:00 resolved")
    segments = told("name: done, stop: resolved, limit: 8 h", *facts).segments
    assert [(s.cause, s.facts, s.length_s, s.open_s, s.counted_s) for s in segments] == [
        ("counted", (), 3600.0, 3600.0, 3600.0),
        ("stopped", (2, 3), 7200.0, 7200.0, 0.0),
        ("counted", (), 3600.0, 3600.0, 3600.0),
    ]


def test_closed_time_has_no_open_time_in_it():
    segments = told("name: done, stop: resolved, limit: 20 h, calendar: office", "5 16:00 received", "6 10:00 resolved").segments
    assert [(s.cause, s.reason, s.open_s, timedelta(seconds=s.length_s)) for s in segments] == [
        ("counted", None, 3600.0, timedelta(hours=1)),
        ("closed", "night", 0.0, timedelta(hours=16)),
        ("counted", None, 3600.0, timedelta(hours=1)),
    ]
