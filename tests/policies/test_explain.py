"""Explanations of clocks whose every second can be checked by hand."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from slaengine.errors import UsageError
from slaengine.policies.book import PolicyBook
from slaengine.policies.calendar_instants import as_micros
from slaengine.policies.china import state_council_days
from slaengine.policies.explain import explain, explain_all
from slaengine.policies.moment import Moment

HOURS = '[["09:00", "17:00"]]'
POLICY = """
policy: works
time_zone: {zone}
calendars:
  office:
    weekly: {{mon: {hours}, tue: {hours}, wed: {hours}, thu: {hours}, fri: {hours}}}
    holidays: {holidays}
version: "1"
effective_from: 2000-01-01T00:00:00
targets:
  - {{name: repair, stop: resolved, limit: {limit}, calendar: {calendar}, {more}}}
waivers: {{reasons: [storm]}}
"""


class Case:
    """An order under a policy of one target, its facts told by the local time at which they occurred."""

    def __init__(self, limit, more="", *, zone="Europe/Paris", calendar="office", holidays="{2026-04-06: Easter Monday}"):
        text = POLICY.format(limit=limit, more=more, zone=zone, calendar=calendar, holidays=holidays, hours=HOURS)
        self.book, self.zone, self.moments = PolicyBook.parse(text), ZoneInfo(zone), []

    def __call__(self, name, at, recorded=None, **fields):
        recorded = self.micros(recorded or at)
        self.moments.append(Moment(name, self.micros(at), recorded, len(self.moments) + 1, fields))
        return self

    def micros(self, local):
        return as_micros(datetime.fromisoformat(local).replace(tzinfo=self.zone))

    def local(self, instant):
        return instant.astimezone(self.zone).strftime("%m-%d %H:%M")

    def explain(self, as_of, target="repair", **asked):
        return explain(self.book, self.moments, target, as_of=self.micros(as_of), **asked)

    def lines(self, told):
        return [
            (self.local(s.begins_at), s.cause, s.reason, s.facts, s.counted_s / 3600, s.total_s / 3600) for s in told.segments
        ]


def test_a_weekend_and_a_holiday_are_told_by_name():
    case = Case("4 h")("received", "2026-04-03T16:00")("resolved", "2026-04-07T11:00")
    told = case.explain("2026-04-08T00:00")
    assert case.lines(told) == [
        ("04-03 16:00", "counted", None, (), 1, 1),
        ("04-03 17:00", "closed", "night", (), 0, 1),
        ("04-04 00:00", "closed", "weekend", (), 0, 1),
        ("04-06 00:00", "closed", "Easter Monday", (), 0, 1),
        ("04-07 00:00", "closed", "night", (), 0, 1),
        ("04-07 09:00", "counted", None, (), 2, 3),
    ]
    assert (told.verdict, told.elapsed_s, told.limit_s, told.ran_out_at) == ("met", 3 * 3600, 4 * 3600, None)
    assert (told.started_by, told.stopped_by, told.derivation.form) == (1, 2, "open_time")
    assert case.local(told.due_at) == case.local(told.derivation.first_due_at) == "04-07 12:00"


def test_a_breach_is_shown_at_the_instant_the_limit_ran_out():
    case = Case("2 h")("received", "2026-04-02T10:00")("resolved", "2026-04-02T15:30")
    told = case.explain("2026-04-02T16:00")
    assert case.local(told.ran_out_at) == "04-02 12:00"
    assert [(case.local(s.begins_at), s.late, s.total_s / 3600) for s in told.segments] == [
        ("04-02 10:00", False, 2),
        ("04-02 12:00", True, 5.5),
    ]
    assert (told.verdict, told.over_s, told.overdue_s) == ("missed", 3.5 * 3600, 3.5 * 3600)


def test_a_breach_outside_hours_counts_nothing_over_the_limit():
    case = Case("1 h")("received", "2026-04-02T16:00")("resolved", "2026-04-02T20:00")
    told = case.explain("2026-04-03T00:00")
    assert (told.verdict, told.over_s, told.overdue_s) == ("missed", 0, 3 * 3600)
    assert [(s.cause, s.late) for s in told.segments] == [("counted", False), ("closed", True)]


def test_a_pause_names_its_reason_and_facts_and_moves_the_due_time():
    case = Case("6 h", "pause: [parts]")("received", "2026-04-01T10:00")
    case("paused", "2026-04-01T12:00", reason="parts")("resumed", "2026-04-02T11:00", reason="parts")
    told = case("resolved", "2026-04-02T14:00").explain("2026-04-03T00:00")
    assert case.lines(told) == [
        ("04-01 10:00", "counted", None, (), 2, 2),
        ("04-01 12:00", "paused", "parts", (2, 3), 0, 2),
        ("04-02 11:00", "counted", None, (), 3, 5),
    ]
    assert (told.paused_s, told.segments[1].open_s, told.segments[1].length_s) == (7 * 3600, 7 * 3600, 23 * 3600)
    assert (case.local(told.derivation.first_due_at), case.local(told.due_at)) == ("04-01 16:00", "04-02 15:00")
    assert told.derivation.moved_s == 7 * 3600
    assert [fact.version for fact in told.facts] == [1, 2, 3, 4]


def test_reasons_that_overlap_are_all_named_and_others_are_not():
    case = Case("6 h", "pause: [parts, owner]")("received", "2026-04-01T10:00")
    case("paused", "2026-04-01T11:00", reason="parts")("paused", "2026-04-01T12:00", reason="owner")
    case("paused", "2026-04-01T12:00", reason="rain")("resumed", "2026-04-01T13:00", reason="parts")
    told = case("resumed", "2026-04-01T15:00", reason="owner").explain("2026-04-01T16:00")
    assert case.lines(told)[1] == ("04-01 11:00", "paused", "parts, owner", (2, 3, 6), 0, 1)


def test_a_pause_that_lasts_leaves_the_due_time_unknown():
    case = Case("6 h", "pause: any")("received", "2026-04-01T10:00")("paused", "2026-04-01T12:00", reason="parts")
    told = case.explain("2026-04-01T13:00")
    assert (told.due_at, told.derivation.moved_s, told.verdict) == (None, None, "running")
    assert case.local(told.derivation.first_due_at) == "04-01 16:00"
    assert told.segments[-1].facts == (2,)


def test_the_time_between_a_stop_and_the_reopening_is_told_apart_from_a_pause():
    case = Case("4 h")("received", "2026-04-01T10:00")("resolved", "2026-04-01T11:00")
    told = case("reopened", "2026-04-01T14:00")("resolved", "2026-04-01T15:00").explain("2026-04-02T00:00")
    assert case.lines(told) == [
        ("04-01 10:00", "counted", None, (), 1, 1),
        ("04-01 11:00", "stopped", None, (2, 3), 0, 1),
        ("04-01 14:00", "counted", None, (), 1, 2),
    ]
    assert (told.verdict, told.paused_s) == ("met", 3 * 3600)


def test_real_hours_count_in_the_night_the_clocks_go_back():
    case = Case("30 h", calendar="always")("received", "2026-10-24T20:00")("resolved", "2026-10-25T20:00")
    told = case.explain("2026-10-26T00:00")
    assert case.lines(told) == [("10-24 20:00", "counted", None, (), 25, 25)]


def test_calendar_days_keep_the_time_of_day_across_the_change_of_clocks():
    case = Case("2 cd", calendar="always")("received", "2026-10-24T20:00")
    told = case.explain("2026-10-25T20:00")
    assert (told.derivation.form, told.derivation.amount, told.limit_s) == ("calendar_days", 2, 49 * 3600)
    assert case.local(told.due_at) == "10-26 20:00"


def test_working_days_are_counted_by_date_with_the_holidays_between():
    case = Case("2 wd")("received", "2026-04-02T18:00")
    told = case.explain("2026-04-03T00:00")
    assert [(day.date.day, day.number, day.reason) for day in told.derivation.days] == [
        (2, 0, None), (3, 1, None), (4, None, "weekend"), (5, None, "weekend"), (6, None, "Easter Monday"), (7, 2, None),
    ]  # fmt: skip
    assert case.local(told.due_at) == "04-07 17:00"


def test_boston_counts_five_working_days_from_the_first_open_moment():
    case = Case("5 wd", zone="America/New_York")
    case.book = PolicyBook.pack("boston-311")
    case("received", "2015-05-21T18:30", kind="service")("classified", "2015-05-21T18:30", type="Abandoned Building")
    told = case.explain("2015-05-22T00:00", target="resolution")
    counted = [(f"{day.date:%m-%d}", day.number, day.reason) for day in told.derivation.days]
    assert counted == [
        ("05-21", None, None), ("05-22", 0, None), ("05-23", None, "weekend"), ("05-24", None, "weekend"),
        ("05-25", None, "Memorial Day"), ("05-26", 1, None), ("05-27", 2, None), ("05-28", 3, None), ("05-29", 4, None),
        ("05-30", None, "weekend"), ("05-31", None, "weekend"), ("06-01", 5, None),
    ]  # fmt: skip
    assert (case.local(told.derivation.from_at), case.local(told.due_at)) == ("05-22 08:30", "06-01 08:30")


def test_a_makeup_day_counts_as_the_working_day_that_it_is():
    case = Case("5 wd", zone="Asia/Shanghai", holidays="china")("received", "2026-02-12T20:00")
    days = case.explain("2026-02-13T00:00").derivation.days
    assert [(day.date, day.number) for day in days if day.make_up] == [(date(2026, 2, 14), 2)]
    assert {day.reason for day in days if day.number is None} == {"春节 Spring Festival"}
    assert (days[-1].date, days[-1].number) == (date(2026, 2, 26), 5)


def test_the_last_days_that_a_calendar_knows_are_explained_too():
    year = state_council_days().known_until.year - 1
    case = Case("1 h", zone="Asia/Shanghai", holidays="china")("received", f"{year}-12-30T16:30")
    told = case.explain(f"{year}-12-31T23:00")
    assert told.judged_at == told.segments[-1].ends_at
    assert told.elapsed_s == 8.5 * 3600


@pytest.mark.parametrize(
    ("rule", "start", "first_counted", "due"),
    [
        ("end_of_date", "2026-04-04T12:00", 7, "04-08 00:00"),
        ("same_local_time_then_roll_forward", "2026-04-04T18:00", 7, "04-08 09:00"),
        ("skip_closed_days_keep_local_time", "2026-04-04T18:00", 7, "04-07 18:00"),
        ("roll_to_opening", "2026-04-04T18:00", 8, "04-08 09:00"),
        ("skip_non_working_keep_local_time", "2026-04-04T18:00", 8, "04-08 18:00"),
        ("roll_late_start_then_same_local_time", "2026-04-04T18:00", 9, "04-09 09:00"),
    ],
)
def test_each_day_rule_says_which_day_is_the_first(rule, start, first_counted, due):
    case = Case("1 wd", f"day_rule: {rule}")("received", start)
    told = case.explain("2026-04-04T19:00")
    assert [day.date.day for day in told.derivation.days if day.number == 1] == [first_counted]
    assert case.local(told.due_at) == due


def test_a_reclassification_is_told_with_what_held_before_and_after():
    more = "applies: {type: lift}}\n  - {name: repair, stop: resolved, limit: 8 h, calendar: office"
    case = Case("2 h", more)("received", "2026-04-01T10:00")("classified", "2026-04-01T11:00", type="lift")
    told = case.explain("2026-04-01T11:30")
    (change,) = told.changes
    assert (change.kind, change.fact, case.local(change.at)) == ("reclassified", 2, "04-01 11:00")
    assert (change.before.limit, change.after.limit) == ("8 h", "2 h")
    assert (case.local(change.before.due_at), case.local(change.after.due_at)) == ("04-02 10:00", "04-01 12:00")


def test_a_restart_says_when_the_clock_had_started_before():
    case = Case("2 h", "reassign: restart")("received", "2026-04-01T10:00")("dispatched", "2026-04-01T10:30")
    told = case("dispatched", "2026-04-01T11:00").explain("2026-04-01T12:00")
    (change,) = told.changes
    assert (change.kind, change.fact) == ("reassigned", 3)
    assert (case.local(change.before.started_at), case.local(change.after.started_at)) == ("04-01 10:00", "04-01 11:00")
    assert case.local(told.started_at) == "04-01 11:00"


def test_a_waiver_is_named_and_what_was_raw_stays():
    case = Case("2 h")("received", "2026-04-01T10:00")("waiver_approved", "2026-04-01T11:00", target="repair", reason="storm")
    told = case("resolved", "2026-04-01T14:00").explain("2026-04-01T15:00")
    assert (told.verdict, told.raw_verdict, told.waiver.fact, told.waiver.reason) == ("waived", "missed", 2, "storm")
    assert told.over_s == 2 * 3600


def test_what_was_known_then_is_explained_without_what_came_later():
    case = Case("2 h")("received", "2026-04-01T10:00")("resolved", "2026-04-01T11:00", recorded="2026-04-03T09:00")
    known = case.explain("2026-04-01T13:00", known_at=case.micros("2026-04-01T13:00"))
    assert (known.verdict, case.explain("2026-04-01T13:00").verdict) == ("overdue", "met")


def test_each_clock_of_a_target_can_be_asked_for_and_the_last_is_told_unasked():
    case = Case("4 h", "reopen: new_cycle")("received", "2026-04-01T10:00")("resolved", "2026-04-01T11:00")
    case("reopened", "2026-04-01T14:00")
    assert [case.explain("2026-04-01T15:00", cycle=n).elapsed_s for n in (1, 2)] == [3600, 3600]
    assert case.explain("2026-04-01T15:00").cycle == 2
    assert [one.cycle for one in explain_all(case.book, case.moments, as_of=case.micros("2026-04-01T15:00"))] == [1, 2]
    with pytest.raises(UsageError, match=r"'repair' has no clock 3; it has 1 to 2"):
        case.explain("2026-04-01T15:00", cycle=3)


def test_a_target_without_a_clock_is_refused_with_those_there_are():
    case = Case("4 h")("received", "2026-04-01T10:00")
    with pytest.raises(UsageError, match=r"no clock of a target 'repairs'; did you mean 'repair'\?; it has clocks of repair"):
        case.explain("2026-04-01T15:00", target="repairs")
    with pytest.raises(UsageError, match="no clock of it has started"):
        case.explain("2026-03-01T00:00")
