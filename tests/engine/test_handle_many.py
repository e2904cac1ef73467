"""Batches: one transaction, each order whole or not at all, refusals told one by one."""

from __future__ import annotations

from uuid import UUID

from tests.engine.conftest import OpenEngine

from slaengine.audit.chain import verify
from slaengine.domain import commands as c
from slaengine.engine import SlaEngine, order_id_for
from slaengine.errors import InvalidTransition, NumberTaken, UnknownWorkOrder
from slaengine.testing.examples import after


def _id(row: int) -> UUID:
    return order_id_for(after(0), f"row-{row}")


def _receive(row: int, number: str | None = None) -> c.Receive:
    return c.Receive(occurred_at=after(0), kind="repair", number=number or f"R-{row}")


def test_each_order_is_recorded_whole_or_refused_whole(store_url: str, open_engine: OpenEngine) -> None:
    engine = open_engine(store_url)
    resolve, close = c.Resolve(occurred_at=after(2)), c.Close(occurred_at=after(3))
    outcomes = engine.handle_many(
        [
            (_id(1), [_receive(1), resolve, close]),
            (_id(2), [_receive(2), close]),
            (_id(3), [_receive(3, number="R-1")]),
            (_id(4), [resolve]),
            (_id(5), [_receive(5)]),
        ]
    )
    assert [[type(fact).__name__ for fact in outcome.facts] for outcome in outcomes] == [
        ["Received", "Resolved", "Closed"],
        [],
        [],
        [],
        ["Received"],
    ]
    assert [type(outcome.refusal) for outcome in outcomes] == [
        type(None),
        InvalidTransition,
        NumberTaken,
        UnknownWorkOrder,
        type(None),
    ]
    assert [outcome.order_id for outcome in outcomes] == [_id(row) for row in range(1, 6)]
    assert engine.log.head().position == 4
    assert engine.log.count_orders() == 2
    assert engine.log.find("R-2") is None


def test_later_commands_of_a_batch_know_the_earlier_ones(engine: SlaEngine) -> None:
    outcomes = engine.handle_many(
        [
            (_id(1), [_receive(1)]),
            (_id(2), [_receive(2), c.Merge(occurred_at=after(1), into=_id(1))]),
            (_id(1), [c.Resolve(occurred_at=after(2))]),
            (_id(3), [_receive(3, number="R-2")]),
        ]
    )
    assert [len(outcome.facts) for outcome in outcomes] == [1, 2, 1, 0]
    assert isinstance(outcomes[3].refusal, NumberTaken)
    assert engine.work_orders.work_order(_id(1)).status == "resolved"


def test_a_batch_sent_again_records_nothing(shared_store_url: str, open_engine: OpenEngine) -> None:
    engine = open_engine(shared_store_url)
    batch = [(_id(row), [_receive(row), c.Respond(occurred_at=after(1)), c.Resolve(occurred_at=after(2))]) for row in range(300)]
    assert sum(len(outcome.facts) for outcome in engine.handle_many(batch)) == 900
    again = engine.handle_many(batch)
    assert all(outcome.facts == () and outcome.refusal is None for outcome in again)
    assert engine.log.head().position == 900
    assert verify(engine.log.scan()) is None
    assert len({fact.recorded_at for fact in engine.log.scan()}) == 1


def test_orders_in_a_batch_may_be_named_by_number(engine: SlaEngine) -> None:
    order = engine.receive(kind="repair", number="R-1")
    (outcome,) = engine.handle_many([("R-1", [c.Resolve(occurred_at=after(0))])])
    assert (outcome.order_id, len(outcome.facts)) == (order.id, 1)


def test_an_empty_batch_is_nothing(engine: SlaEngine) -> None:
    assert engine.handle_many([]) == []
    (outcome,) = engine.handle_many([(_id(1), [])])
    assert outcome.facts == ()
    assert outcome.refusal is None
