"""The pack service-standard keeps each row of its standard."""

import pytest
from tests.policies.pack_walk import (
    Figure,
    Walk,
    clock,
    figure_is,
    go,
    keeps_to_the_second,
    local,
    targets,
    then,
    walking,
)

PACK = "service-standard"
REPAIR, COMPLAINT = {"kind": "repair", "channel": "telephone"}, {"kind": "complaint", "channel": "telephone"}
BURST = {"type": "facility.plumbing.burst_pipe", "severity": "emergency"}
LAMP = {"type": "facility.lighting.lamp", "severity": "general"}
NEIGHBOURS = {"type": "service.neighbour.noise", "severity": "important"}
TRAPPED = {"type": "facility.lift.entrapment", "severity": "urgent"}
NO_WATER = {"type": "facility.outage.water", "severity": "urgent"}
NOISE = {"type": "facility.lift.repeated_failure", "severity": "important"}
RUBBISH = {"type": "service.hygiene.rubbish", "severity": "general"}
RESOLVED = (then("resolve", "2026-01-05T10:00"),)
THREE = {"parties": ("owner", "neighbour", "company")}
NIGHT = "2026-01-05T23:00"

WALKS = [
    Walk("repair, general · received → on site · 24 h", "on_site", REPAIR, ("arrive", {}), "2026-01-06T09:00", LAMP),
    Walk(
        "repair, emergency (burst pipe, power cut) · received → on site · 2 h",
        "on_site", REPAIR, ("arrive", {}), "2026-01-05T11:00", BURST,
    ),
    Walk(
        "every repair · received → site survey and first plan · 4 h",
        "survey_and_plan", REPAIR, ("propose_plan", {"stage": "first"}), "2026-01-05T13:00", LAMP,
    ),
    Walk(
        "every repair · resolved → revisited · 48 h",
        "revisit", REPAIR, ("revisit", {"method": "telephone"}), "2026-01-07T10:00", LAMP, RESOLVED,
    ),
    Walk(
        "enquiry · received → answered with a solution · 1 h",
        "answer", {"kind": "enquiry"}, ("resolve", {}), "2026-01-05T10:00",
    ),
    Walk(
        "complex matter (neighbour mediation) · received → three-party meeting held · 24 h",
        "mediation", COMPLAINT, ("hold_meeting", THREE), "2026-01-06T09:00", NEIGHBOURS,
        (then("hold_meeting", "2026-01-05T15:00", parties=("owner", "company")),),
    ),
    Walk(
        "complaint, urgent (lift entrapment, water or power outage) · received → response started · 15 min",
        "response", COMPLAINT, ("respond", {}), "2026-01-05T09:15", NO_WATER,
    ),
    Walk(
        "complaint, urgent: lift entrapment · dispatched to contractor → contractor on site · 30 min",
        "contractor_on_site", COMPLAINT, ("arrive", {"party": "contractor"}), "2026-01-05T09:37", TRAPPED,
        (then("dispatch", "2026-01-05T09:07", team="lifts", party="contractor"), then("arrive", "2026-01-05T09:10")),
    ),
    Walk(
        "complaint, urgent: water or power outage · progress update while open · every 1 h",
        "hourly_progress", COMPLAINT, ("report_progress", {}), "2026-01-05T10:00", NO_WATER,
    ),
    Walk(
        "complaint, important (long-running noise, repeated facility failure) · received → site survey · 2 h",
        "survey", COMPLAINT, ("arrive", {}), "2026-01-05T11:00", NOISE,
    ),
    Walk(
        "complaint, important · received → first plan · 24 h",
        "first_plan", COMPLAINT, ("propose_plan", {"stage": "first"}), "2026-01-06T09:00", NOISE,
    ),
    Walk(
        "complaint, important · received → test result and rectification plan · 72 h",
        "rectification_plan", COMPLAINT, ("propose_plan", {"stage": "rectification"}), "2026-01-08T09:00", NOISE,
        (then("propose_plan", "2026-01-05T12:00", stage="first"),),
    ),
    Walk(
        "complaint, general (late rubbish collection, wrong notice) · received → measures stated · 4 h",
        "measures", COMPLAINT, ("propose_plan", {"stage": "measures"}), "2026-01-05T13:00", RUBBISH,
    ),
    Walk("complaint, general · received → done · 24 h", "done", COMPLAINT, ("resolve", {}), "2026-01-06T09:00", RUBBISH),
    Walk(
        "any matter that takes several days · progress told to the owner · every day by 17:00",
        "daily_progress", REPAIR, ("report_progress", {}), "2026-01-06T17:00", LAMP,
    ),
    Walk(
        "rules · online channels answer 07:00–22:00",
        "online_answer", {"kind": "enquiry", "channel": "wechat"}, ("respond", {}), "2026-01-06T07:30",
        received="2026-01-05T21:30",
    ),
    Walk(
        "rules · urgent matters outside those hours go to the duty manager",
        "duty_manager", COMPLAINT, ("escalate", {"level": 1, "to": "duty_manager"}), "2026-01-05T23:15", NO_WATER, received=NIGHT,
    ),
]  # fmt: skip

