from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from tests.engine.conftest import HandClock, OpenEngine

from slaengine.domain import commands as c
from slaengine.domain.events import FACTS, Corrected, CostCharged, Merged, Received, Resolved
from slaengine.domain.values import Place, Reporter
from slaengine.engine import OrderRef, SlaEngine
from slaengine.errors import (
    AlreadyReceived,
    FutureFact,
    InvalidCommand,
    InvalidTransition,
    UnknownPolicy,
    UnknownWorkOrder,
)
from slaengine.testing.examples import after

ABSENT = UUID("019b8bbb-5a00-7000-8000-00000000dead")
PHOTO = {"digest": "0" * 64, "media_type": "image/jpeg"}


def test_an_order_lives_from_receipt_to_closure_on_every_store(store_url: str, open_engine: OpenEngine, clock: HandClock) -> None:
    engine = open_engine(store_url)
    order = engine.receive(
        kind="repair",
        channel="app",
        place={"community": "Lakeside", "room": "201"},
        reporter={"subject": "owner-4711", "name": "Wang Min"},
        labels={"ward": "east"},
        given_due={"contract": after(240)},
        by="clerk-07",
    )
    for verb in (
        lambda: engine.respond(order, note="on our way"),
        lambda: engine.classify(order, type="facility.plumbing.burst_pipe", severity="emergency"),
        lambda: engine.dispatch(order, team="engineering", person="plumber-02"),
        lambda: engine.accept(order),
        lambda: engine.arrive(order),
        lambda: engine.propose_plan(order, stage="first"),
        lambda: engine.report_progress(order, method="push"),
        lambda: engine.hold_meeting(order, parties=["owner", "company"]),
        lambda: engine.pause(order, reason="parts"),
        lambda: engine.resume(order),
        lambda: engine.escalate(order, level=1),
        lambda: engine.decline(order, reason="outside_warranty", party="builder", evidence=[PHOTO]),
        lambda: engine.attach_evidence(order, evidence=PHOTO),
        lambda: engine.charge_cost(order, party="builder", amount="120.50"),
        lambda: engine.correct(order, version=1, field="place.building", value="3"),
        lambda: engine.request_waiver(order, target="resolution", reason="storm", by="clerk-07"),
        lambda: engine.refuse_waiver(order, target="resolution", reason="storm", by="manager-01"),
        lambda: engine.approve_waiver(order, target="arrival", reason="storm", by="manager-01"),
        lambda: engine.state_verdict(order, target="given", verdict="met"),
        lambda: engine.resolve(order, outcome="repaired"),
        lambda: engine.revisit(order, method="telephone", satisfaction="satisfied"),
        lambda: engine.reopen(order, reason="leaks again"),
        lambda: engine.resolve(order, outcome="repaired for good"),
        lambda: engine.close(order),
    ):
        clock.forward(1)
        (fact,) = verb()
        assert fact.occurred_at == clock.now
    recorded = engine.facts(order)
    assert [fact.version for fact in recorded] == list(range(1, 26))
    assert [fact.position for fact in recorded] == list(range(1, 26))
    assert all(fact.recorded_at == fact.fact.occurred_at for fact in recorded)
    assert engine.work_orders.work_order(order.id).status == "closed"
    received = recorded[0].fact
    assert isinstance(received, Received)
    assert received.place == Place(community="Lakeside", room="201")
    assert received.reporter == Reporter(subject="owner-4711", name="Wang Min")


def test_there_is_a_verb_for_every_command_with_its_fields() -> None:
    for command in c.COMMANDS:
        verb = inspect.signature(getattr(SlaEngine, command.NAME))
        offered = verb.parameters.keys() - {"self", "order", "stamp"}
        stamp = {"occurred_at", "by", "channel", "correlation_id", "causation_id", "command_id"}
        assert offered == command.model_fields.keys() - stamp
        assert all(verb.parameters[name].kind is inspect.Parameter.KEYWORD_ONLY for name in offered)
    assert len(c.COMMANDS) == len(FACTS)


def test_an_order_is_known_by_reference_id_and_number(engine: SlaEngine) -> None:
    order = engine.receive(kind="repair", number="R-17")
    assert str(order) == "R-17"
    for name in (order, order.id, "R-17", str(order.id)):
        assert engine.order_id(name) == order.id
        assert len(engine.facts(name)) == 1


def test_a_number_counts_the_orders_of_its_day(engine: SlaEngine) -> None:
    numbers = [engine.receive(kind="repair", occurred_at=at).number for at in (after(-1440), after(0), after(-1440), after(0))]
    assert numbers == ["WO-20260104-000001", "WO-20260105-000001", "WO-20260104-000002", "WO-20260105-000002"]


def test_a_number_carries_the_day_in_the_policys_zone(open_engine: OpenEngine) -> None:
    late = datetime(2026, 1, 4, 20, tzinfo=UTC)
    assert open_engine("memory:").receive(kind="repair", occurred_at=late).number.startswith("WO-20260104-")
    shanghai = open_engine("memory:", policy="service-standard")
    assert shanghai.receive(kind="repair", occurred_at=late).number.startswith("WO-20260105-")


def test_an_unknown_policy_is_refused_at_the_door(open_engine: OpenEngine) -> None:
    with pytest.raises(UnknownPolicy):
        open_engine("memory:", policy="servise-standard")


def test_a_refused_receipt_uses_up_no_number(engine: SlaEngine, clock: HandClock) -> None:
    with pytest.raises(FutureFact):
        engine.receive(kind="repair", occurred_at=clock.now + timedelta(minutes=6))
    with pytest.raises(InvalidCommand):
        engine.receive(kind="repear")  # type: ignore[arg-type]
    assert engine.receive(kind="repair").number == "WO-20260105-000001"


