"""Facts stored by an earlier version are read in today's shape; what cannot be read is named, not skipped."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import JSONTranscoder, MapperDeserialisationError, StoredEvent
from tests.storage.facts import fact

from slaengine.domain import codec
from slaengine.domain.events import Paused, Received
from slaengine.errors import CorruptFact, UsageError
from slaengine.storage.log import FactLog, NewFact
from slaengine.storage.mapper import FactMapper, Recorded
from slaengine.storage.work_orders import WorkOrders
from slaengine.testing.examples import ORDER_ID

Open = Callable[..., FactLog]


@pytest.fixture
def _an_older_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    """Version 0 of a pause said `why` where it says `reason` today; before that it was called a wait, in capitals."""

    def from_wait(shape: dict[str, Any]) -> dict[str, Any]:
        return {**shape, "why": shape["why"].lower()}

    def from_v0(shape: dict[str, Any]) -> dict[str, Any]:
        return {"reason": shape["why"], "occurred_at": shape["occurred_at"]}

    monkeypatch.setitem(codec.UPCASTS, "work_order.waiting.v1", ("work_order.paused.v0", from_wait))
    monkeypatch.setitem(codec.UPCASTS, "work_order.paused.v0", ("work_order.paused.v1", from_v0))


@pytest.mark.usefixtures("_an_older_shape")
def test_an_old_shape_in_the_table_is_read_in_todays(shared_store_url: str, open_log: Open) -> None:
    log = open_log(shared_store_url)
    received = b'{"occurred_at":"2020-01-01T08:00:00Z","kind":"repair","number":"R-1"}'
    log.append(
        [
            NewFact(ORDER_ID, 1, "work_order.received.v1", received),
            NewFact(ORDER_ID, 2, "work_order.waiting.v1", b'{"occurred_at":"2020-01-01T09:00:00Z","why":"PARTS"}'),
            NewFact(ORDER_ID, 3, "work_order.paused.v0", b'{"occurred_at":"2020-01-01T10:00:00Z","why":"access"}'),
        ]
    )
    work_orders = WorkOrders(log=log)
    order = work_orders.work_order(ORDER_ID)
    assert [type(fact) for fact in order.facts] == [Received, Paused, Paused]
    assert order.standing.waits == {"parts", "access"}
    assert [recorded.fact for recorded in work_orders.events.get(ORDER_ID) if isinstance(recorded, Recorded)] == list(order.facts)
    assert log.facts_of(ORDER_ID)[1].topic == "work_order.waiting.v1"


@pytest.mark.parametrize(
    ("topic", "state", "said"),
    [
        ("work_order.teleported.v1", b"{}", "does not know; upgrade slaengine"),
        ("work_order.paused.v1", b'{"occurred_at":"2020-01-01T09:00:00Z"}', "not of that shape"),
        ("work_order.paused.v1", b"\x00\xff", "not of that shape"),
    ],
)
def test_a_fact_that_cannot_be_read_is_named(topic: str, state: bytes, said: str, store_url: str, open_log: Open) -> None:
    log = open_log(store_url)
    log.append([fact(1, 1, topic, state)])
    work_orders = WorkOrders(log=log)
    with pytest.raises(CorruptFact, match=f"fact 1 of work order {fact(1, 1).order_id}.*{said}"):
        work_orders.facts(fact(1, 1).order_id)
    with pytest.raises(MapperDeserialisationError, match=said):
        list(work_orders.events.get(fact(1, 1).order_id))


def test_the_library_cannot_hide_facts_from_other_readers() -> None:
    with pytest.raises(UsageError, match="plain JSON"):
        FactMapper(JSONTranscoder(), compressor=object())
    with pytest.raises(UsageError, match="plain JSON"):
        FactMapper(JSONTranscoder(), cipher=object())


def test_only_recorded_facts_are_saved() -> None:
    event = DomainEvent(originator_id=ORDER_ID, originator_version=1, timestamp=DomainEvent.create_timestamp())
    with pytest.raises(UsageError, match="wrap facts in `Recorded`"):
        FactMapper().to_stored_event(event)


def test_an_id_that_is_no_uuid_is_no_work_orders() -> None:
    with pytest.raises(MapperDeserialisationError, match="not the UUID"):
        FactMapper().to_domain_event(StoredEvent("R-1", 1, "work_order.paused.v1", b"{}"))
