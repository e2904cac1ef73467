"""Every kind of finding once, with its weight, its place in the file and its words."""

from __future__ import annotations

import pytest

from slaengine.policies.lint import lint

HEAD = 'policy: desk\nversion: "1"\neffective_from: 2026-01-01\n'
OFFICE = "calendars:\n  office: {weekly: {mon: [['09:00', '17:00']]}}\n"
DONE = "  - name: done\n    stop: resolved\n    limit: 4 h\n"

CASES = {
    "never_matches": (
        HEAD + "targets:\n" + DONE + "  - name: done\n    applies: {kind: repair}\n    stop: resolved\n    limit: 1 h\n",
        [("warning", 9, 5, "targets[1] 'done': it can never match: targets[0] takes every such order")],
    ),
    "overlap": (
        HEAD
        + "targets:\n  - name: done\n    applies: {type: lift}\n    stop: resolved\n    limit: 4 h\n"
        + "  - name: done\n    applies: {severity: high}\n    stop: resolved\n    limit: 1 h\n"
        + DONE,
        [("note", 10, 5, "targets[1] 'done': some orders fit targets[0] as well, which comes first and wins")],
    ),
    "unknown_type": (
        HEAD + "targets:\n  - name: done\n    applies:\n      type: lft\n    stop: resolved\n    limit: 1 h\n" + DONE,
        [("warning", 6, 5, "targets[0] 'done': no order has the type 'lft'; did you mean 'lift'?")],
    ),
    "impossible_limit": (
        HEAD
        + "calendars: {rare: {weekly: {}, overrides: {2025-01-05: [['09:00', '10:00']]}}}\ntargets:\n"
        + DONE
        + "    calendar: rare\n",
        [
            (
                "warning",
                8,
                5,
                (
                    "targets[0] 'done': '4 h' cannot be met in the calendar 'rare': "
                    "the calendar has no weekly window and does not open after 2025-01-05"
                ),
            )
        ],
    ),
    "far_limit": (
        HEAD + OFFICE + "targets:\n  - name: done\n    calendar: office\n    stop: resolved\n    limit: 60 wd\n",
        [("note", 10, 5, "targets[0] 'done': '60 wd' in the calendar 'office' is due after 417 days")],
    ),
    "useless_option": (
        HEAD
        + OFFICE
        + "targets:\n"
        + DONE
        + "    day_rule: end_of_day\n    beat: responded\n  - name: other\n    stop: resolved\n    limit:\n"
        + "      table: {by: type, rows: {lift: 30 cd, noise: none, other: given}}\n    calendar: office\n",
        [
            ("warning", 10, 5, "targets[0] 'done': day_rule counts working days, and no limit here is in wd"),
            ("warning", 11, 5, "targets[0] 'done': beat belongs to a cadence, and no limit here is {every: …} or {by: …}"),
            ("note", 16, 5, "targets[1] 'other': the calendar only measures how long it took: the limit does not look at it"),
        ],
    ),
    "starts_itself": (
        HEAD + "targets:\n" + DONE + "  - name: again\n    start: resolved\n    stop: [closed, resolved]\n    limit: 1 h\n",
        [("note", 10, 5, "targets[1] 'again': the same fact starts and stops it: each stop begins the next clock")],
    ),
    "not_covered": (
        HEAD
        + "targets:\n  - name: done\n    applies: {kind: [repair, complaint, enquiry]}\n    stop: resolved\n    limit: 4 h\n"
        + "  - name: done\n    applies: {kind: service, severity: low}\n    stop: resolved\n    limit: none\n",
        [
            (
                "note",
                4,
                1,
                "version 1: no target covers orders of kind service that are not classified further: they are not measured",
            )
        ],
    ),
    "unused_calendar": (HEAD + OFFICE + "targets:\n" + DONE, [("warning", 5, 3, "no target uses the calendar 'office'")]),
    "unused_holidays": (
        HEAD + "holiday_lists:\n  ours: [2026-05-04]\ntargets:\n" + DONE,
        [("warning", 5, 3, "no calendar uses the holiday list 'ours'")],
    ),
    "holidays_end": (
        HEAD
        + "calendars:\n  office:\n    weekly: {mon: [['09:00', '17:00']]}\n    holidays: [2025-05-01, 2025-12-25]\ntargets:\n"
        + DONE
        + "    calendar: office\n",
        [
            (
                "warning",
                7,
                5,
                "calendar 'office': its holidays end on 2025-12-25, before version 1 comes into force",
            )
        ],
    ),
    "version_order": (
        (
            "policy: desk\nversions:\n  - version: '1'\n    effective_from: 2026-01-01\n"
            "    targets: [{name: done, stop: resolved, limit: 1 h}]\n"
            "  - version: '2'\n    targets: [{name: done, stop: resolved, limit: 1 h}]\n    effective_from: 2025-01-01\n"
        ),
        [("warning", 8, 5, "version 2 comes into force before version 1 above it")],
    ),
    "no_waiver": (
        HEAD + "waivers:\n  reasons: []\ntargets:\n" + DONE,
        [("note", 4, 1, "waivers: without reasons no breach can be excused")],
    ),
    "no_bands": (
        HEAD + "targets:\n" + DONE + "kpis:\n  - {name: kept, measure: compliance, goals: [{at_least: 0.9}]}\n",
        [("note", 9, 39, "kpi 'kept': without bands it is green with its goal reached and red without")],
    ),
    "hidden_band": (
        HEAD
        + "targets:\n"
        + DONE
        + "kpis:\n  - {name: kept, measure: compliance, goals: [{at_least: 0.9}],\n     bands: {green: 0.8, amber: 0.9}}\n",
        [("warning", 10, 6, "kpi 'kept': amber begins beyond green and never shows")],
    ),
    "never_starts": (
        HEAD + "targets:\n  - name: done\n    stop: resolved\n    start: {fact: received, kind: gift}\n    limit: 1 h\n",
        [
            (
                "warning",
                7,
                5,
                "targets[0] 'done': it never starts: received has no kind 'gift'; it has repair, complaint, enquiry, service",
            )
        ],
    ),
    "never_stops": (
        HEAD + "targets:\n  - name: done\n    stop: {fact: escalated, level: high}\n    limit: 1 h\n",
        [("warning", 6, 5, "targets[0] 'done': it never stops: escalated has no level 'high'")],
    ),
    "contradiction": (
        HEAD + "targets:\n  - name: done\n    stop: resolved\n    limit: 1 h\n    fail: [declined, resolved]\n",
        [("warning", 8, 5, "targets[0] 'done': 'resolved' stops it, and so never fails it")],
    ),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_finding_has_its_weight_its_place_and_its_words(kind):
    text, expected = CASES[kind]
    found = lint(text, "ours.yaml", ["lift", "noise", "other"] if "type" in text else ())
    assert [(one.kind, one.weight, one.line, one.column, one.message) for one in found] == [
        (kind, *finding) for finding in expected
    ]


def test_findings_in_a_second_version_stand_in_that_version():
    first = "  - {version: '1', effective_from: 2026-01-01, targets: [{name: done, stop: resolved, limit: 1 h}]}\n"
    second = first.replace("'1'", "'2'").replace("2026-01", "2027-01").replace("limit: 1 h", "limit: 1 h,\n    beat: responded")
    (finding,) = lint(f"policy: desk\nversions:\n{first}{second}", "ours.yaml")
    assert (finding.kind, finding.line, finding.column) == ("useless_option", 5, 5)


def test_a_day_rule_that_works_and_a_calendar_that_matters_are_no_findings():
    target = "  - {name: done, stop: resolved, limit: 3 wd, day_rule: end_of_date, calendar: office}\n"
    paused = "  - {name: paused, stop: resolved, limit: 30 cd, pause: any, calendar: office}\n"
    beaten = "  - {name: told, stop: resolved, limit: {every: 1 h}, beat: responded, calendar: always}\n"
    always = "  - {name: given, stop: resolved, limit: given, calendar: always}\n"
    assert lint(HEAD + OFFICE + "targets:\n" + target + paused + beaten + always, "ours.yaml") == []
