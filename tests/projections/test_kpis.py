from zoneinfo import ZoneInfo

import pytest
from tests.projections.build import HOUR, at, clocks, held, orders, sheet

from slaengine.errors import UsageError
from slaengine.policies.kpi import Kpi
from slaengine.projections.columns import NEVER
from slaengine.projections.kpi_orders import ABOVE_ONLY, as_line, check_line, kpi_places
from slaengine.projections.kpis import KpiRow, cut_for, kpi_rows

SHANGHAI = ZoneInfo("Asia/Shanghai")
FEBRUARY = at("2026-02-01")


def kpi_of(measured, ticking=None, *, holding=None, households=None, **fields) -> list[KpiRow]:
    kpi = Kpi.model_validate({"name": "k", "period": "month", **fields})
    cut = cut_for(kpi, sheet(measured, ticking, holding), FEBRUARY, SHANGHAI)
    return kpi_rows(kpi, cut, zone=SHANGHAI, households=households)


def behind_kpi(line, measured, ticking=None, *, holding=None, **fields) -> dict[tuple, list[int]]:
    kpi = Kpi.model_validate({"name": "k", "period": "month", **fields})
    cut = cut_for(kpi, sheet(measured, ticking, holding), FEBRUARY, SHANGHAI)
    return {(place.period, *place.group.values()): place.orders.tolist() for place in kpi_places(kpi, cut, line)}


def counted(row: KpiRow) -> tuple:
    return row.above, row.below, row.value


def one(**fields):
    return {"received": "2026-01-05", "kind": "repair", **fields}


COUNTED = [
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
    (
        "revisit",
        [
            one(status="closed", revisited=True, method="telephone,on_site"),
            one(status="closed", revisited=True, method="app"),
            one(status="closed"),
        ],
        (1, 3, 1 / 3),
        {"methods": "on_site"},
    ),
    (
        "first_visit",
        [
            one(status="closed", visits=1),
            one(status="closed", visits=2),
            one(status="resolved", visits=1, reopened=1),
            one(status="closed"),
            one(visits=1),
        ],
        (1, 3, 1 / 3),
        {},
    ),
    ("backdated", [one(latest=25 * HOUR), one(latest=24 * HOUR), one()], (1, 3, 1 / 3), {}),
    ("backdated", [one(latest=25 * HOUR), one(latest=24 * HOUR), one()], (2, 3, 2 / 3), {"late_hours": 2}),
    (
        "workload",
        [
            one(team="lifts", person="Li"),
            one(team="lifts", person="Wu"),
            one(team="lifts", person="Li"),
            one(team="lifts"),
            one(),
            one(team="lifts", person="Xu", status="cancelled"),
        ],
        (4, 2, 2.0),
        {},
    ),
    (
        "in_hand",
        [one(team="lifts", person="Li"), one(team="lifts", person="Wu", status="closed", ended="2026-01-06"), one()],
        (1, 2, 0.5),
        {},
    ),
    ("workload", [one(team="lifts")], (1, None, None), {}),
]


@pytest.mark.parametrize(("measure", "rows", "expected", "fields"), COUNTED)
def test_each_measure_counts_what_its_definition_says(measure, rows, expected, fields):
    (row,) = kpi_of(orders(*rows), measure=measure, **fields)
    assert counted(row) == pytest.approx(expected)


@pytest.mark.parametrize(("measure", "rows", "expected", "fields"), COUNTED)
def test_the_orders_behind_a_measure_are_as_many_as_it_counts(measure, rows, expected, fields):
    some = orders(*rows)
    above, below = (behind_kpi(line, some, measure=measure, **fields) for line in ("above", "below"))
    assert [len(found) for found in above.values()] == ([expected[0]] if expected[0] else [])
    if measure in ABOVE_ONLY:
        assert not below
    else:
        assert [len(found) for found in below.values()] == [expected[1]]
        assert all(set(found) <= set(below[key]) for key, found in above.items())


def test_the_orders_behind_a_measure_are_those_it_counts():
    some = orders(one(team="lifts", reopened=1), one(team="water"), one(team="lifts"), one(team="lifts", status="merged"))
    assert behind_kpi("above", some, measure="rework", by=["team"]) == {("2026-01", "lifts"): [0]}
    assert behind_kpi("below", some, measure="rework", by=["team"]) == {("2026-01", "lifts"): [0, 2], ("2026-01", "water"): [1]}


