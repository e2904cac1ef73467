"""Where an order's facts go, and under which name: looked up once an order."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from slaengine.storage.database import Database
from slaengine.storage.fact_rows import names_of
from slaengine.storage.log import IDS_A_STATEMENT
from slaengine.streaming.envelope import Address, key_of
from slaengine.streaming.partition import partitions_of

KEPT_MAX = 100_000
"""Addresses kept in memory, some 300 bytes each; beyond that all are looked up anew."""


class Addresses:
    """The addresses of one store's orders in a topic of `partitions`."""

    def __init__(self, database: Database, partitions: int) -> None:
        self._database, self._partitions = database, partitions
        self._known: dict[bytes, Address] = {}

    def of(self, order_ids: Iterable[bytes]) -> dict[bytes, Address]:
        """Return a mapping that holds at least the addresses of these orders, by their ids as 16 bytes."""
        if len(self._known) > KEPT_MAX:
            self._known = {}
        missing = [UUID(bytes=order) for order in set(order_ids).difference(self._known)]
        for start in range(0, len(missing), IDS_A_STATEMENT):
            some = missing[start : start + IDS_A_STATEMENT]
            with self._database.reading() as connection:
                named = names_of(connection, some)
            keys = [key_of(order) for order in some]
            for order, key, number in zip(some, keys, partitions_of(keys, self._partitions), strict=True):
                self._known[order.bytes] = Address.of(named[order.bytes].encode() if order.bytes in named else key, key, number)
        return self._known
