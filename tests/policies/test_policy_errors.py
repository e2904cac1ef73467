"""A policy that cannot be used: the error names file, line, column and field, and the nearest word that would do."""

from __future__ import annotations

import pytest

from slaengine.errors import PolicyError, UnknownPolicy
from slaengine.policies.book import PolicyBook

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
