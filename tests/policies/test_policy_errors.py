"""A policy that cannot be used: the error names file, line, column and field, and the nearest word that would do."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from slaengine.domain.promises import CalendarPublished, PolicyPublished
from slaengine.errors import PolicyError, UnknownPolicy
from slaengine.policies.book import PolicyBook
from slaengine.policies.calendar_instants import as_micros
from slaengine.policies.clock import judge
from slaengine.policies.limits import FORMS, Limit, Table, limit_of
from slaengine.policies.load import calendar_of, holidays_of
from slaengine.policies.moment import Moment

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)

GOOD = """\
policy: desk
time_zone: Asia/Shanghai
calendars:
  office:
    weekly: {mon: [["09:00", "17:00"]]}
    holidays: ours
holiday_lists:
  ours: [2026-01-01]
version: "1"
effective_from: 2026-01-01
targets:
  - name: done
    applies: {kind: repair, severity: urgent}
    stop: resolved
    limit: 4 h
    calendar: office
"""


def refused(text):
    with pytest.raises(PolicyError) as caught:
        PolicyBook.parse(text, "ours.yaml")
    return str(caught.value)


def changed(old, new):
    assert old in GOOD
    return refused(GOOD.replace(old, new))


def test_the_unchanged_one_is_good():
    assert PolicyBook.parse(GOOD, "ours.yaml").target_names() == ("done",)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "limit: 4 h",
            "limt: 4 h",
            "ours.yaml:15:5: targets[0].limt: there is no such field; did you mean 'limit'?",
        ),
        (
            "severity: urgent",
            "severty: urgent",
            "ours.yaml:13:29: targets[0].applies.severty: there is no such field; did you mean 'severity'?",
        ),
        (
            "time_zone: Asia/Shanghai",
            "timezone: Asia/Shanghai",
            "ours.yaml:2:1: timezone: there is no such field; did you mean 'time_zone'?",
        ),
        (
            "stop: resolved",
            "stop: resolvd",
            "ours.yaml:14:5: targets[0].stop: 'resolvd' is not a fact; did you mean 'resolved'?",
        ),
        (
            "stop: resolved",
            "stop: {fact: revisited, methd: telephone}",
            "targets[0].stop: 'revisited' has no field 'methd'; did you mean 'method'?",
        ),
        (
            "stop: resolved",
            "stop: {fact: revisited, note: x}",
            "'revisited' has no field 'note'; it has by, channel, method, satisfaction",
        ),
        ("stop: resolved", "stop: {fact: meeting_held, parties_min: 0}", "parties_min: 0 is not a number of items"),
        ("stop: resolved", "stop: []", "names no fact"),
        ("stop: resolved", "stop: {after: done}", "only a start can wait for another target"),
        (
            "limit: 4 h",
            "limit: 4 hours",
            "ours.yaml:15:5: targets[0].limit: '4 hours' is not a limit; write '15 min'",
        ),
        ("limit: 4 h", "limit: 4", "targets[0].limit: 4 is not a limit"),
        ("limit: 4 h", "limit: 2 d", "'2 d' in the calendar 'office': write h, wd or cd"),
        ("limit: 4 h", "limit: {every: 1 wd}", "every: '1 wd' is not a span of time"),
        ("limit: 4 h", 'limit: {by: "25:00"}', "by: '25:00' is not a time of day"),
        ("limit: 4 h", "limit: {table: {by: type}}", "a table is written {by: type, rows:"),
        ("limit: 4 h", "limit: {table: {by: type, rows: {a: 4 hours}}}", "'4 hours' is not a limit"),
        ("limit: 4 h", "limit: {every: 1 h}\n    reopen: continue", "a cadence begins a new cycle or ignores the reopening"),
        ("kind: repair", "kind: repairs", "'repairs' will not do; did you mean 'repair'?"),
        (
            "calendar: office",
            "calendar: ofice",
            "target 'done' uses the calendar 'ofice', which is not here; did you mean 'office'?",
        ),
        ("calendar: office", "reopen: contine", "targets[0].reopen: 'contine' will not do; did you mean 'continue'?"),
        ("calendar: office", "start: {after: dne}", "target 'done' starts after 'dne', which is no target; did you mean 'done'?"),
        ("calendar: office", "start: {after: done}", "the targets done wait for each other in a circle"),
        ("calendar: office", "warn: [1.5]", "targets[0].warn[0]: input should be less than 1"),
        ("  - name: done\n", "  - title: x\n", "ours.yaml:12:5: targets[0].name: is missing"),
        ('version: "1"', "version: 1", 'ours.yaml:9:1: version: write the version in quotes: "1"'),
        (
            "effective_from: 2026-01-01",
            "effective_from: soon",
            "ours.yaml:10:1: effective_from: input should be a valid datetime",
        ),
        ("Asia/Shanghai", "Asia/Shanghigh", "'Asia/Shanghigh' is not a time zone"),
        ("policy: desk\n", "", "policy: is missing"),
        ("policy: desk\n", "policy: desk\npolicy: desk\n", "ours.yaml:2:1: 'policy' stands here twice"),
        ("09:00", "9:00", "ours.yaml:5:21: calendars.office.weekly.mon[0][0]: calendar cannot be used"),
        ("holidays: ours", "holidays: our", "calendars.office.holidays: there is no holiday list 'our'; did you mean 'ours'?"),
        ('[["09:00", "17:00"]]', '[["09:00", "17:00"]', "ours.yaml:5:38: did not find"),
    ],
)
def test_what_is_wrong_is_named_where_it_stands(old, new, message):
    text = changed(old, new)
    assert message in text
    assert text.startswith("ours.yaml:") or "circle" in text


def test_everything_wrong_is_said_at_once():
    text = refused(GOOD.replace("limit: 4 h", "limit: 4 hours").replace("stop: resolved", "stop: resolvd"))
    assert len(text.splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "ours.yaml: the file is empty"),
        ("- a\n- b\n", "a policy is a mapping that begins `policy: NAME`"),
        ("a: &a [*a]\n", "nests too deeply, or an alias contains itself"),
        ("? [a, b]\n: c\n", "a key must be a word"),
        ("policy: x\nversions: []\n", "versions: write at least one"),
        ('policy: x\nversion: "1"\neffective_from: 2026-01-01\ntargets: []\n', "targets: write at least one"),
        ("policy: \x00", "ours.yaml:1:1: "),
    ],
)
def test_what_is_no_policy_at_all_is_said_so(text, message):
    assert message in refused(text)


def test_paths_into_several_versions_are_named():
    text = GOOD[: GOOD.index('version: "1"')] + (
        'versions:\n  - version: "1"\n    effective_from: 2026-01-01\n    targets: [{name: done, stop: resolvd, limit: 1 h}]\n'
    )
    assert "ours.yaml:12:28: versions[0].targets[0].stop: 'resolvd'" in refused(text)


def test_escalations_and_key_figures_speak_of_targets_that_are_there():
    assert "an escalation watches 'don', which is no target; did you mean 'done'?" in refused(
        GOOD + "escalations: [{sign: breached, targets: [don], level: 1}]\n"
    )
    assert "kpi 'k' measures 'don', which is no target" in refused(GOOD + "kpis: [{name: k, measure: compliance, target: don}]\n")


def test_an_unknown_policy_is_told_from_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(UnknownPolicy, match="no policy 'bostn-311'; did you mean 'boston-311'"):
        PolicyBook.load("bostn-311")
    with pytest.raises(PolicyError, match="cannot read the policy"):
        PolicyBook.load(tmp_path)
    (tmp_path / "latin.yaml").write_bytes("policy: caf\xe9".encode("latin-1"))
    with pytest.raises(PolicyError, match="not UTF-8"):
        PolicyBook.load(tmp_path / "latin.yaml")


def test_a_file_is_loaded_by_its_path(tmp_path):
    (tmp_path / "ours.yaml").write_text(GOOD, encoding="utf-8")
    assert PolicyBook.load(tmp_path / "ours.yaml").name == "desk"


def test_a_misspelt_field_is_not_called_missing_as_well():
    text = GOOD.replace("limit: 4 h", "limt: 4 h")
    assert refused(text) == "ours.yaml:15:5: targets[0].limt: there is no such field; did you mean 'limit'?"
    assert refused(text.replace("stop: resolved", "unlike: resolved")).split("\n") == [
        "ours.yaml:12:5: targets[0].stop: is missing",
        "ours.yaml:14:5: targets[0].unlike: there is no such field",
        "ours.yaml:15:5: targets[0].limt: there is no such field; did you mean 'limit'?",
    ]


def test_a_published_calendar_or_list_that_cannot_be_used_is_named_where_it_is_wrong():
    with pytest.raises(PolicyError, match=r"^office 2:2:1: wekly: there is no such field"):
        calendar_of("tz: UTC\nwekly: {}\n", "office 2")
    with pytest.raises(PolicyError, match=r"^ours 2026:1:"):
        holidays_of("2026-01-01: {name: New, nam: Year}\n", "ours 2026")


def test_a_calendar_published_on_its_own_says_its_instants_with_an_offset():
    policy = PolicyPublished(
        occurred_at=NEW_YEAR,
        name="desk",
        version="1",
        effective_from=NEW_YEAR,
        text=GOOD,
    )

    def book(effective_from):
        text = f"weekly: {{mon: [['09:00', '17:00']]}}\neditions: [{{effective_from: '{effective_from}', weekly: {{}}}}]\n"
        calendar = CalendarPublished(occurred_at=NEW_YEAR, name="office", version="2", effective_from=NEW_YEAR, text=text)
        return PolicyBook.published("desk", [(policy, 1), (calendar, 2)])

    with pytest.raises(PolicyError, match=r"^2026-07-01T00:00:00 needs an offset, such as .08:00, outside a policy$"):
        book("2026-07-01T00:00:00")
    assert [edition.holds_from for edition in book("2026-07-01T00:00:00+08:00").editions] == [
        as_micros(NEW_YEAR),
        as_micros(datetime(2026, 6, 30, 16, tzinfo=UTC)),
    ]


def test_versions_that_wait_for_each_other_in_a_circle_are_refused_by_name():
    def version(number, first, second):
        return (
            f"  - {{version: '{number}', effective_from: 202{number}-01-01, targets: ["
            f"{{name: {first}, stop: resolved, limit: 1 h}}, "
            f"{{name: {second}, start: {{after: {first}}}, stop: closed, limit: 1 h}}]}}\n"
        )

    policy = PolicyBook.parse(f"policy: desk\nversions:\n{version(4, 'a', 'b')}{version(5, 'b', 'a')}")
    with pytest.raises(PolicyError) as caught:
        judge(policy, [Moment("received", 0, 0, 1, {"kind": "repair"})], as_of=0)
    assert str(caught.value) == "policy desk, its versions taken together: the targets a, b wait for each other in a circle"


@pytest.mark.parametrize(
    ("written", "limit"),
    [
        ("15 min", Limit("open_time", 900_000_000, "15 min", unit="min")),
        ("2 d", Limit("open_time", 172_800_000_000, "2 d", unit="d")),
        ("3 wd", Limit("working_days", 3, "3 wd", unit="wd")),
        ("30 cd", Limit("calendar_days", 30, "30 cd", unit="cd")),
        ("none", Limit("none", 0, "none")),
        ("given", Limit("given", 0, "given", name="due")),
        ("given: agreed", Limit("given", 0, "given: agreed", name="agreed")),
        ({"every": "1 h"}, Limit("every", 3_600_000_000, "every 1 h", unit="h")),
        ({"by": "17:00:30"}, Limit("by", 61_230_000_000, "by 17:00:30")),
        ({"by": "24:00"}, Limit("by", 86_400_000_000, "by 24:00")),
        ({"by": "09:05", "first": "next_day"}, Limit("by", 32_700_000_000, "by 09:05", first="next_day")),
        (
            {"table": {"by": "type", "rows": {"lift": "1 s"}}},
            Table("type", (("lift", Limit("open_time", 1_000_000, "1 s", unit="s")),)),
        ),
    ],
)
def test_every_form_of_a_limit_is_read_whole(written, limit):
    assert limit_of(written) == limit


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ({"table": {"by": "type"}}, "a table is written {by: type, rows: {facility.lift: 4 h, …}}"),
        ({"table": {"by": "type", "rows": {}}}, "a table is written {by: type, rows: {facility.lift: 4 h, …}}"),
        ({"table": {"by": 3, "rows": {"a": "1 h"}}}, "a table is written {by: type, rows: {facility.lift: 4 h, …}}"),
        (
            {"table": {"by": "type", "rows": {"a": "1 h"}, "of": 1}},
            "a table is written {by: type, rows: {facility.lift: 4 h, …}}",
        ),
        (
            {"table": {"by": "type", "rows": {"a": {"table": {"by": "type", "rows": {"b": "1 h"}}}}}},
            "row 'a' holds a table; a table's rows are plain limits",
        ),
        ({"every": "3 wd"}, "every: '3 wd' is not a span of time; write {every: 1 h}"),
        ({"every": "0 h"}, "every: '0 h' is not a span of time; write {every: 1 h}"),
        ({"by": "17"}, "by: '17' is not a time of day; write {by: '17:00'}"),
        ("4 hours", f"'4 hours' is not a limit; write {FORMS}"),
        (4, f"4 is not a limit; write {FORMS}"),
    ],
)
def test_what_is_no_limit_is_refused_word_for_word(written, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        limit_of(written)


@pytest.mark.parametrize("written", ["24:01", "25:00", "17:60", "9", "24:00:01"])
def test_what_is_no_time_of_day_is_refused(written):
    with pytest.raises(ValueError, match=f"by: '{written}' is not a time of day"):
        limit_of({"by": written})
