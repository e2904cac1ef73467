"""Logs to seal: in memory, as a list of stored facts, so that a test can do to them what nobody should."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from slaengine.audit.chain import GENESIS, link_hash
from slaengine.storage.log import StoredFact

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
FIRST = (NOON - datetime(1970, 1, 1, tzinfo=UTC)) // MICROSECOND


class ListLog:
    """A log that reads from a list; the list can be exchanged."""

    def __init__(self, facts: Sequence[StoredFact]) -> None:
        self.facts = list(facts)

    def read(self, after: int, limit: int, /) -> list[StoredFact]:
        return self.facts[after : after + limit]


def chained(facts: Sequence[StoredFact], previous: bytes = GENESIS, start: int = 0) -> list[StoredFact]:
    """Return the facts with positions and hashes as if they had been recorded like this from `start` on."""
    result = list(facts[:start])
    previous = result[-1].hash if result else previous
    for position, fact in enumerate(facts[start:], start + 1):
        previous = link_hash(previous, position, fact.order_id, fact.version, fact.recorded_at, fact.topic, fact.state)
        result.append(fact._replace(position=position, hash=previous))
    return result


def facts(count: int, orders: int = 3) -> list[StoredFact]:
    """Return a well-chained log of `count` facts of some orders."""
    topics = ("work_order.received.v1", "work_order.dispatched.v1", "work_order.resolved.v1")
    rows = []
    for i in range(count):
        state = f'{{"occurred_at":"2026-01-05T12:00:{i % 60:02}Z","by":"{i}"}}'.encode()
        topic = topics[min(i // orders, 2)]
        rows.append(StoredFact(0, UUID(int=i % orders + 1), i // orders + 1, topic, state, FIRST + i, b""))
    return chained(rows)


def of_order(log: Sequence[StoredFact], order: int) -> list[StoredFact]:
    """Return the facts of one order, as the store gives them."""
    return [fact for fact in log if fact.order_id == UUID(int=order)]
