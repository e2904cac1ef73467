from zoneinfo import ZoneInfo

import pytest
from tests.projections.build import HOUR, at, clocks, orders, sheet

from slaengine.policies.kpi import Kpi
from slaengine.projections.columns import NEVER
from slaengine.projections.kpis import KpiRow, cut_for, kpi_rows

FEBRUARY = at("2026-02-01")


def kpi_of(measured, ticking=None, *, households=None, **fields) -> list[KpiRow]:
    kpi = Kpi.model_validate({"name": "k", "period": "month", **fields})
    cut = cut_for(kpi, sheet(measured, ticking), FEBRUARY)
    return kpi_rows(kpi, cut, zone=ZoneInfo("Asia/Shanghai"), households=households)


def counted(row: KpiRow) -> tuple:
    return row.above, row.below, row.value


def one(**fields):
    return {"received": "2026-01-05", "kind": "repair", **fields}


@pytest.mark.parametrize(
    ("measure", "rows", "expected", "fields"),
    [
        ("response", [one(responded=True), one(status="resolved"), one(), one(status="cancelled")], (2, 3, 2 / 3), {}),
        ("closure", [one(status="closed"), one(status="resolved"), one(status="merged")], (1, 2, 0.5), {}),
        ("closed_loop", [one(status="resolved", asked=1), one(status="closed", asked=1, open_revisits=1)], (1, 2, 0.5), {}),
        ("revisit", [one(status="resolved", revisited=True), one(status="closed"), one(revisited=True)], (1, 2, 0.5), {}),
        (
            "recurrence",
            [one(type="tap", place="3", ended="2026-01-06", status="closed"), one(type="tap", place="3", received="2026-01-30")],
            (1, 2, 0.5),
            {},
        ),
        (
            "recurrence",
            [one(type="tap", place="3", ended="2026-01-06", status="closed"), one(type="tap", place="3", received="2026-01-30")],
            (0, 2, 0.0),
            {"within_days": 20},
        ),
        ("rework", [one(reopened=1), one(), one(), one()], (1, 4, 0.25), {}),
        (
            "satisfaction",
            [one(satisfaction="very_satisfied"), one(satisfaction="dissatisfied"), one(satisfaction="satisfied"), one()],
            (2, 3, 2 / 3),
            {"answers": ["very_satisfied", "satisfied"]},
        ),
        ("online", [one(channel="app"), one(channel="desk"), one()], (1, 3, 1 / 3), {"channels": "app"}),
        ("handover", [one(team="lifts"), one(person="Li"), one()], (2, 3, 2 / 3), {}),
        ("merged", [one(status="merged"), one(), one(status="cancelled")], (1, 2, 0.5), {}),
        ("escalation", [one(escalated=2), one()], (1, 2, 0.5), {}),
        ("caused_by", [one(cause="communication"), one(cause="wear"), one()], (1, 2, 0.5), {"causes": "communication"}),
        (
            "adoption",
            [one(status="closed", outcome="adopted"), one(status="closed"), one()],
            (1, 2, 0.5),
            {"outcomes": "adopted"},
        ),
        ("count", [one(), one()], (2, None, 2.0), {}),
    ],
)
def test_each_measure_counts_what_its_definition_says(measure, rows, expected, fields):
    (row,) = kpi_of(orders(*rows), measure=measure, **fields)
    assert counted(row) == pytest.approx(expected)


def test_a_share_of_nothing_is_not_a_share():
    (row,) = kpi_of(orders(one()), measure="satisfaction", answers=["satisfied"])
    assert counted(row) == (0, 0, None)
    assert row.band is None


def test_compliance_looks_at_one_target_or_at_all():
    some = orders(one(), one())
    ticking = clocks((0, "fix", "met", None, HOUR), (1, "fix", "running", "2026-01-06", None), (1, "call", "missed", None, HOUR))
    assert counted(kpi_of(some, ticking, measure="compliance", target="fix")[0]) == (1, 2, 0.5)
    assert counted(kpi_of(some, ticking, measure="compliance")[0]) == pytest.approx((1, 3, 1 / 3))


def test_elapsed_has_its_mean_and_percentiles():
    ticking = clocks(
        *((i, "push", "met", None, hours * HOUR) for i, hours in enumerate((1, 2, 6))), (0, "fix", "met", None, NEVER)
    )
    (row,) = kpi_of(orders(one(), one(), one()), ticking, measure="elapsed", target="push")
    assert counted(row) == (3, 3, 3 * 3600.0)
    assert (row.p50_s, row.p90_s) == (2 * 3600.0, 5.2 * 3600.0)


def test_complaints_per_household_need_the_households():
    some = orders(one(kind="complaint", community="North"), one(kind="complaint", community="South"), one(community="North"))
    asked = {"measure": "per_household", "kind": "complaint", "by": ["community"]}
    assert [counted(row) for row in kpi_of(some, households={"North": 4}, **asked)] == [(1, 4, 0.25), (1, None, None)]
    assert [counted(row) for row in kpi_of(some, **asked)] == [(1, None, None), (1, None, None)]


def test_a_kpi_is_about_its_kinds_and_about_types_below_its_own():
    some = orders(one(type="facility.lift.noise"), one(type="facility.lift"), one(type="facility.lifting"), one(kind="enquiry"))
    assert counted(kpi_of(some, measure="count", type="facility.lift")[0]) == (2, None, 2.0)
    assert counted(kpi_of(some, measure="count", kind=["enquiry", "complaint"])[0]) == (1, None, 1.0)


def test_the_goal_is_the_one_in_force_when_the_period_began():
    goals = [{"at_most": 0.5}, {"at_most": 0.1, "effective_from": "2026-02-01"}]
    some = orders(one(reopened=1), one(), one(received="2026-02-05", reopened=1), one(received="2026-02-05"))
    rows = kpi_of(some, measure="rework", goals=goals, bands={"green": 0.5, "amber": 0.6})
    assert [(row.period, row.goal, row.band) for row in rows] == [("2026-01", 0.5, "green"), ("2026-02", 0.1, "green")]
