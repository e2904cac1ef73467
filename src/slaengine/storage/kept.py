"""Sheets kept in memory between questions: what did not change since is not read again."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from threading import Lock
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, select

from slaengine.projections.columns import Sheet, Words, joined
from slaengine.projections.sheets import one_behind_the_other, side_by_side
from slaengine.projections.tile import Tile, words_of
from slaengine.storage.database import Database
from slaengine.storage.read_models_schema import Generation
from slaengine.storage.tiles import made, missing

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
        self._digests: dict[int, int] = {}
        self._tiles: dict[int, Tile] = {}
        self._words: dict[str, dict[int, Words]] = {}
        self._base: Sheet | None = None
        self._said: dict[str, Words] = {}

    def sheet(self, connection: Connection, dimensions: Sequence[str]) -> Sheet:
        """Return all orders with these dimensions."""
        loose = [tile.with_only(dimensions) for _, tile in made(connection, self._tables, missing(connection, self._tables))]
        self._refresh(connection, dimensions)
        if self._base is None:
            self._base = side_by_side(list(self._tiles.values()), ())
        for name in dimensions:
            if name not in self._said:
                self._said[name] = joined([self._words[name][number] for number in self._tiles])
        orders = replace(self._base.orders, dimensions={name: self._said[name] for name in dimensions})
        kept = replace(self._base, orders=orders)
        return one_behind_the_other([kept, side_by_side(loose, dimensions)]) if loose else kept

    def _refresh(self, connection: Connection, dimensions: Sequence[str]) -> None:
        """Forget the tiles that changed, and read those not known, and the dimensions not asked for before."""
        tiles = self._tables.tiles.c
        kept = select(tiles.tile, tiles.digest).where(tiles.part == "orders").order_by(tiles.tile)
        digests: dict[int, int] = {row.tile: row.digest for row in connection.execute(kept)}
        for number in [number for number, digest in self._digests.items() if digests.get(number) != digest]:
            del self._tiles[number]
            for words in self._words.values():
                words.pop(number, None)
        if digests != self._digests:
            self._base, self._said, self._digests = None, {}, digests
        for number, parts in self._parts(connection, BASE, digests.keys() - self._tiles.keys()).items():
            self._tiles[number] = Tile.decoded(parts, ())
        for name in dimensions:
            known = self._words.setdefault(name, {})
            wanted = digests.keys() - known.keys()
            found = self._parts(connection, (name,), wanted)
            known.update(
                (number, words_of(found.get(number, {}).get(name), len(self._tiles[number].orders))) for number in wanted
            )

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
