"""What the log says of one reporter: shown to them, or made unreadable for everybody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic_core import from_json

from slaengine.domain.codec import UPCASTS, shape_of
from slaengine.domain.events import Corrected, Fact, Received
from slaengine.domain.personal import Path, personal_paths
from slaengine.storage.keys import KeyStore, of_order, of_subject
from slaengine.storage.log import EPOCH, MICROSECOND, FactLog, StoredFact
from slaengine.storage.mapper import FactMapper
from slaengine.storage.personal import ERASED


@dataclass(frozen=True)
class Erasure:
    """What became of a reporter's data.

    `destroyed` counts the keys destroyed now, `first_at` is when the first of them ever was (None: there was none).
    `readable` are the facts, as (order, version), whose personal texts can still be read: recorded in clear before a key
    store was in use, or under the key of another reporter.
    """

    subject: str
    orders: int
    destroyed: int
    first_at: datetime | None
    readable: list[tuple[UUID, int]]


def erase(log: FactLog, keys: KeyStore, mapper: FactMapper, subject: str, now: datetime) -> Erasure:
    """Destroy the keys of a reporter: their texts read `[erased]` from now on, in the store and in every copy of it.

    Args:
        log: read only; not a byte of it changes.
        keys: loses the keys.
        mapper: with the vault of these keys; tells what can be read afterwards.
        subject: the caller's id of the person.
        now: the time of erasure.
    """
    orders = orders_of(log, subject)
    erased = keys.destroy([of_subject(subject), *map(of_order, orders)], now)
    readable = [
        (stored.order_id, stored.version)
        for order_id in orders
        for stored in log.facts_of(order_id)
        if _readable(mapper.fact_of(order_id, stored.version, stored.topic, stored.state))
    ]
    return Erasure(subject, len(orders), erased.destroyed, erased.first_at, readable)


def export(log: FactLog, mapper: FactMapper, subject: str) -> list[dict[str, Any]]:
    """Return all that the log holds of a reporter's orders, as plain JSON values: `[{order, facts: […]}…]`.

    Texts that were erased read `[erased]`. Instants are ISO 8601, UTC.
    """
    return [
        {"order": str(order_id), "facts": [_shown(mapper, stored) for stored in log.facts_of(order_id)]}
        for order_id in orders_of(log, subject)
    ]


def orders_of(log: FactLog, subject: str) -> list[UUID]:
    """Return the orders that this reporter made, or was corrected to have made, in the order they came in."""
    found: dict[UUID, None] = {}
    for fact in log.scan(topics=(Received.TOPIC, Corrected.TOPIC, *UPCASTS)):
        shape = from_json(fact.state)
        reporter = shape.get("reporter") or {}
        correction = shape.get("value") if shape.get("field") == "reporter.subject" else None
        if subject in (reporter.get("subject"), correction):
            found[fact.order_id] = None
    return list(found)


def _shown(mapper: FactMapper, stored: StoredFact) -> dict[str, Any]:
    fact = mapper.fact_of(stored.order_id, stored.version, stored.topic, stored.state)
    recorded_at = EPOCH + stored.recorded_at * MICROSECOND
    return {"fact": fact.NAME, "version": stored.version, "recorded_at": recorded_at.isoformat(), **shape_of(fact)}


def _readable(fact: Fact) -> bool:
    return any(_text_at(fact, path) not in (None, ERASED) for path in personal_paths(type(fact)))


def _text_at(fact: Fact, path: Path) -> Any:
    value: Any = fact
    for name in path:
        value = getattr(value, name, None)
    return value
