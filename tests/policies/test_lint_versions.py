"""What lint finds about a policy's versions as a whole."""

from __future__ import annotations

import pytest

from slaengine.policies.book import pack_text, packs
from slaengine.policies.lint import lint

TARGETS = "targets: [{name: done, stop: resolved, limit: 1 h, calendar: office}]"
OFFICE = "weekly: {mon: [['09:00', '17:00']], tue: [['09:00', '17:00']]}"


def found(*versions, calendar=OFFICE, extra=""):
    lines = "".join(f"  - {{version: {name}, effective_from: {start}, {TARGETS}{more}}}\n" for name, start, more in versions)
    text = f"policy: desk\ntime_zone: Asia/Shanghai\ncalendars: {{office: {{{calendar}}}}}\n{extra}versions:\n{lines}"
    return [(one.weight, one.line, one.message) for one in lint(text, "ours.yaml")]


FIRST = ('"1"', "2026-01-01", "")


def test_versions_in_order_are_clean():
    assert found(FIRST, ('"2"', "2026-07-01", "")) == []


def test_a_version_that_stands_below_a_later_one_is_out_of_order():
    assert found(FIRST, ('"2"', "2025-07-01", "")) == [("warning", 6, "version 2 comes into force before version 1 above it")]


def test_of_two_versions_at_one_instant_the_first_never_holds():
    assert found(FIRST, ('"2"', "2026-01-01", "")) == [
        ("warning", 6, "version 2 comes into force with version 1, which never holds")
    ]


@pytest.mark.parametrize(
    ("kpi", "finding"),
    [
        (
            "goals: [{at_least: 0.9}]",
            ("note", "kpi 'k': without bands it is green with its goal reached and red without"),
        ),
        (
            "goals: [{at_least: 0.9}], bands: {green: 0.9, amber: 0.95}",
            ("warning", "kpi 'k': amber begins beyond green and never shows"),
        ),
        (
            "goals: [{at_most: 0.1}], bands: {green: 0.1, amber: 0.05}",
            ("warning", "kpi 'k': amber begins beyond green and never shows"),
        ),
        ("goals: [{at_most: 0.1}], bands: {green: 0.1, amber: 0.2}", None),
    ],
)
def test_goals_and_bands_must_fit_together(kpi, finding):
    (version, start, _) = FIRST
    seen = found((version, start, f", kpis: [{{name: k, measure: compliance, {kpi}}}]"))
    assert [(weight, message) for weight, _, message in seen] == ([finding] if finding else [])


def test_waivers_without_reasons_excuse_nothing():
    seen = found((FIRST[0], FIRST[1], ", waivers: {reasons: []}"))
    assert seen == [("note", 5, "waivers: without reasons no breach can be excused")]


@pytest.mark.parametrize("named", [True, False])
def test_holidays_that_end_before_the_last_version_begins_are_doubted(named):
    dates = "[2025-01-01, 2025-05-01]"
    calendar, extra = (
        (f"{OFFICE}, holidays: ours", f"holiday_lists: {{ours: {dates}}}\n")
        if named
        else (
            f"{OFFICE}, holidays: {dates}",
            "",
        )
    )
    ((weight, line, message),) = found(FIRST, calendar=calendar, extra=extra)
    said = "calendar 'office': its holidays end on 2025-05-01, before version 1 comes into force"
    assert (weight, line, message) == ("warning", 4 if named else 3, said)


@pytest.mark.parametrize("name", packs())
def test_no_pack_is_doubted(name):
    assert [finding for finding in lint(pack_text(name), name) if finding.weight == "warning"] == []
