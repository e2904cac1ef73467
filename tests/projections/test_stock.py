"""The stock is what the lists of orders say."""

from datetime import UTC, datetime, timedelta

import pytest
from tests.projections.stores import NEW_YEAR, STANDARD, town

from slaengine import SlaEngine


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('stock') / 'town.db'}"
    with town(url, 300) as told:
        told.tell()
    with SlaEngine.open(url, policy=STANDARD, clock=lambda: datetime(2026, 6, 1, tzinfo=UTC)) as opened:
        yield opened


@pytest.mark.parametrize("days", [3, 20, 200])
@pytest.mark.parametrize("late", [None, 1])
def test_the_stock_has_every_open_order_and_every_overdue_clock(engine, days, late):
    as_of = NEW_YEAR + timedelta(days=days)
    asked = {"as_of": as_of, "known_at": None if late is None else as_of - timedelta(days=late), "limit": None}
    stock = engine.stock(as_of=as_of, known_at=asked["known_at"])
    waiting = engine.orders(status=["open", "paused"], **asked)
    assert {order.number: (order.kind, order.type, order.status, order.received_at) for order in stock.orders} == {
        order.number: (order.kind, order.type, order.status, order.received_at) for order in waiting
    }
    assert [order.responsible for order in sorted(stock.orders)] == [
        order.person or order.received_by for order in sorted(waiting, key=lambda order: order.number)
    ]
    behind = engine.orders(verdict=["overdue"], **asked)
    overdue = [(o.number, c.target, c.due_at) for o in behind for c in o.clocks if c.verdict == "overdue"]
    assert sorted((clock.number, clock.target, clock.due_at) for clock in stock.clocks) == sorted(overdue)
    assert {order.number for order in stock.orders if order.overdue} == {o.number for o in behind} & {o.number for o in waiting}
    assert [clock.due_at for clock in stock.clocks] == sorted(clock.due_at for clock in stock.clocks)
    ranks = [(order.kind != "complaint", order.received_at) for order in stock.orders]
    assert ranks == sorted(ranks)
    assert waiting
