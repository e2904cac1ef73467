"""The pack owner-satisfaction-plan keeps each row of its plan."""

import pytest
from tests.policies.pack_walk import Figure, Walk, clock, figure_is, go, keeps_to_the_second, local, targets, then, walking

PACK = "owner-satisfaction-plan"
REPAIR, COMPLAINT = {"kind": "repair"}, {"kind": "complaint"}
FLOOD = {"type": "facility.plumbing.burst_pipe", "severity": "emergency"}
FIRE = {"type": "other.safety.fire", "severity": "emergency"}
SEEPAGE = {"type": "facility.wall.seepage", "severity": "hindering", "party": "builder", "warranty": True}
TO_BUILDER = then("dispatch", "2026-01-05T10:00", party="builder")
ACCEPTED = then("accept", "2026-01-05T15:00", party="builder")
REFUSED = then("decline", "2026-01-05T15:00", party="builder", reason="not_ours")
TAKEN_OVER = then("dispatch", "2026-01-06T10:00", team="engineering", party="company")
RESOLVED = (then("resolve", "2026-01-05T10:00"),)
SIGNED = {"evidence": {"digest": "5e" * 32, "media_type": "image/jpeg"}}
TABLE = "public-facility repair · accepted → done · a time-limit table by facility and by its effect on daily life"
DEFECT = "warranty-period defect (质保期) · "

TIME_LIMITS = {  # facility: due when daily life is blocked, hindered, slightly disturbed; accepted on Monday at 10:00
    "facility.lift.malfunction": ("2026-01-05T18:00", "2026-01-06T10:00", "2026-01-08T10:00"),
    "facility.outage.water": ("2026-01-05T14:00", "2026-01-05T22:00", "2026-01-07T10:00"),
    "facility.plumbing.leak": ("2026-01-05T16:00", "2026-01-06T10:00", "2026-01-08T10:00"),
    "facility.electricity.switchboard": ("2026-01-05T14:00", "2026-01-05T22:00", "2026-01-07T10:00"),
    "facility.fire_safety.hydrant": ("2026-01-05T14:00", "2026-01-06T10:00", "2026-01-08T10:00"),
    "facility.door.lock": ("2026-01-05T18:00", "2026-01-06T10:00", "2026-01-08T10:00"),
    "facility.lighting.lamp": ("2026-01-05T22:00", "2026-01-06T10:00", "2026-01-08T10:00"),
    "facility.road.pothole": ("2026-01-06T10:00", "2026-01-12T10:00", "2026-01-20T10:00"),
    "facility.wall.seepage": ("2026-01-08T10:00", "2026-01-20T10:00", "2026-02-04T10:00"),
    "facility.playground.swing": ("2026-01-06T10:00", "2026-01-08T10:00", "2026-01-12T10:00"),
}

