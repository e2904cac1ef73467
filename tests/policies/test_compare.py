"""What `policy diff` tells: every field of a target, every part of a calendar, for people and as JSON."""

from __future__ import annotations

import pytest

from slaengine.policies.book import PolicyBook
from slaengine.policies.compare import changes

HEAD = 'policy: desk\nversion: "1"\neffective_from: 2026-01-01\n'
OFFICE = "calendars: {office: {weekly: {mon: [['09:00', '17:00']]}}}\n"
PLAIN = {"name": "done", "stop": "resolved", "limit": "4 h", "calendar": "office"}


def book(**fields):
    inside = ", ".join(f"{name}: {value}" for name, value in {**PLAIN, **fields}.items())
    return PolicyBook.parse(
        f"{HEAD}{OFFICE}targets:\n  - {{{inside}}}\n  - {{name: kept, stop: closed, limit: 1 h, calendar: office}}\n"
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {"limit": "{table: {by: type, rows: {lift: 2 h}}}"}, None),
        ({}, {"promise": "ola"}, ("promise", "sla", "ola")),
        ({}, {"start": "[received, reopened]"}, ("start", "received", "received or reopened")),
        ({}, {"stop": "[resolved, closed]"}, ("stop", "resolved", "resolved or closed")),
        (
            {"limit": "{every: 1 h}"},
            {"limit": "{every: 1 h}", "beat": "[responded, arrived]"},
            ("beat", "progress_reported", "responded or arrived"),
        ),
        ({}, {"fail": "[declined, cancelled]"}, ("fail", None, "declined or cancelled")),
        ({}, {"calendar": "always"}, ("calendar", "office", "always")),
        ({}, {"boundary": "next"}, ("boundary", "end", "next")),
        ({"limit": "3 wd"}, {"limit": "3 wd", "day_rule": "end_of_date"}, ("day_rule", "end_of_day", "end_of_date")),
        ({}, {"pause": "[parts, owner]"}, ("pause", None, "parts, owner")),
        ({}, {"reopen": "restart"}, ("reopen", "continue", "restart")),
        ({}, {"reclassify": "keep"}, ("reclassify", "recompute", "keep")),
        ({}, {"reassign": "restart"}, ("reassign", "keep", "restart")),
        ({}, {"cancel": "excuse"}, ("cancel", "judge", "excuse")),
        ({}, {"warn": "[0.5, 0.8]"}, ("warn", None, "0.5, 0.8")),
        ({}, {"owner": "li"}, ("owner", None, "li")),
        ({}, {"limit": "2 h"}, ("limit", "4 h", "2 h")),
    ],
)
def test_a_changed_field_is_told_with_both_its_values(before, after, told):
    found = [change.as_json() for change in changes(book(**before), book(**after))]
    if told is None:
        assert found == [
            {"what": "removed", "part": "target", "name": "done"},
            {"what": "added", "part": "target", "name": "done", "applies": "type lift", "field": "limit", "after": "2 h"},
        ]
        return
    field, old, new = told
    change = {"what": "changed", "part": "target", "name": "done", "field": field, "before": old, "after": new}
    assert found == [{name: value for name, value in change.items() if value is not None}]


def test_calendars_and_waivers_are_told_as_json_too():
    target = "targets: [{name: done, stop: resolved, limit: 4 h"
    plain = PolicyBook.parse(f"{HEAD}{OFFICE}{target}}}]\n")
    other = PolicyBook.parse(f"{HEAD}{OFFICE}waivers: {{reasons: [storm, flood]}}\n{target}, calendar: office}}]\n")
    assert [change.as_json() for change in changes(plain, other)] == [
        {"what": "changed", "part": "target", "name": "done", "field": "calendar", "before": "always", "after": "office"},
        {"what": "added", "part": "calendar", "name": "office"},
        {"what": "changed", "part": "policy", "name": "desk", "field": "waivers.reasons", "after": "storm, flood"},
    ]
    assert [change.as_json() for change in changes(other, plain)] == [
        {"what": "changed", "part": "target", "name": "done", "field": "calendar", "before": "office", "after": "always"},
        {"what": "removed", "part": "calendar", "name": "office"},
        {"what": "changed", "part": "policy", "name": "desk", "field": "waivers.reasons", "before": "storm, flood"},
    ]


def test_for_whom_a_target_is_stands_with_its_change():
    def whom(limit):
        text = "applies: {kind: [repair, service], labels: {zone: a}, hours: {inside: office}}"
        other = "applies: {hours: {outside: office}}"
        return PolicyBook.parse(
            f"{HEAD}{OFFICE}targets: [{{name: done, stop: resolved, limit: {limit}, {text}}},"
            f" {{name: done, stop: resolved, limit: {limit}, {other}}}]\n"
        )

    assert [str(change) for change in changes(whom("1 h"), whom("2 h"))] == [
        "target done for kind repair or service, labels.zone a, inside office: limit 1 h → 2 h",
        "target done for outside office: limit 1 h → 2 h",
    ]


def test_every_part_of_a_calendar_is_told():
    def desk(calendar):
        return PolicyBook.parse(
            f"{HEAD}calendars: {{office: {{{calendar}}}}}\n"
            "targets: [{name: done, stop: resolved, limit: 4 h, calendar: office}]\n"
        )

    old = desk("tz: Asia/Shanghai, weekly: {mon: [['09:00', '12:00'], ['13:00', '17:00']], tue: [['09:00', '17:00']]}")
    new = desk("tz: Europe/Paris, weekly: {mon: [['09:00', '17:00']], tue: []}, overrides: {2026-01-06: []}")
    assert changes(old, new)[0].as_json() == {
        "what": "changed",
        "part": "calendar",
        "name": "office",
        "field": "tz",
        "before": "Asia/Shanghai",
        "after": "Europe/Paris",
    }
    assert [str(change) for change in changes(old, new)] == [
        "calendar office: tz Asia/Shanghai → Europe/Paris",
        "calendar office: mon 09:00–12:00, 13:00–17:00 → 09:00–17:00",
        "calendar office: tue 09:00–17:00 → closed",
        "calendar office: hours of 2026-01-06 unset → closed",
    ]
