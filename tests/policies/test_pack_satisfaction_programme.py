"""The pack satisfaction-programme keeps each row of its programme."""

import pytest
from tests.policies.pack_walk import Figure, Walk, clock, figure_is, go, keeps_to_the_second, local, targets, then, walking

PACK = "satisfaction-programme"
REPAIR, COMPLAINT = {"kind": "repair"}, {"kind": "complaint"}
BURST = {"type": "facility.plumbing.burst_pipe", "severity": "emergency"}
LAMP = {"type": "facility.lighting.lamp", "severity": "general"}
RUDE = {"type": "service.attitude", "severity": "general"}
NEIGHBOURS = {"type": "service.neighbour.noise", "severity": "complex"}
ACCIDENT = {"type": "other.safety.accident", "severity": "major"}
RESOLVED = (then("resolve", "2026-01-05T10:00"),)

WALKS = [
    Walk(
        "repair, general (doors, lamps) · received → first response · 8 h",
        "first_response", REPAIR, ("respond", {}), "2026-01-05T17:00", LAMP,
    ),
    Walk("repair, general · received → resolved · 24 h", "resolution", REPAIR, ("resolve", {}), "2026-01-06T09:00", LAMP),
    Walk(
        "repair, emergency (burst pipe, tripped circuit) · received → arrived on site · 1 h",
        "on_site", REPAIR, ("arrive", {}), "2026-01-05T10:00", BURST,
    ),
    Walk("repair, emergency · received → resolved · 4 h", "resolution", REPAIR, ("resolve", {}), "2026-01-05T13:00", BURST),
    Walk(
        "every repair · resolved → revisited · 48 h",
        "revisit", REPAIR, ("revisit", {"method": "on_site"}), "2026-01-07T10:00", BURST, RESOLVED,
    ),
    Walk(
        "complaint, general (attitude, hygiene) — owner: service clerk · received → resolved · 3 working days",
        "resolution", COMPLAINT, ("resolve", {}), "2026-01-08T17:30", RUDE,
    ),
    Walk(  # over the Spring Festival: Saturday 14 and 28 February are worked, 15 to 23 are not
        "complaint, complex (repair dispute, neighbours) — owner: project manager · received → resolved · 7 working days",
        "resolution", COMPLAINT, ("resolve", {}), "2026-02-28T17:30", NEIGHBOURS, received="2026-02-12T20:00",
    ),
    Walk(
        "complaint, major (safety accident, group petition) — owner: emergency team · received → engaged · 24 h",
        "engaged", COMPLAINT, ("accept", {}), "2026-01-06T09:00", ACCIDENT,
    ),
    Walk(
        "complaint, major · received → solution given · 15 working days",
        "solution", COMPLAINT, ("propose_plan", {}), "2026-01-26T17:30", ACCIDENT,
    ),
    Walk(
        "every complaint · resolved → telephone revisit · 24 h",
        "telephone_revisit", COMPLAINT, ("revisit", {"method": "telephone"}), "2026-01-06T10:00", RUDE, RESOLVED,
    ),
    Walk(
        "complaint, major · resolved → on-site revisit (a second, separate revisit) · 72 h",
        "on_site_revisit", COMPLAINT, ("revisit", {"method": "on_site"}), "2026-01-08T10:00", ACCIDENT, RESOLVED,
    ),
]  # fmt: skip

FIGURES = [
    Figure(
        "KPI · repair closed-loop rate ≥ 98 %",
        "repair_closed_loop", "closed_loop", {"": 0.98}, bands=(0.98, 0.95), asks={"kind": ("repair",), "by": ("type",)},
    ),
    Figure("KPI · request response rate 100 %", "response_rate", "response", {"": 1.0}, bands=(1.0, 0.98)),
    Figure("KPI · closed-loop rate > 95 %", "closed_loop", "closed_loop", {"": 0.95}, bands=(0.95, 0.90)),
    Figure(
        "KPI · complaint recurrence ≤ 10 %",
        "complaint_recurrence", "recurrence", {"": 0.10}, at_most=True, bands=(0.10, 0.15), asks={"kind": ("complaint",)},
    ),
    Figure(
        "KPI · complaints per household 30 % → 12 % → 8 %",
        "complaints_per_household", "per_household", {"": 0.30, "2026-07-01": 0.12, "2027-01-01": 0.08}, at_most=True,
        period="year",
    ),
    Figure("KPI · satisfaction 70 % → 90 %", "satisfaction", "satisfaction", {"": 0.70, "2026-07-01": 0.90}),
    Figure("KPI · share of requests received online ≥ 80 %", "online_share", "online", {"": 0.80}, bands=(0.80, 0.70)),
    Figure(
        "figures · complaints revisited by telephone", "complaints_telephoned", "revisit", {"": 1.0}, bands=(1.0, 0.95),
        asks={"by": ("severity",), "methods": ("telephone",)},
    ),
    Figure("figures · major complaints revisited on site", "complaints_visited", "revisit",
           asks={"by": ("severity",), "methods": ("on_site",)}),
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


def test_a_major_complaint_needs_both_revisits_each_on_its_own_clock(engine):
    order = go(
        engine,
        COMPLAINT,
        then("classify", "2026-01-05T09:05", **ACCIDENT),
        then("accept", "2026-01-05T09:10"),
        then("propose_plan", "2026-01-05T09:30"),
        *RESOLVED,
        then("revisit", "2026-01-05T11:00", method="telephone", satisfaction="satisfied"),
    )
    assert targets(engine, order) == {
        "resolution": "cancelled",  # that of a general complaint, until it was known to be major
        "engaged": "met",
        "solution": "met",
        "telephone_revisit": "met",
        "on_site_revisit": "overdue",
    }


def test_a_complaint_that_turns_out_complex_has_had_seven_working_days_all_along(engine):
    order = go(engine, COMPLAINT, then("classify", "2026-01-05T09:05", **RUDE))
    assert clock(engine, order, "resolution", as_of=local(engine, "2026-01-08T18:00")).verdict == "overdue"
    engine.classify(order, **NEIGHBOURS, occurred_at=local(engine, "2026-01-08T18:30"))
    judged = clock(engine, order, "resolution", as_of=local(engine, "2026-01-09T09:00"))
    assert (judged.limit_text, judged.verdict) == ("7 wd", "running")


def test_a_repair_nobody_has_graded_is_under_the_general_promise(engine):
    order = go(engine, REPAIR)
    as_of = local(engine, "2026-01-05T10:00")
    assert [(row.target, row.limit_text) for row in engine.clocks(order, as_of=as_of)] == [
        ("first_response", "8 h"),
        ("resolution", "24 h"),
    ]
