"""The pack awaab-2025 keeps each time limit of the regulations."""

import pytest
from tests.policies.pack_walk import Figure, Walk, figure_is, go, keeps_to_the_second, targets, then, walking

PACK = "awaab-2025"
REPAIR = {"kind": "repair"}
GAS = {"type": "hazard.gas_leak", "severity": "emergency"}
MOULD = {"type": "hazard.damp_and_mould", "severity": "significant"}
FOUND = ("propose_plan", {"stage": "findings"})
SUMMARY = ("report_progress", {"method": "written_summary"})
INVESTIGATED = (then("arrive", "2025-12-22T10:00"), then("propose_plan", "2025-12-23T16:00", stage="findings"))
BEFORE_CHRISTMAS = "2025-12-18T11:00"

WALKS = [
    Walk(
        "emergency hazard · reported → investigated and made safe · 24 h",
        "emergency", REPAIR, ("resolve", {}), "2025-12-26T11:00", GAS, received="2025-12-25T11:00",
    ),
    Walk(
        "significant hazard · reported → investigated · 10 working days",
        "investigation", REPAIR, FOUND, "2026-01-08T00:00", MOULD, received="2025-12-19T11:00",
    ),
    Walk(  # Boxing Day and the weekend do not count
        "significant hazard · investigation concluded → written summary given to the tenant · 3 working days",
        "written_summary", REPAIR, SUMMARY, "2025-12-31T00:00", MOULD, INVESTIGATED, BEFORE_CHRISTMAS,
    ),
    Walk(
        "significant hazard · investigation concluded → property made safe · 5 working days",
        "made_safe", REPAIR, ("resolve", {}), "2026-01-03T00:00", MOULD, INVESTIGATED, BEFORE_CHRISTMAS,
    ),
]  # fmt: skip

FIGURES = [
    Figure(
        "every time limit is the law's, so all of them are to be kept",
        "compliance", "compliance", {"": 1.0}, bands=(1.0, 0.95),
    ),
]  # fmt: skip


@pytest.fixture(scope="module")
def engine():
    with walking(PACK) as engine:
        yield engine


@pytest.mark.parametrize("walk", WALKS, ids=str)
def test_the_row_is_kept_to_the_second(engine, walk):
    keeps_to_the_second(engine, walk)


@pytest.mark.parametrize("figure", FIGURES, ids=str)
def test_the_figure_of_the_row_has_its_goal(engine, figure):
    kpis = {kpi.row: kpi for kpi in engine.book().latest.version.kpis}
    figure_is(kpis[figure.row], figure)


def test_without_an_investigation_the_chained_clocks_do_not_begin(engine):
    order = go(engine, REPAIR, then("classify", "2025-12-01T09:00", **MOULD), received="2025-12-01T09:00")
    assert targets(engine, order) == {"investigation": "overdue"}


def test_a_repair_that_is_no_hazard_is_not_measured(engine):
    order = go(engine, REPAIR, then("classify", "2025-12-01T09:00", type="repairs.tap"), received="2025-12-01T09:00")
    assert targets(engine, order) == {}
