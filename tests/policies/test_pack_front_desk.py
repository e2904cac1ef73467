"""The pack front-desk keeps each row of its programme."""

import pytest
from tests.policies.pack_walk import Figure, Walk, clock, figure_is, go, keeps_to_the_second, local, then, walking

PACK = "front-desk"
ENQUIRY, COMPLAINT = {"kind": "enquiry", "channel": "front_desk"}, {"kind": "complaint", "channel": "wechat"}

WALKS = [
    Walk("enquiry · received → answered · 5 min", "answer", ENQUIRY, ("respond", {}), "2026-01-05T09:05"),
    Walk(
        "complaint · received → outcome fed back to the owner · 24 h",
        "feedback", COMPLAINT, ("revisit", {"method": "telephone"}), "2026-01-06T09:00", None,
        (then("resolve", "2026-01-05T15:00"),),
    ),
]  # fmt: skip

FIGURES = [
    Figure(
        "channels · front desk, telephone, WeChat, app — all land in one register", "channels", "count", asks={"by": ("channel",)}
    ),
    Figure("KPI · monthly statistics by matter", "matters", "count", asks={"by": ("type",)}),
    Figure("KPI · share handed over from reception to the specialist", "handed_over", "handover"),
    Figure("KPI · satisfaction survey", "satisfaction", "satisfaction"),
]


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


@pytest.mark.parametrize("channel", ["front_desk", "telephone", "wechat", "app"])
def test_the_promise_is_the_same_on_every_channel(engine, channel):
    order = go(engine, {"kind": "enquiry", "channel": channel}, then("respond", "2026-01-05T09:04"))
    assert clock(engine, order, "answer").verdict == "met"


def test_an_outcome_that_did_not_hold_was_none(engine):
    order = go(
        engine,
        COMPLAINT,
        then("resolve", "2026-01-05T12:00"),
        then("revisit", "2026-01-05T13:00", method="telephone", satisfaction="dissatisfied"),
        then("reopen", "2026-01-05T14:00"),
    )
    judged = clock(engine, order, "feedback", as_of=local(engine, "2026-01-06T10:01"))
    assert judged.verdict == "overdue"  # 24 h, and the hour from the revisit to the reopening
