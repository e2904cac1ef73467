"""Sheets kept in memory between questions: what did not change since is not read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from sqlalchemy import Connection, select

from slaengine.projections.columns import Flags, OrderColumns, Sheet, Words, joined
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
            return self._kept(tables).sheet(connection, dimensions)

    def patch(self, connection: Connection, tables: Generation, judged: Callable[[OrderColumns], list[Tile]]) -> None:
        """Put tiles of orders judged for a later instant, which `judged` makes of all orders, in the place of those kept."""
        with self._lock:
            kept = self._kept(tables)
            kept.patch(judged(kept.sheet(connection, ()).orders))

    def _kept(self, tables: Generation) -> KeptSheet:
        kept = self._builds.pop(tables.number, None) or KeptSheet(tables)
        self._builds[tables.number] = kept
        while len(self._builds) > BUILDS_MAX:
            del self._builds[next(iter(self._builds))]
        return kept


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
        self._patches: list[Tile] = []
        self._words: dict[str, dict[int, Words]] = {}
        self._base: Sheet | None = None
        self._said: dict[str, Words] = {}

    def sheet(self, connection: Connection, dimensions: Sequence[str]) -> Sheet:
        """Return all orders with these dimensions."""
        self._refresh(connection)
        if self._base is None:
            self._base = side_by_side([*(tile.only(self._plain(tile)) for tile in self._tiles.values()), *self._patches], ())
        for name in dimensions:
            if name not in self._said:
                self._learn(connection, name)
                said = [self._words[name][number].only(self._plain(tile)) for number, tile in self._tiles.items()]
                self._said[name] = joined([*said, *(patch.with_only((name,)).dimensions[name] for patch in self._patches)])
        orders = replace(self._base.orders, dimensions={name: self._said[name] for name in dimensions})
        return replace(self._base, orders=orders)

    def patch(self, tiles: list[Tile]) -> None:
        """Put these orders in the place of those kept, until the tile that they are kept in changes."""
        if tiles:
            newer = np.concatenate([tile.orders["seq"] for tile in tiles])
            self._patches = _without(self._patches, newer) + tiles
            self._base, self._said = None, {}

    def _plain(self, tile: Tile) -> Flags:
        """Return which orders of a tile are not patched."""
        seqs = tile.orders["seq"]
        patched = [patch.orders["seq"] for patch in self._patches]
        return ~np.isin(seqs, np.concatenate(patched)) if patched else np.ones(len(seqs), np.bool_)

    def _refresh(self, connection: Connection) -> None:
        """Forget the tiles that changed, and read those not known; the ones that the store does not keep are made."""
        tiles = self._tables.tiles.c
        kept = connection.execute(select(tiles.tile, tiles.digest).where(tiles.part == "orders").order_by(tiles.tile))
        loose = loose_states(connection, self._tables)
        states: dict[int, object] = {row.tile: row.digest for row in kept} | loose
        if states == self._states:
            return
        for number in [number for number, state in self._states.items() if states.get(number) != state]:
            gone = self._tiles.pop(number).orders["seq"]
            self._patches = _without(self._patches, gone)
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


def _without(tiles: list[Tile], seqs: Any) -> list[Tile]:
    """Return the tiles without the orders at these places; those left with none are left out."""
    rest = [tile.only(~np.isin(tile.orders["seq"], seqs)) for tile in tiles]
    return [tile for tile in rest if len(tile.orders)]