def test_an_order_with_several_of_the_clocks_stands_behind_a_measure_once():
    some = orders(one(), one(), one())
    ticking = clocks(
        *((0, "fix", "met", None, HOUR) for _ in range(3)), (0, "fix", "missed", None, HOUR),
        (1, "fix", "running", "2026-01-06", None),
        (2, "call", "met", None, HOUR), (2, "fix", "waived", None, None),
    )  # fmt: skip
    asked = {"measure": "compliance", "target": "fix"}
    assert behind_kpi("above", some, ticking, **asked) == {("2026-01",): [0]}
    assert behind_kpi("below", some, ticking, **asked) == {("2026-01",): [0, 1]}
    assert behind_kpi("above", some, ticking, measure="compliance") == {("2026-01",): [0, 2]}
    assert behind_kpi("above", some, ticking, measure="waived") == {("2026-01",): [2]}
    assert behind_kpi("below", some, ticking, measure="elapsed", target="fix") == {("2026-01",): [0]}


def test_the_orders_that_a_party_held_are_named_party_by_party():
    some = orders(one(), one())
    times = held((0, "company", 4), (0, "builder", 10), (1, "company", 2), (1, "company", 3))
    found = behind_kpi("below", some, holding=times, measure="held")
    assert found == {("2026-01", "builder"): [0], ("2026-01", "company"): [0, 1]}


def test_a_line_that_no_kpi_has_is_named():
    with pytest.raises(UsageError, match="did you mean 'below'"):
        as_line("belo")
    with pytest.raises(UsageError, match="no orders stand below the line of backlog"):
        check_line([Kpi(name="backlog", measure="backlog")], "below")


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


def test_1920_satisfied_of_2000_who_answered_are_96_percent():
    answers = ["very_satisfied"] * 1_200 + ["satisfied"] * 720 + ["dissatisfied"] * 80
    some = orders(*(one(satisfaction=answer) for answer in answers), *(one() for _ in range(500)))
    kpi = {"measure": "satisfaction", "answers": ["very_satisfied", "satisfied"], "goals": [{"at_least": 0.92}]}
    (row,) = kpi_of(some, **kpi)
    assert (counted(row), row.band) == ((1_920, 2_000, 0.96), "green")


def test_the_backlog_is_what_is_open_with_its_ages():
    still = [one(received=f"2026-01-{day}") for day in (25, 29, 31)]
    some = orders(*still, one(status="closed", ended="2026-01-06"))
    (row,) = kpi_of(some, measure="backlog")
    assert (counted(row), row.p50_s, row.p90_s) == ((3, None, 3.0), 3 * 86_400.0, pytest.approx(6.2 * 86_400))


def test_workload_is_counted_for_each_person_and_team():
    some = orders(
        one(team="lifts", person="Li"), one(team="lifts", person="Li"), one(team="water", person="Wu"), one(team="lifts")
    )
    rows = kpi_of(some, measure="workload", by=["team", "person"])
    found = {(row.group["team"], row.group["person"]): counted(row) for row in rows}
    assert found == {("lifts", "Li"): (2, 1, 2.0), ("water", "Wu"): (1, 1, 1.0), ("lifts", None): (1, None, None)}


def test_waived_clocks_are_a_share_of_those_judged():
    ticking = clocks(
        (0, "fix", "waived", None, HOUR), (0, "fix", "met", None, HOUR), (1, "fix", "running", "2026-01-06", None, "excused"),
        (1, "fix", "running", None, None), (1, "call", "missed", None, None),
    )  # fmt: skip
    some = orders(one(), one())
    assert counted(kpi_of(some, ticking, measure="waived", target="fix")[0]) == pytest.approx((2, 3, 2 / 3))
    assert counted(kpi_of(some, ticking, measure="waived")[0]) == (2, 4, 0.5)


def test_time_held_is_counted_party_by_party():
    some = orders(one(team="lifts"), one(team="lifts"), one(team="water"))
    times = held((0, "company", 4), (0, "builder", 10), (1, "company", 2), (2, "builder", 1, "2026-01-31T22:00"))
    rows = kpi_of(some, holding=times, measure="held", by=["team"])
    found = {(row.group["team"], row.group["holder"]): (row.above, row.value, row.p50_s) for row in rows}
    assert found == {
        ("lifts", "builder"): (1, 36_000.0, 36_000.0),
        ("lifts", "company"): (2, 10_800.0, 10_800.0),
        ("water", "builder"): (1, 10_800.0, 10_800.0),
    }


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
