"""What lint finds, and what it leaves alone."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

from slaengine.errors import PolicyError, UnknownPolicy
from slaengine.policies.book import PolicyBook, pack_text, packs
from slaengine.policies.compare import changes, edition_changes, edition_named
from slaengine.policies.lint import lint
from slaengine.policies.load import Source
from slaengine.policies.schema import policy_schema
from slaengine.policies.template import starting_point

HEAD = 'policy: desk\nversion: "1"\neffective_from: 2026-01-01\n'
CLOSED = "calendars: {rare: {weekly: {}, overrides: {2025-01-05: [['09:00', '10:00']]}}}\n"


def found(*targets, head=HEAD, types=()):
    text = head + "targets:\n" + "".join(f"  - {{{target}}}\n" for target in targets)
    return [(finding.weight, finding.message) for finding in lint(text, "ours.yaml", types)]


ALL = "name: done, stop: resolved, limit: 4 h"


def test_a_plain_policy_is_clean():
    assert found(ALL) == []


def test_a_target_below_one_that_takes_everything_never_matches():
    assert found(ALL, f"{ALL}, applies: {{severity: urgent}}") == [
        ("warning", "targets[1] 'done': it can never match: targets[0] takes every such order")
    ]


def test_the_other_way_round_is_how_it_is_meant():
    assert found(f"{ALL}, applies: {{severity: urgent}}", ALL) == []


def test_hours_leave_room_for_the_target_below():
    calendars = HEAD + "calendars: {office: {weekly: {mon: [['09:00', '17:00']]}}}\n"
    assert found(f"{ALL}, applies: {{hours: {{inside: office}}}}", ALL, head=calendars) == []


def test_a_table_row_below_a_wider_one_never_matches():
    table = "name: done, stop: resolved, limit: {table: {by: type, rows: {lift: 4 h, lift.door: 2 h}}}"
    ((weight, message), *_) = found(table, ALL)
    assert (weight, message) == (
        "warning",
        "targets[0] 'done': its row for 2 h can never match: an earlier row takes every such order",
    )


def test_targets_that_some_orders_fit_both_of_are_noted():
    assert found(f"{ALL}, applies: {{type: lift}}", f"{ALL}, applies: {{severity: urgent}}", ALL) == [
        ("note", "targets[1] 'done': some orders fit targets[0] as well, which comes first and wins")
    ]


def test_orders_that_nobody_covers_are_noted():
    messages = [message for _, message in found(f"{ALL}, applies: {{kind: [repair, service]}}")]
    assert messages == [
        f"version 1: no target covers orders of kind {kind} that are not classified further: they are not measured"
        for kind in ("complaint", "enquiry")
    ]


def test_a_type_that_no_order_has_is_doubted_only_when_the_types_are_told():
    target = f"{ALL}, applies: {{type: facility.lfit}}"
    assert not any("facility.lfit" in message for _, message in found(target, ALL))
    assert ("warning", "targets[0] 'done': no order has the type 'facility.lfit'; did you mean 'facility.lift'?") in found(
        target, ALL, types=["facility.lift", "service"]
    )


@pytest.mark.parametrize("limit", ["4 h", "3 wd", "{by: '17:00'}"])
def test_a_limit_that_the_calendar_cannot_meet_is_found(limit):
    ((weight, message), *_) = found(f"name: done, stop: resolved, limit: {limit}, calendar: rare", head=HEAD + CLOSED)
    assert weight == "warning"
    assert "cannot be met in the calendar 'rare'" in message


def test_a_limit_that_takes_more_than_a_year_is_noted():
    calendars = HEAD + "calendars: {rare: {weekly: {mon: [['09:00', '10:00']]}}}\n"
    ((weight, message),) = found("name: done, stop: resolved, limit: 90 h, calendar: rare", head=calendars)
    assert (weight, "is due after" in message) == ("note", True)


@pytest.mark.parametrize(
    ("option", "word"),
    [("day_rule: end_of_date", "day_rule counts working days"), ("beat: responded", "beat belongs to a cadence")],
)
def test_options_without_an_effect_are_found(option, word):
    ((weight, message),) = found(f"{ALL}, {option}")
    assert (weight, word in message) == ("warning", True)


NIGHTS = HEAD + "calendars: {never: {weekly: {}}, night: {weekly: {mon: [['22:00', '06:00']]}}}\n"


@pytest.mark.parametrize(
    ("target", "kind", "message"),
    [
        (
            "applies: {kind: repair}, start: {fact: received, kind: complaint}",
            "never_starts",
            "it never starts: `applies` asks for another kind than 'complaint'",
        ),
        (
            "start: {fact: received, kind: complint}",
            "never_starts",
            "it never starts: received has no kind 'complint'; did you mean 'complaint'?",
        ),
        (
            "start: {fact: verdict_stated, verdict: late}",
            "never_starts",
            "it never starts: verdict_stated has no verdict 'late'; it has met, missed, unknown",
        ),
        ("start: {fact: escalated, level: high}", "never_starts", "it never starts: escalated has no level 'high'"),
        ("start: {fact: classified, warranty: maybe}", "never_starts", "it never starts: classified has no warranty 'maybe'"),
        ("start: {fact: classified, severity: 3}", "never_starts", "it never starts: classified has no severity 3"),
        ("start: {after: nothing}", "never_starts", "it never starts: 'nothing' promises nothing, so it has no stop to wait for"),
        (
            "applies: {kind: repair}, start: {after: told}",
            "never_starts",
            "it never starts: no order of its has a clock of 'told'",
        ),
        ("applies: {hours: {inside: never}}", "never_starts", "it never starts inside 'never', which never opens"),
        ("applies: {hours: {outside: always}}", "never_starts", "it never starts outside 'always', which never closes"),
        (
            "start: [responded, {fact: escalated, level: high}]",
            "contradiction",
            "'escalated (level high)' never starts it: escalated has no level 'high'",
        ),
        (
            "stop: [resolved, {fact: escalated, level: high}]",
            "contradiction",
            "'escalated (level high)' never stops it: escalated has no level 'high'",
        ),
        (
            "fail: {fact: escalated, level: high}",
            "contradiction",
            "'escalated (level high)' never fails it: escalated has no level 'high'",
        ),
        ("fail: resolved", "contradiction", "'resolved' stops it, and so never fails it"),
        ("stop: {fact: escalated, level: high}", "never_stops", "it never stops: escalated has no level 'high'"),
        (
            "applies: {type: noise}, limit: {table: {by: type, rows: {noise: 1 h, facility.lift: 4 h}}}",
            "contradiction",
            "its row for 'facility.lift' is never used: `applies` leaves such orders out",
        ),
    ],
)
def test_conditions_that_exclude_each_other_are_found(target, kind, message):
    fields = {"stop": "resolved", "limit": "4 h"}
    rest = "".join(f", {name}: {value}" for name, value in fields.items() if f"{name}: " not in target)
    others = (
        "  - {name: nothing, stop: resolved, limit: none}\n  - {name: told, applies: {kind: enquiry}, stop: closed, limit: 1 h}\n"
    )
    text = f"{NIGHTS}targets:\n  - {{name: odd, {target}{rest}}}\n{others}"
    warnings = [
        (one.kind, one.message) for one in lint(text, "ours.yaml") if one.weight == "warning" and one.kind != "unused_calendar"
    ]
    assert warnings == [(kind, f"targets[0] 'odd': {message}")]


@pytest.mark.parametrize(
    "target",
    [
        "applies: {kind: repair}, start: {fact: received, kind: [repair, service]}",
        "applies: {severity: low}, start: {fact: classified, severity: high}",
        "start: {fact: meeting_held, parties: owner, parties_min: 3}",
        "start: {fact: escalated, level: 2}",
        "start: {fact: classified, warranty: true}",
        "start: {fact: cost_charged, amount: 10}",
        "start: {after: told}",
        "applies: {hours: {outside: night}}",
        "applies: {hours: {inside: always}}",
        "applies: {type: noise}, limit: {table: {by: type, rows: {noise.night: 1 h, noise: 4 h}}}",
    ],
)
def test_conditions_that_can_hold_together_are_left_alone(target):
    rest = "" if "limit" in target else ", limit: 4 h"
    text = f"{NIGHTS}targets:\n  - {{name: odd, {target}, stop: resolved{rest}}}\n  - {{name: told, stop: closed, limit: 1 h}}\n"
    assert [one.kind for one in lint(text, "ours.yaml") if one.kind in ("contradiction", "never_starts", "never_stops")] == []


def test_a_row_of_a_table_narrows_what_its_target_is_for():
    target = "name: odd, applies: {type: noise.night}, stop: resolved, limit: {table: {by: type, rows: {noise: 1 h}}}"
    policy = PolicyBook.parse(f"{HEAD}targets: [{{{target}}}]\n")
    ((applies, limit),) = policy.latest.version.targets[0].limits()
    assert (applies.type, limit.text) == (("noise.night",), "1 h")


def test_a_table_by_what_no_order_has_is_refused():
    with pytest.raises(PolicyError, match="no table is by 'typ'; did you mean 'type'"):
        PolicyBook.parse(f"{HEAD}targets: [{{name: odd, stop: resolved, limit: {{table: {{by: typ, rows: {{noise: 1 h}}}}}}}}]\n")


def test_every_finding_has_a_kind_by_which_programs_know_it():
    text = HEAD + "calendars: {spare: {weekly: {mon: [['09:00', '17:00']]}}}\ntargets:\n"
    text += f"  - {{{ALL}, beat: responded}}\n  - {{{ALL}}}\n  - {{name: again, start: resolved, stop: resolved, limit: 4 h}}\n"
    assert {(one.kind, one.weight) for one in lint(text, "ours.yaml")} == {
        ("useless_option", "warning"),
        ("never_matches", "warning"),
        ("unused_calendar", "warning"),
        ("starts_itself", "note"),
    }


def test_calendars_and_holiday_lists_that_nothing_uses_are_found():
    messages = found(ALL, head=HEAD + "calendars: {spare: {weekly: {mon: [['09:00', '17:00']]}}}\nholiday_lists: {spare: []}\n")
    assert messages == [
        ("warning", "no target uses the calendar 'spare'"),
        ("warning", "no calendar uses the holiday list 'spare'"),
    ]


def test_findings_say_where():
    finding = lint(HEAD + "targets:\n  - name: done\n    stop: resolved\n    limit: 4 h\n    beat: responded\n", "ours.yaml")[0]
    assert (finding.line, finding.column) == (8, 5)


@pytest.mark.parametrize("name", packs())
def test_no_pack_has_a_warning(name):
    assert [finding for finding in lint(pack_text(name), name) if finding.weight == "warning"] == []


def test_the_starting_point_is_clean_and_every_pack_fits_the_schema():
    text = starting_point("ours", "ours.yaml", "Asia/Shanghai")
    assert lint(text, "ours.yaml") == []
    schema = jsonschema.Draft202012Validator(policy_schema())
    for name, written in [("ours", text), *((name, pack_text(name)) for name in packs())]:
        assert list(schema.iter_errors(Source(written, name).value)) == []


def test_editors_find_the_schema_beside_the_packs_and_it_is_the_engines():
    folder = Path(str(resources.files("slaengine.policies") / "packs"))
    assert json.loads((folder / "policy.schema.json").read_text(encoding="utf-8")) == policy_schema()
    examples = Path(__file__).parents[2] / "examples"
    files = [
        *folder.glob("*.yaml"),
        *(path for path in examples.glob("*.yaml") if "\npolicy: " in path.read_text(encoding="utf-8")),
    ]
    for path in files:
        named = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# yaml-language-server: $schema=")
        assert (path.parent / named).resolve() == (folder / "policy.schema.json").resolve()


@pytest.mark.parametrize("wrong", ["limit: 4 hours", "stop: resolvd", "limt: 4 h"])
def test_the_schema_refuses_what_the_engine_refuses(wrong):
    schema = jsonschema.Draft202012Validator(policy_schema())
    field = wrong.split(":", maxsplit=1)[0]
    kept = "".join(line for line in ("    stop: resolved\n", "    limit: 4 h\n") if not line.strip().startswith(field))
    text = f"{HEAD}targets:\n  - name: done\n{kept}    {wrong}\n"
    assert list(schema.iter_errors(Source(text, "ours.yaml").value)) != []


# ---- diff


def book(*targets, head=HEAD):
    return PolicyBook.parse(head + "targets:\n" + "".join(f"  - {{{target}}}\n" for target in targets))


def test_two_alike_differ_in_nothing():
    assert changes(book(ALL), book(ALL)) == []


def test_a_changed_limit_is_told_for_whom():
    urgent = "name: done, applies: {severity: urgent}, stop: resolved, limit: "
    (change,) = changes(book(f"{urgent}4 h", ALL), book(f"{urgent}2 h", ALL))
    assert str(change) == "target done for severity urgent: limit 4 h → 2 h"


def test_added_and_removed_targets_are_told():
    found_changes = changes(book(ALL), book("name: response, stop: responded, limit: 1 h"))
    assert [str(change) for change in found_changes] == ["removed target done", "target response: limit unset → 1 h"]


def test_a_changed_calendar_and_other_waiver_reasons_are_told():
    calendar = HEAD + "calendars: {office: {weekly: {mon: [['09:00', '17:00']]}}}\n"
    target = f"{ALL}, calendar: office"
    after = calendar.replace("17:00", "18:00") + "waivers: {reasons: [storm]}\n"
    assert [str(change) for change in changes(book(target, head=calendar), book(target, head=after))] == [
        "calendar office: mon 09:00–17:00 → 09:00–18:00",
        "policy desk: waivers.reasons unset → storm",
    ]


def test_changed_holidays_are_told_with_their_dates():
    def desk(rest):
        calendars = f"calendars: {{office: {{weekly: {{mon: [['09:00', '17:00']]}}, {rest}}}}}\n"
        return book(f"{ALL}, calendar: office", head=HEAD + calendars)

    old = desk("holidays: {2026-01-01: New Year, 2026-05-04: Founders' Day}")
    new = desk("holidays: {2026-01-01: New Year's Day, 2026-10-01: National Day}, overrides: {2026-02-02: [['10:00', '12:00']]}")
    assert [str(change) for change in changes(old, new)] == [
        "calendar office: holiday 2026-01-01 New Year → New Year's Day",
        "calendar office: holiday 2026-05-04 Founders' Day → unset",
        "calendar office: holiday 2026-10-01 unset → National Day",
        "calendar office: hours of 2026-02-02 unset → 10:00–12:00",
    ]
    assert [str(change) for change in changes(old, desk("holidays: china, makeup_hours_of: mon, unknown_years: weekly"))] == [
        "calendar office: holidays 2 days → china",
        "calendar office: makeup_hours_of unset → mon",
        "calendar office: unknown_years refuse → weekly",
    ]


def test_a_calendar_that_comes_or_goes_is_told():
    office = book(f"{ALL}, calendar: office", head=HEAD + "calendars: {office: {weekly: {mon: [['09:00', '17:00']]}}}\n")
    assert "removed calendar office" in [str(change) for change in changes(office, book(ALL))]
    assert "added calendar office" in [str(change) for change in changes(book(ALL), office)]


def test_two_versions_of_one_policy_can_be_compared():
    code = PolicyBook.pack("complaint-code-2024")
    told = [str(change) for change in edition_changes(edition_named(code, "2022"), edition_named(code, "2024"))]
    assert any("start" in line for line in told)
    with pytest.raises(UnknownPolicy, match="has no version '2023'; did you mean '2024'"):
        edition_named(code, "2023")
