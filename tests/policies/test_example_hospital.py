"""The example of a hospital's works department, written from the pages alone, judges a hospital's nights and days."""

from pathlib import Path

import pytest
from tests.policies.pack_walk import clock, go, local, targets, then, walking

from slaengine.policies.lint import lint

HOSPITAL = Path(__file__).parents[2] / "examples" / "hospital-works.yaml"
GAS = {"type": "medical_gas.pressure", "severity": "P1"}
TRAPPED = {"type": "lift.entrapment", "severity": "P2"}
DOOR = {"type": "building.door", "severity": "P3"}
REPAIR = {"kind": "repair", "place": {"building": "Tower", "unit": "Ward 7"}}


@pytest.fixture(scope="module")
def engine():
    with walking(str(HOSPITAL)) as engine:
        yield engine


def test_the_example_lints_clean():
    assert lint(HOSPITAL.read_text(encoding="utf-8"), HOSPITAL.name) == []


@pytest.mark.parametrize(
    ("received", "attended", "limit", "verdict"),
    [
        ("2026-02-02T22:59", "2026-02-02T23:20", "15 min", "missed"),  # the late shift was still in the house
        ("2026-02-02T23:00", "2026-02-02T23:20", "30 min", "met"),
        ("2026-02-03T06:59", "2026-02-03T07:30", "30 min", "missed"),
        ("2026-02-03T07:00", "2026-02-03T07:15", "15 min", "met"),
        ("2026-03-29T00:50", "2026-03-29T02:15", "30 min", "met"),  # the clocks go forward at one
    ],
)
def test_the_shift_in_which_it_was_reported_sets_the_limit(engine, received, attended, limit, verdict):
    order = go(engine, REPAIR, then("classify", received, **GAS), then("arrive", attended), received=received)
    judged = clock(engine, order, "attended")
    assert (judged.limit_text, judged.verdict) == (limit, verdict)


def test_by_night_somebody_must_be_called_out_and_by_day_not(engine):
    night = go(engine, REPAIR, then("classify", "2026-02-03T02:00", **GAS), received="2026-02-03T02:00")
    day = go(engine, REPAIR, then("classify", "2026-02-03T14:00", **GAS), received="2026-02-03T14:00")
    engine.dispatch(night, team="on_call", occurred_at=local(engine, "2026-02-03T02:08"))
    assert clock(engine, night, "on_call").verdict == "met"
    assert "on_call" not in targets(engine, day)


def test_an_urgent_order_is_owed_to_every_shift_that_begins_while_it_is_open(engine):
    order = go(
        engine,
        REPAIR,
        then("classify", "2026-02-03T05:00", **TRAPPED),
        then("report_progress", "2026-02-03T06:55", method="to_early_shift"),
        then("resolve", "2026-02-03T16:00"),
        received="2026-02-03T05:00",
    )
    told = {row.target: row.verdict for row in engine.clocks(order) if row.target.startswith("handover") and row.cycle == 1}
    assert told == {"handover_early": "met", "handover_late": "missed", "handover_night": "cancelled"}


def test_the_lift_firm_is_measured_apart_from_the_house(engine):
    order = go(
        engine,
        REPAIR,
        then("classify", "2026-02-03T05:00", **TRAPPED),
        then("dispatch", "2026-02-03T05:05", party="lift_firm"),
        then("arrive", "2026-02-03T05:20"),
        then("accept", "2026-02-03T05:25", party="lift_firm"),
        then("arrive", "2026-02-03T05:45", party="lift_firm"),
        then("resolve", "2026-02-03T06:10"),
        received="2026-02-03T05:00",
    )
    as_of = local(engine, "2026-02-11T09:00")
    found = {row.target: (row.promise, row.verdict) for row in engine.clocks(order, as_of=as_of)}
    assert found["attended"] == ("sla", "met")
    assert found["contractor_accepts"] == ("contract", "missed")
    assert found["lift_firm_on_site"] == ("contract", "met")
    assert found["service_sheet"] == ("contract", "overdue")


def test_routine_work_waits_for_parts_over_a_weekend_at_no_cost(engine):
    order = go(
        engine,
        REPAIR,
        then("classify", "2026-02-05T09:00", **DOOR),
        then("pause", "2026-02-06T15:00", reason="parts"),
        then("resume", "2026-02-09T08:30", reason="parts"),
        received="2026-02-05T09:00",
    )
    judged = clock(engine, order, "fixed", as_of=local(engine, "2026-02-09T09:00"))
    assert judged.paused == 2 * 3600 * 1_000_000  # the last hour of Friday and the first of Monday
    assert judged.verdict == "running"


def test_planned_work_is_due_when_the_ward_agreed(engine):
    order = go(
        engine,
        REPAIR | {"given_due": {"slot": "2026-02-20T10:00+00:00"}},
        then("classify", "2026-02-05T09:00", type="building.paint", severity="P4"),
        then("arrive", "2026-02-20T09:55"),
        received="2026-02-05T09:00",
    )
    assert clock(engine, order, "attended").verdict == "met"
