"""What lint finds, and what it leaves alone."""

from __future__ import annotations

import jsonschema
import pytest

from slaengine.policies.book import PolicyBook, pack_text, packs
from slaengine.policies.compare import changes
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
        "changed calendar office",
        "policy desk: waivers.reasons unset → storm",
    ]
