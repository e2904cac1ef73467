"""A command id makes sending again harmless, whatever happened in between, and nobody else can use it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.engine.conftest import HandClock, OpenEngine

from slaengine.domain import commands as c
from slaengine.engine import SlaEngine, order_id_for
from slaengine.engine.digests import digest_of
from slaengine.errors import CommandIdReused, InvalidTransition
from slaengine.testing.examples import after


def test_a_repeated_command_records_nothing_whatever_happened_since(
    store_url: str, open_engine: OpenEngine, clock: HandClock
) -> None:
    engine = open_engine(store_url)
    order = engine.receive(kind="repair", command_id="c-1")
    assert len(engine.resolve(order, command_id="c-2")) == 1
    clock.forward(10)
    engine.close(order)
    with pytest.raises(InvalidTransition):
        engine.resolve(order, outcome="other")
    assert engine.resolve(order, command_id="c-2") == []
    assert engine.receive(kind="repair", command_id="c-1") == order
    assert len(engine.facts(order)) == 3


def test_a_repetition_is_known_by_another_process(shared_store_url: str, open_engine: OpenEngine) -> None:
    order = open_engine(shared_store_url).receive(kind="repair", command_id="c-1", place={"community": "Lakeside"})
    other = open_engine(shared_store_url)
    assert other.receive(kind="repair", command_id="c-1", place={"community": "Lakeside"}) == order
    assert other.log.head().position == 1


def test_a_command_id_used_for_another_command_is_refused(engine: SlaEngine) -> None:
    order, other = engine.receive(kind="repair", command_id="c-1"), engine.receive(kind="repair")
    engine.pause(order, reason="parts", command_id="c-2")
    for verb in (
        lambda: engine.pause(order, reason="access", command_id="c-2"),
        lambda: engine.resume(order, command_id="c-2"),
        lambda: engine.pause(other, reason="parts", command_id="c-2"),
        lambda: engine.pause(order, reason="parts", command_id="c-2", occurred_at=after(-5)),
        lambda: engine.receive(kind="complaint", command_id="c-1"),
        lambda: engine.receive(kind="repair", number="R-1", command_id="c-1"),
        lambda: engine.receive(kind="repair", command_id="c-2"),
        lambda: engine.resolve(order, command_id="c-1"),
    ):
        with pytest.raises(CommandIdReused):
            verb()
    assert engine.log.head().position == 3


def test_a_command_that_was_already_so_keeps_its_id(engine: SlaEngine, clock: HandClock) -> None:
    order = engine.receive(kind="repair")
    engine.pause(order, reason="parts")
    assert engine.pause(order, reason="parts", command_id="c-1") == []
    clock.forward(1)
    engine.resume(order)
    clock.forward(1)
    assert engine.pause(order, reason="parts", command_id="c-1") == []
    assert engine.work_orders.work_order(order.id).status == "open"


def test_a_refused_command_keeps_nothing_so_it_may_be_sent_again(engine: SlaEngine) -> None:
    order = engine.receive(kind="repair")
    with pytest.raises(InvalidTransition):
        engine.close(order, command_id="c-1")
    engine.resolve(order)
    assert len(engine.close(order, command_id="c-1")) == 1


def test_the_same_instant_said_twice_is_the_same_command(engine: SlaEngine) -> None:
    order = engine.receive(kind="repair", command_id="c-1", occurred_at=after(-60))
    assert engine.receive(kind="repair", command_id="c-1", occurred_at=after(-60)) == order
    with pytest.raises(CommandIdReused):
        engine.receive(kind="repair", command_id="c-1", occurred_at=after(-59))


def test_ids_within_a_batch_are_known_too(engine: SlaEngine) -> None:
    first = order_id_for(after(0), "row-1")
    receive = c.Receive(occurred_at=after(0), kind="repair", number="R-1", command_id="row-1")
    respond = c.Respond(occurred_at=after(1), command_id="row-1-answered")
    outcomes = engine.handle_many([(first, [receive, respond, respond]), (first, [respond]), (first, [receive])])
    assert [len(outcome.facts) for outcome in outcomes] == [2, 0, 0]
    reused = c.Resolve(occurred_at=after(2), command_id="row-1")
    (outcome,) = engine.handle_many([(first, [reused])])
    assert isinstance(outcome.refusal, CommandIdReused)


def test_a_digest_tells_nothing_about_a_person() -> None:
    said = {"occurred_at": after(0), "kind": "repair", "number": "R-1"}
    plain = c.Receive(**said)
    personal = c.Receive(
        **said, description="Wang Min called", reporter={"name": "Wang Min", "telephone": "+86"}, place={"room": "201"}
    )
    assert digest_of(personal) != digest_of(c.Receive(**said, place={"building": "3"}))
    other = c.Receive(**said, description="Li Na", reporter={"name": "Li Na", "telephone": "1"}, place={"room": "9"})
    assert digest_of(personal) == digest_of(other)
    assert digest_of(plain) != digest_of(c.Receive(**{**said, "kind": "complaint"}))


def test_an_order_id_is_ordered_by_time_and_the_same_for_the_same_row() -> None:
    assert order_id_for(after(0), "row-1") == order_id_for(after(0), "row-1")
    assert order_id_for(after(0), "row-1") != order_id_for(after(0), "row-2")
    assert order_id_for(after(0)) != order_id_for(after(0))
    later = [order_id_for(after(0) + timedelta(milliseconds=step)) for step in range(50)]
    assert later == sorted(later)
    assert {(made.version, made.variant) for made in later} == {(7, "specified in RFC 4122")}
