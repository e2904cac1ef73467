"""Facts to append, as small as can be."""

from __future__ import annotations

from uuid import UUID

from slaengine.storage.log import NewFact


def order(number: int) -> UUID:
    return UUID(int=number)


def fact(number: int, version: int, topic: str = "work_order.responded.v1", state: bytes = b"{}") -> NewFact:
    return NewFact(order(number), version, topic, state)