WALKS = [
    Walk("emergency · received → rescue team on scene · 3 min", "on_scene", COMPLAINT, ("arrive", {}), "2026-01-05T09:03", FLOOD),
    Walk("fire · received → on scene · 2 min", "on_scene", COMPLAINT, ("arrive", {}), "2026-01-05T09:02", FIRE),
    *(
        Walk(
            TABLE, "facility_repair", REPAIR, ("resolve", {}), due, {"type": facility, "severity": effect},
            (then("accept", "2026-01-05T10:00"),),
        )
        for facility, dues in TIME_LIMITS.items()
        for effect, due in zip(("blocking", "hindering", "slight"), dues, strict=True)
    ),
    Walk(
        DEFECT + "received → mended, the clock the owner sees · 30 calendar days (ours)",
        "defect_mended", REPAIR, ("resolve", {}), "2026-02-04T09:00", SEEPAGE,
    ),
    Walk(
        DEFECT + "sent to the builder → accepted or refused by the builder, who is responsible · 24 h (the contract's)",
        "builder_answer", REPAIR, ("accept", {"party": "builder"}), "2026-01-06T10:00", SEEPAGE, (TO_BUILDER,),
    ),
    Walk(
        DEFECT + "accepted by the builder → builder on site · 72 h (the contract's)",
        "builder_on_site", REPAIR, ("arrive", {"party": "builder"}), "2026-01-08T15:00", SEEPAGE, (TO_BUILDER, ACCEPTED),
    ),
    Walk(
        DEFECT + "accepted by the builder → done by the builder · 15 calendar days (the contract's)",
        "builder_repair", REPAIR, ("resolve", {}), "2026-01-20T15:00", SEEPAGE, (TO_BUILDER, ACCEPTED),
    ),
    Walk(
        DEFECT + "refused by the builder → evidence and the owner's signature attached · 24 h (ours)",
        "refusal_on_record", REPAIR, ("attach_evidence", SIGNED), "2026-01-06T15:00", SEEPAGE, (TO_BUILDER, REFUSED),
    ),
    Walk(
        DEFECT + "refused by the builder → the property company does the work · 24 h (ours)",
        "taken_over", REPAIR, ("dispatch", {"team": "engineering", "party": "company"}), "2026-01-06T15:00", SEEPAGE,
        (TO_BUILDER, REFUSED),
    ),
    Walk(
        DEFECT + "taken over by the property company → its cost charged against the retention money · 30 calendar days (ours)",
        "retention_charged", REPAIR, ("charge_cost", {"party": "retention_money", "amount": "1860.00"}), "2026-02-05T10:00",
        SEEPAGE, (TO_BUILDER, REFUSED, TAKEN_OVER),
    ),
    Walk(
        "paid service (特约) · booked → served at the agreed time",
        "served", {"kind": "service", "given_due": {"agreed": "2026-01-07T14:00+08:00"}}, ("arrive", {}), "2026-01-07T14:00",
    ),
    Walk(
        "complaint · revisited · 100 % (within 7 days, ours)",
        "revisit", COMPLAINT, ("revisit", {"method": "telephone"}), "2026-01-12T10:00", None, RESOLVED,
    ),
    Walk(
        "paid service (特约) · later visits offered by the company (when revisiting, within 30 calendar days, ours)",
        "revisit", {"kind": "service"}, ("revisit", {"method": "telephone"}), "2026-02-04T10:00", None, RESOLVED,
    ),
    Walk(
        "rules · everything reported is revisited (within 7 days, ours)",
        "revisit", {"kind": "enquiry"}, ("revisit", {"method": "telephone"}), "2026-01-12T10:00", None, RESOLVED,
    ),
]  # fmt: skip

FIGURES = [
    Figure(
        "rules · everything reported is registered, handled, followed, closed and revisited",
        "closed", "closure", {"": 1.0}, bands=(1.0, 0.95),
    ),
    Figure(
        "complaint · revisited · 100 %",
        "complaint_revisits", "revisit", {"": 1.0}, bands=(1.0, 0.95), asks={"kind": ("complaint",)},
    ),
    Figure(
        "stock-taking · all open complaints listed every day with the responsible person and the root cause",
        "daily_stock_taking", "compliance", period="day", asks={"kind": ("complaint",), "by": ("person", "cause")},
    ),
    Figure("stock-taking · overdue ones every week", "weekly_overdue", "compliance", period="week"),
    Figure(
        "stock-taking · summary and early warning every month",
        "monthly_early_warning", "compliance", {"": 0.95}, bands=(0.95, 0.90),
    ),
    Figure(
        "KPI · satisfaction = satisfied answers / all answers (1 920 of 2 000 = 96 %), three-step answers (very satisfied, "
        "basically satisfied, dissatisfied); half-yearly report",
        "satisfaction", "satisfaction", {"": 0.96}, bands=(0.96, 0.90), period="half_year",
    ),
    Figure("KPI · timeliness", "timeliness", "compliance", {"": 0.95}, bands=(0.95, 0.90), period="half_year"),
    Figure("KPI · rework (返修) rate", "rework", "rework", period="half_year", asks={"kind": ("repair",), "within_days": 30}),
    Figure("figures · backlog and ageing of complaints", "open_complaints", "backlog", period="year",
           asks={"by": ("person", "cause"), "kind": ("complaint",)}),
    Figure("figures · time per party", "time_by_party", "held", period="half_year", asks={"by": ("type",), "kind": ("repair",)}),
]  # fmt: skip


@pytest.fixture(scope="module")
def engine():
    with walking(PACK) as engine:
        yield engine


@pytest.mark.parametrize("walk", WALKS, ids=lambda walk: f"{walk} {(walk.matter or {}).get('severity', '')}")
def test_the_row_is_kept_to_the_second(engine, walk):
    keeps_to_the_second(engine, walk)


@pytest.mark.parametrize("figure", FIGURES, ids=str)
def test_the_figure_of_the_row_has_its_goal(engine, figure):
    kpis = {kpi.row: kpi for kpi in engine.book().latest.version.kpis}
    figure_is(kpis[figure.row], figure)


