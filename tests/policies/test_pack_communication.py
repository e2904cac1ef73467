"""The pack communication keeps each row of its strategy."""

import pytest
from tests.policies.pack_walk import Figure, Walk, figure_is, go, keeps_to_the_second, targets, then, walking

PACK = "communication"
ANY = {"kind": "complaint", "channel": "telephone"}
BY_APP = {"kind": "repair", "channel": "app"}
PUSH = ("report_progress", {"method": "push"})

WALKS = [
    Walk(
        "any request · received → first response · 15 min (target)",
        "first_response", ANY, ("respond", {}), "2026-01-05T09:15",
    ),
    Walk(
        "any request · received → first response · 24 h (benchmark)",
        "first_response_benchmark", BY_APP, ("respond", {}), "2026-01-06T09:00",
    ),
    Walk(
        "any request · received → first response · 48 h (today)",
        "first_response_today", {"kind": "enquiry"}, ("respond", {}), "2026-01-07T09:00",
    ),
    Walk(
        "repair reported by app · received → first progress update pushed · measured; today's mean is 32 h",
        "first_push", BY_APP, PUSH, "2026-01-06T17:00", None, (then("report_progress", "2026-01-05T10:00", method="telephone"),),
    ),
]  # fmt: skip

FIGURES = [
    Figure(
        "repair reported by app · received → first progress update pushed · measured",
        "first_push_time", "elapsed", asks={"target": "first_push"},
    ),
    Figure(
        "KPI · duplicate handling across channels 35 % → ≤ 10 % (one matter reported on several channels is one order, the rest "
        "are merged into it)",
        "duplicates", "merged", {"": 0.35, "2026-07-01": 0.10}, at_most=True,
    ),
    Figure("KPI · complaint escalation rate", "complaint_escalation", "escalation", asks={"kind": ("complaint",)}),
    Figure(
        "KPI · share of disputes caused by communication",
        "caused_by_communication", "caused_by", asks={"causes": ("communication",)},
    ),
    Figure(
        "KPI · complaint closed loop 100 %",
        "complaint_closed_loop", "closed_loop", {"": 1.0}, bands=(1.0, 0.98), asks={"kind": ("complaint",)},
    ),
    Figure(
        "KPI · suggestion adoption ≥ 85 %",
        "suggestions_adopted", "adoption", {"": 0.85}, bands=(0.85, 0.75), asks={"outcomes": ("adopted",)},
    ),
    Figure("KPI · satisfaction 78 % → 92 %", "satisfaction", "satisfaction", {"": 0.78, "2026-07-01": 0.92}),
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


def test_a_response_of_an_hour_fails_the_aim_and_keeps_the_yardsticks(engine):
    order = go(engine, ANY, then("respond", "2026-01-05T10:00"))
    assert targets(engine, order) == {
        "first_response": "missed",
        "first_response_benchmark": "met",
        "first_response_today": "met",
    }


def test_the_same_matter_on_a_second_channel_is_merged_and_owes_no_response_of_its_own(engine):
    first = go(engine, ANY, then("respond", "2026-01-05T09:05"))
    second = go(engine, BY_APP, then("merge", "2026-01-05T09:10", into=first.id))
    assert set(targets(engine, second).values()) == {"cancelled"}
