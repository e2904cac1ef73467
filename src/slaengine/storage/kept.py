"""Sheets kept in memory between questions: what did not change since is not read again."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, select

from slaengine.projections.columns import Sheet, Words, joined
from slaengine.projections.sheets import side_by_side
from slaengine.projections.tile import Tile, words_of
from slaengine.storage.database import Database
from slaengine.storage.read_models_schema import Generation
from slaengine.storage.tiles import loose_states, made

BASE = ("orders", "clocks", "held", "words")
"""The parts of a tile that every question reads."""
BUILDS_MAX = 2
"""Builds whose sheets are kept, some 500 MB for a million orders each: the live one, and one that takes its place."""
NAMED_MAX = 200
"""Tiles that are asked for by number; more of them are found quicker by reading all."""


class KeptSheets:
    """The sheets of one database. Safe for threads, which wait for each other while one reads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._builds: dict[int, KeptSheet] = {}

    def sheet(self, connection: Connection, tables: Generation, dimensions: Sequence[str]) -> Sheet:
        """Return all orders of a build, with these dimensions, as they stand in the transaction of `connection`."""
        with self._lock:
            kept = self._builds.pop(tables.number, None) or KeptSheet(tables)
            self._builds[tables.number] = kept
            while len(self._builds) > BUILDS_MAX:
                del self._builds[next(iter(self._builds))]
            return kept.sheet(connection, dimensions)


_KEPT: WeakKeyDictionary[Database, KeptSheets] = WeakKeyDictionary()


def kept_sheets(database: Database) -> KeptSheets:
    """Return the sheets kept for a database, for as long as it is open."""
    return _KEPT.setdefault(database, KeptSheets())


class KeptSheet:
    """One build's tiles as they were read last, and the sheet they make."""

    def __init__(self, tables: Generation) -> None:
        self._tables = tables
        self._states: dict[int, object] = {}
        self._tiles: dict[int, Tile] = {}
        self._words: dict[str, dict[int, Words]] = {}
        self._base: Sheet | None = None
        self._said: dict[str, Words] = {}

    def sheet(self, connection: Connection, dimensions: Sequence[str]) -> Sheet:
        """Return all orders with these dimensions."""
        self._refresh(connection)
        if self._base is None:
            self._base = side_by_side(list(self._tiles.values()), ())
        for name in dimensions:
            if name not in self._said:
                self._learn(connection, name)
                self._said[name] = joined([self._words[name][number] for number in self._tiles])
        orders = replace(self._base.orders, dimensions={name: self._said[name] for name in dimensions})
        return replace(self._base, orders=orders)

    def _refresh(self, connection: Connection) -> None:
        """Forget the tiles that changed, and read those not known; the ones that the store does not keep are made."""
        tiles = self._tables.tiles.c
        kept = connection.execute(select(tiles.tile, tiles.digest).where(tiles.part == "orders").order_by(tiles.tile))
        loose = loose_states(connection, self._tables)
        states: dict[int, object] = {row.tile: row.digest for row in kept} | loose
        if states == self._states:
            return
        for number in [number for number, state in self._states.items() if states.get(number) != state]:
            del self._tiles[number]
            for words in self._words.values():
                words.pop(number, None)
        unknown = states.keys() - self._tiles.keys()
        found = {number: Tile.decoded(parts, ()) for number, parts in self._parts(connection, BASE, unknown).items()}
        found |= dict(made(connection, self._tables, unknown & loose.keys()))
        self._tiles |= found
        self._base, self._said = None, {}
        self._states = {number: state for number, state in states.items() if number in self._tiles}

    def _learn(self, connection: Connection, name: str) -> None:
        """Read what the orders say in a dimension, where that is not known."""
        known = self._words.setdefault(name, {})
        for number, tile in self._tiles.items():
            if tile.dimensions and number not in known:  # made, not read: it has them all
                known[number] = tile.with_only((name,)).dimensions[name]
        wanted = self._tiles.keys() - known.keys()
        found = self._parts(connection, (name,), wanted)
        for number in wanted:
            known[number] = words_of(found.get(number, {}).get(name), len(self._tiles[number].orders))

    def _parts(self, connection: Connection, parts: Sequence[str], numbers: AbstractSet[int]) -> dict[int, dict[str, bytes]]:
        """Return these parts of these tiles, as far as they have them."""
        if not numbers:
            return {}
        tiles = self._tables.tiles.c
        query = select(tiles.tile, tiles.part, tiles.content).where(tiles.part.in_(parts))
        if len(numbers) <= NAMED_MAX:
            query = query.where(tiles.tile.in_(numbers))
        found: dict[int, dict[str, bytes]] = {}
        for number, part, content in connection.execute(query):
            if number in numbers:
                found.setdefault(number, {})[part] = content
        return found