FIGURES = [
    Figure("rules · types: facility 设施, service 服务, fee 费用, other 其他", "matters", "count", asks={"by": ("type",)}),
    Figure(
        "rules · first-responsible (首问负责制): the first person to receive it owns it until it is closed",
        "handed_over", "handover", asks={"by": ("received_by",)},
    ),
    Figure(
        "reports · monthly: high-frequency matters (a lift that fails 3 times in a month)",
        "lift_failures", "count", {"": 2}, at_most=True, asks={"type": ("facility.lift",)},
    ),
    Figure(
        "reports · quarterly: service-quality report with ≥ 95 % green, 90–95 % amber, < 90 % red",
        "service_quality", "compliance", {"": 0.95}, bands=(0.95, 0.90), period="quarter",
    ),
    Figure("figures · workload per team", "workload", "workload", asks={"by": ("team",)}),
    Figure("figures · workload per person", "in_hand", "in_hand", asks={"by": ("team", "person")}),
    Figure("figures · first-visit resolution", "first_visit", "first_visit", asks={"by": ("type",), "kind": ("repair",)}),
    Figure("figures · backdated records", "backdated", "backdated", {"": 0.05}, at_most=True, bands=(0.05, 0.10),
           asks={"by": ("team",), "late_hours": 24}),
    Figure("figures · waivers", "waived", "waived", asks={"by": ("team",)}),
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


def test_every_hour_without_a_word_is_a_promise_missed_until_the_water_is_back(engine):
    order = go(
        engine,
        COMPLAINT,
        then("classify", "2026-01-05T09:00", **NO_WATER),
        then("report_progress", "2026-01-05T09:50"),
        then("report_progress", "2026-01-05T11:00"),
        then("resolve", "2026-01-05T11:45"),
    )
    hours = [(row.cycle, row.verdict) for row in engine.clocks(order) if row.target == "hourly_progress"]
    assert hours == [(1, "met"), (2, "missed"), (3, "cancelled")]


def test_an_urgent_matter_by_day_is_not_the_duty_managers(engine):
    order = go(engine, COMPLAINT, then("classify", "2026-01-05T09:00", **NO_WATER))
    assert "duty_manager" not in targets(engine, order)


def test_what_is_done_on_the_day_owes_no_daily_progress(engine):
    order = go(engine, REPAIR, then("resolve", "2026-01-05T18:30"))
    assert clock(engine, order, "daily_progress").verdict == "cancelled"


def test_a_first_answer_given_stays_given_when_the_order_is_reopened(engine):
    order = go(
        engine,
        REPAIR,
        then("classify", "2026-01-05T09:00", **BURST),
        then("arrive", "2026-01-05T09:30"),
        then("resolve", "2026-01-05T10:00"),
        then("reopen", "2026-01-06T10:00"),
    )
    judged = clock(engine, order, "on_site", as_of=local(engine, "2026-01-07T10:00"))
    assert (judged.verdict, judged.stop) == ("met", judged.start + 30 * 60 * 1_000_000)


def test_a_breach_that_was_nobodys_fault_is_excused_for_the_standards_reasons_only(engine):
    verdicts = {}
    for reason in ("owner_unavailable", "too_busy"):
        order = go(
            engine,
            REPAIR,
            then("classify", "2026-01-05T09:00", **BURST),
            then("arrive", "2026-01-05T12:00"),
            then("approve_waiver", "2026-01-05T15:00", target="on_site", reason=reason, by="manager-01"),
        )
        judged = clock(engine, order, "on_site")
        verdicts[reason] = (judged.raw_verdict, judged.verdict)
    assert verdicts == {"owner_unavailable": ("missed", "waived"), "too_busy": ("missed", "missed")}
