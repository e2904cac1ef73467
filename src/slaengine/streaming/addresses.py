"""Where an order's facts go, and under which name: looked up once an order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from slaengine.storage.database import Database
from slaengine.storage.log import IDS_A_STATEMENT
from slaengine.storage.schema import numbers
from slaengine.streaming.envelope import key_of
from slaengine.streaming.partition import partition_of

KEPT_MAX = 100_000
"""Addresses kept in memory, some 300 bytes each; beyond that all are looked up anew."""


class Address(NamedTuple):
    """An order's readable number (what has none, a policy say, goes by its id), and its messages' key and partition."""

    subject: bytes
    key: bytes
    partition: int


class Addresses:
    """The addresses of one store's orders in a topic of `partitions`."""

    def __init__(self, database: Database, partitions: int) -> None:
        self._database, self._partitions = database, partitions
        self._known: dict[UUID, Address] = {}

    def of(self, order_ids: Iterable[UUID]) -> dict[UUID, Address]:
        """Return a mapping that holds at least these orders' addresses."""
        if len(self._known) > KEPT_MAX:
            self._known = {}
        missing = list({order for order in order_ids if order not in self._known})
        for start in range(0, len(missing), IDS_A_STATEMENT):
            some = missing[start : start + IDS_A_STATEMENT]
            with self._database.reading() as connection:
                rows = connection.execute(select(numbers.c.order_id, numbers.c.number).where(numbers.c.order_id.in_(some)))
                named = {row.order_id: row.number for row in rows}
            for order in some:
                key = key_of(order)
                self._known[order] = Address(named.get(order, str(order)).encode(), key, partition_of(key, self._partitions))
        return self._known
