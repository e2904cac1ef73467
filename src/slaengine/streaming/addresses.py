"""Where an order's facts go, and under which name: looked up once an order."""

from __future__ import annotations

from collections.abc import Iterable

from slaengine.storage.database import Database
from slaengine.storage.fact_rows import names_of
from slaengine.storage.log import IDS_A_STATEMENT
from slaengine.streaming.envelope import Address, keys_of
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
        missing = list(set(order_ids).difference(self._known))
        for start in range(0, len(missing), IDS_A_STATEMENT):
            some = missing[start : start + IDS_A_STATEMENT]
            with self._database.reading() as connection:
                named = names_of(connection, some)
            keys = keys_of(some)
            subjects = [named[order].encode() if order in named else key for order, key in zip(some, keys, strict=True)]
            self._known.update(zip(some, map(Address.of, subjects, keys, partitions_of(keys, self._partitions)), strict=True))
        return self._known