def test_receiving_the_same_number_again_is_the_same_order(engine: SlaEngine, clock: HandClock) -> None:
    order = engine.receive(kind="repair", number="R-17", description="no light")
    clock.forward(5)
    assert engine.receive(kind="repair", number="R-17", description="no light") == order
    assert engine.receive(kind="repair", number="R-17", description="no light", occurred_at=after(0)) == order
    assert len(engine.facts(order)) == 1
    with pytest.raises(AlreadyReceived):
        engine.receive(kind="repair", number="R-17", description="no water")
    with pytest.raises(AlreadyReceived):
        engine.receive(kind="repair", number="R-17", description="no light", occurred_at=after(3))


def test_two_alike_without_a_number_are_two_orders(engine: SlaEngine) -> None:
    assert engine.receive(kind="repair") != engine.receive(kind="repair")


def test_an_order_that_is_not_there_is_named(engine: SlaEngine) -> None:
    for verb in (
        lambda: engine.resolve("R-404"),
        lambda: engine.facts("R-404"),
        lambda: engine.resolve(OrderRef(ABSENT, "R-9")),
    ):
        with pytest.raises(UnknownWorkOrder):
            verb()
    assert engine.log.head().position == 0


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": None}, "cannot pause: reason is missing"),
        ({"reason": ""}, "cannot pause: reason cannot be used"),
        ({"reason": "parts", "occurred_at": datetime(2026, 1, 5, 1)}, "occurred_at cannot be used: input should have timezone"),  # noqa: DTZ001
        ({"reason": "parts", "colour": "red"}, "colour is not a field of pause"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(fields: dict[str, Any], said: str, engine: SlaEngine) -> None:
    order = engine.receive(kind="repair")
    with pytest.raises(InvalidCommand, match=said):
        engine.pause(order, **fields)


def test_personal_data_stays_out_of_refusals(engine: SlaEngine) -> None:
    with pytest.raises(InvalidCommand) as refusal:
        engine.receive(kind="repair", reporter={"name": "Wang Min" * 2_000, "telephone": "+86 21 5550 0100"})
    assert "reporter.name" in str(refusal.value)
    assert "Wang" not in str(refusal.value)
    order = engine.receive(kind="repair", number="R-1", description="Wang Min called")
    with pytest.raises(AlreadyReceived) as again:
        engine.receive(kind="repair", number="R-1", description="Li Na called")
    assert "Wang" not in str(again.value)
    assert "Li Na" not in str(again.value)
    with pytest.raises(InvalidTransition):
        engine.close(order)


def test_what_has_not_happened_is_refused_beyond_the_skew_of_clocks(engine: SlaEngine, clock: HandClock) -> None:
    order = engine.receive(kind="repair")
    engine.respond(order, occurred_at=clock.now + timedelta(minutes=5))
    with pytest.raises(FutureFact):
        engine.respond(order, occurred_at=clock.now + timedelta(minutes=5, microseconds=1))


def test_a_merge_goes_into_another_order_that_exists(engine: SlaEngine) -> None:
    order, other = engine.receive(kind="repair"), engine.receive(kind="repair")
    with pytest.raises(InvalidCommand, match="is the order itself"):
        engine.merge(order, into=order)
    with pytest.raises(InvalidCommand, match="no such work order"):
        engine.merge(order, into=ABSENT)
    with pytest.raises(UnknownWorkOrder):
        engine.merge(order, into="R-404")
    (fact,) = engine.merge(order, into=other.number)
    assert isinstance(fact, Merged)
    assert fact.into == other.id


def test_what_is_already_so_records_nothing(engine: SlaEngine, clock: HandClock) -> None:
    order = engine.receive(kind="repair")
    assert len(engine.resolve(order)) == 1
    clock.forward(1)
    assert engine.resolve(order) == []
    assert len(engine.facts(order)) == 2


def test_both_times_of_a_late_report_are_kept(engine: SlaEngine, clock: HandClock) -> None:
    order = engine.receive(kind="repair")
    clock.forward(600)
    engine.resolve(order, occurred_at=after(60))
    late = engine.facts(order)[1]
    assert isinstance(late.fact, Resolved)
    assert (late.fact.occurred_at, late.recorded_at) == (after(60), after(600))


def test_money_is_exact_and_a_correction_may_be_none(engine: SlaEngine) -> None:
    order = engine.receive(kind="repair", received_by="clerk-07")
    (cost,) = engine.charge_cost(order, party="builder", amount="0.10", currency="EUR")
    assert isinstance(cost, CostCharged)
    assert (cost.amount, cost.currency) == (Decimal("0.10"), "EUR")
    (correction,) = engine.correct(order, version=1, field="received_by")
    assert isinstance(correction, Corrected)
    assert correction.value is None


def test_an_engine_that_was_shut_down_can_be_opened_again(shared_store_url: str, open_engine: OpenEngine) -> None:
    with SlaEngine.open(shared_store_url) as first:
        order = first.receive(kind="repair")
    assert len(open_engine(shared_store_url).facts(order)) == 1


def test_the_librarys_settings_for_other_applications_do_not_matter(
    open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"IS_SNAPSHOTTING_ENABLED": "y", "COMPRESSOR_TOPIC": "zlib", "PERSISTENCE_MODULE": "elsewhere"}.items():
        monkeypatch.setenv(name, value)
    engine = open_engine("memory:")
    order = engine.receive(kind="repair")
    assert engine.log.facts_of(order.id)[0].state.startswith(b"{")