def test_the_builders_silence_is_the_builders_breach_and_not_yet_the_owners(engine):
    order = go(
        engine,
        REPAIR,
        then("classify", "2026-01-05T09:30", **SEEPAGE),
        TO_BUILDER,
        then("dispatch", "2026-01-07T10:00", team="engineering", party="company"),
        then("resolve", "2026-01-09T10:00", outcome="by_company"),
        then("charge_cost", "2026-01-12T10:00", party="builder", amount="1860.00"),
    )
    promises = {row.target: (row.promise, row.verdict) for row in engine.clocks(order, as_of=local(engine, "2026-01-13T10:00"))}
    assert promises == {
        "defect_mended": ("sla", "met"),
        "builder_answer": ("contract", "missed"),
        "retention_charged": ("ola", "met"),
        "revisit": ("sla", "running"),
    }


def test_every_attempt_of_the_builder_has_its_own_clock(engine):
    order = go(
        engine,
        REPAIR,
        then("classify", "2026-01-05T09:30", **SEEPAGE),
        TO_BUILDER,
        REFUSED,
        then("dispatch", "2026-01-06T09:00", party="builder"),
        then("accept", "2026-01-08T09:00", party="builder"),
    )
    attempts = [(row.cycle, row.verdict) for row in engine.clocks(order) if row.target == "builder_answer"]
    assert attempts == [(1, "met"), (2, "missed")]


def test_a_repair_that_the_builder_accepted_and_the_company_had_to_do_is_the_builders_breach_at_once(engine):
    order = go(
        engine,
        REPAIR,
        then("classify", "2026-01-05T09:30", **SEEPAGE),
        TO_BUILDER,
        ACCEPTED,
        then("dispatch", "2026-01-07T10:00", team="engineering", party="company"),
        then("resolve", "2026-01-09T10:00", outcome="by_company"),
    )
    clocks = {row.target: (row.verdict, row.stop is not None) for row in engine.clocks(order)}
    assert clocks["builder_on_site"] == clocks["builder_repair"] == ("missed", True)
    assert clocks["defect_mended"] == ("met", True)
    failed = engine.explain(order, "builder_repair", as_of=local(engine, "2026-01-13T10:00"))
    assert (failed.failed, failed.ran_out_at, failed.stopped_at) == (True, None, local(engine, "2026-01-07T10:00"))


def test_a_builder_that_refuses_after_all_has_failed_and_a_new_attempt_has_a_clock_of_its_own(engine):
    order = go(
        engine,
        REPAIR,
        then("classify", "2026-01-05T09:30", **SEEPAGE),
        TO_BUILDER,
        ACCEPTED,
        then("decline", "2026-01-06T10:00", party="builder", reason="disputed"),
        then("dispatch", "2026-01-06T11:00", party="builder"),
        then("accept", "2026-01-06T12:00", party="builder"),
        then("resolve", "2026-01-08T10:00"),
    )
    assert [row.verdict for row in engine.clocks(order) if row.target == "builder_repair"] == ["missed", "met"]


def test_a_mended_defect_that_comes_back_is_the_builders_again_on_a_new_clock(engine):
    order = go(
        engine,
        REPAIR,
        then("classify", "2026-01-05T09:30", **SEEPAGE),
        TO_BUILDER,
        ACCEPTED,
        then("resolve", "2026-01-12T10:00"),
        then("reopen", "2026-02-09T10:00", reason="seeps_again"),
        then("dispatch", "2026-02-09T11:00", party="builder"),
        then("accept", "2026-02-09T15:00", party="builder"),
        then("resolve", "2026-02-27T15:00"),
    )
    clocks = {(row.target, row.cycle): row.verdict for row in engine.clocks(order)}
    assert (clocks["builder_repair", 1], clocks["builder_repair", 2]) == ("met", "missed")
    assert clocks["defect_mended", 1] == "met"  # 30 days of the owner's waiting, without those from resolved to reopened


def test_a_defect_under_warranty_has_no_clock_of_the_time_limit_table(engine):
    order = go(engine, REPAIR, then("classify", "2026-01-05T09:00", **SEEPAGE), TO_BUILDER, ACCEPTED)
    assert "facility_repair" not in targets(engine, order)


def test_a_paid_service_without_an_agreed_time_is_not_measured_by_one(engine):
    assert targets(engine, go(engine, {"kind": "service"})) == {}


def test_an_agreed_time_that_is_moved_in_the_record_moves_the_promise(engine):
    order = go(
        engine,
        {"kind": "service", "given_due": {"agreed": "2026-01-07T14:00+08:00"}},
        then("correct", "2026-01-06T12:00", version=1, field="given_due.agreed", value="2026-01-08T14:00+08:00"),
        then("arrive", "2026-01-08T13:55"),
    )
    assert clock(engine, order, "served").verdict == "met"
