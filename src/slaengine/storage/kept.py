"""Sheets kept in memory between questions: what did not change since is not read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from threading import RLock, Thread
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, select

from slaengine.projections import counting
from slaengine.projections.columns import OrderColumns, Sheet, Words
from slaengine.projections.laid_out import LaidOut, Misplaced
from slaengine.projections.sheets import side_by_side, with_instead
from slaengine.projections.tile import CLOCK, HELD, ORDER, Tile, words_of
from slaengine.storage.database import Database
from slaengine.storage.read_models_schema import Generation
from slaengine.storage.tiles import digests, loose_states, made

BASE = ("orders", "clocks", "held", "words")
"""The parts of a tile that every question reads."""
BUILDS_MAX = 2
"""Builds whose sheets are kept, some 300 MB for a million orders each: the live one, and one that takes its place."""
LOOPS_CLOCKS_MIN = 500_000
"""Clocks from which counting takes a tenth of a second and more: then whoever asks a second time gets the compiled loops."""
PAST_ORDERS_MAX = 50_000
"""Orders judged for a past instant that are kept for the next question about it, some 500 bytes each."""
READ_AT_ONCE = 32
"""Tiles read at a time, some 300 kB each."""


class KeptSheets:
    """The sheets of one database. A thread that was given one is waited for by the others until it is done with it."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._builds: dict[int, KeptSheet] = {}

    @contextmanager
    def of(self, tables: Generation) -> Iterator[KeptSheet]:
        """Give the sheet of a build, to this thread alone."""
        with self._lock:
            kept = self._builds.pop(tables.number, None) or KeptSheet(tables)
            self._builds[tables.number] = kept
            while len(self._builds) > BUILDS_MAX:
                del self._builds[next(iter(self._builds))]
            yield kept


_KEPT: WeakKeyDictionary[Database, KeptSheets] = WeakKeyDictionary()


def kept_sheets(database: Database) -> KeptSheets:
    """Return the sheets kept for a database, for as long as it is open."""
    return _KEPT.setdefault(database, KeptSheets())


class KeptSheet:
    """One build's tiles as they were read last, laid out as one sheet."""

    def __init__(self, tables: Generation) -> None:
        self._tables = tables
        self._states: dict[int, object] = {}
        self._laid = LaidOut()
        self._patches: list[Tile] = []
        self._past: tuple[object, list[int], list[Tile]] | None = None

    def sheet(
        self, connection: Connection, dimensions: Sequence[str], judged: Callable[[OrderColumns], list[Tile]] | None = None
    ) -> Sheet:
        """Return all orders with these dimensions, as they stand in the transaction of `connection`.

        `judged` makes tiles of those orders that must be judged for a later instant; they stay in the place of those kept until
        the tile that they are kept in changes. What is returned holds until the next call.
        """
        if self._laid.clocks > LOOPS_CLOCKS_MIN and not counting.loaded():
            _load_loops()
        self._refresh(connection)
        self._learn(connection, [name for name in dimensions if name not in self._laid.dimensions])
        whole = self._patched(dimensions)
        newer = judged(whole.orders) if judged else []
        if not newer:
            return whole
        self._patches, self._past = _without(self._patches, np.concatenate([tile.orders["seq"] for tile in newer])) + newer, None
        return self._patched(dimensions)

    def _patched(self, dimensions: Sequence[str]) -> Sheet:
        whole = self._laid.sheet(dimensions)
        if not self._patches:
            return whole
        patched = np.concatenate([patch.orders["seq"] for patch in self._patches])
        newer = side_by_side([patch.with_only(dimensions) for patch in self._patches], dimensions)
        return with_instead(whole, ~np.isin(whole.orders.seq, patched), newer)

    def judged(self, asked: object, seqs: list[int], judge: Callable[[list[int]], list[Tile]]) -> list[Tile]:
        """Return what `judge` makes of the orders at these places for what is `asked` about the past: once, if they are few.

        Whoever asks about a month asks several things; until an order changes, what was judged for the first holds for all.
        """
        if self._past is None or self._past[:2] != (asked, seqs):
            self._past = asked, seqs, judge(seqs)
        tiles = self._past[2]
        if len(seqs) > PAST_ORDERS_MAX:
            self._past = None
        return tiles

    def _refresh(self, connection: Connection) -> None:
        """Read the tiles that changed, or that are not known; the ones that the store does not keep are made."""
        kept = digests(connection, self._tables)
        loose = loose_states(connection, self._tables, kept)
        states: dict[int, object] = {**kept, **loose}
        changed = sorted(number for number, state in states.items() if self._states.get(number) != state)
        if changed:
            self._past = None
        if not self._in_place(connection, changed, loose, states):
            self._begin_anew(connection)
            self._take(connection, sorted(states), loose.keys())
        self._states = states

    def _in_place(
        self, connection: Connection, changed: Sequence[int], loose: Iterable[int], states: Mapping[int, object]
    ) -> bool:
        """Lay the tiles that changed in their places, and return whether that could be done."""
        if not self._states or self._laid.wasteful() or self._states.keys() - states.keys():
            return False
        try:
            self._take(connection, changed, loose)
        except Misplaced:
            return False
        return True

    def _begin_anew(self, connection: Connection) -> None:
        """Forget all tiles, and make room for those in the store."""
        tiles = self._tables.tiles.c
        rooms = []
        for part, kind in (("orders", ORDER), ("clocks", CLOCK), ("held", HELD)):
            size = connection.scalar(select(func.sum(func.length(tiles.content))).where(tiles.part == part))
            rooms.append(int(size or 0) // kind.itemsize)
        self._states, self._patches, self._past, self._laid = {}, [], None, LaidOut(*rooms)

    def _take(self, connection: Connection, numbers: Sequence[int], loose: Iterable[int]) -> None:
        """Lay these tiles, in their order."""
        unkept = set(loose)
        for first in range(0, len(numbers), READ_AT_ONCE):
            some = numbers[first : first + READ_AT_ONCE]
            parts = self._parts(connection, (*BASE, *self._laid.dimensions), [number for number in some if number not in unkept])
            found = {number: Tile.decoded(its, self._laid.dimensions) for number, its in parts.items()}
            found |= {n: tile.with_only(self._laid.dimensions) for n, tile in made(connection, self._tables, unkept & set(some))}
            for number in sorted(found):
                self._laid.put(number, found[number])
            if self._patches and found:
                self._patches = _without(self._patches, np.concatenate([tile.orders["seq"] for tile in found.values()]))

    def _learn(self, connection: Connection, names: Sequence[str]) -> None:
        """Read what the orders say in these dimensions, which are not known."""
        if not names:
            return
        counts = self._laid.counts()
        loose = set(loose_states(connection, self._tables, digests(connection, self._tables))) & counts.keys()
        fresh = {number: tile.with_only(names).dimensions for number, tile in made(connection, self._tables, sorted(loose))}
        for name in names:
            parts = self._parts(connection, (name,), sorted(counts.keys() - loose))
            said: dict[int, Words] = {
                number: words_of(parts.get(number, {}).get(name), count) for number, count in counts.items()
            }
            self._laid.learn(name, said | {number: dimensions[name] for number, dimensions in fresh.items()})

    def _parts(self, connection: Connection, parts: Sequence[str], numbers: Sequence[int]) -> dict[int, dict[str, bytes]]:
        """Return these parts of these tiles, which are ascending, as far as they have them."""
        if not numbers:
            return {}
        tiles, wanted = self._tables.tiles.c, set(numbers)
        within = tiles.part.in_(parts) & tiles.tile.between(numbers[0], numbers[-1])
        found: dict[int, dict[str, bytes]] = {}
        for number, part, content in connection.execute(select(tiles.tile, tiles.part, tiles.content).where(within)):
            if number in wanted:
                found.setdefault(number, {})[part] = content
        return found


@cache
def _load_loops() -> None:
    """Have the compiled loops loaded beside what goes on, once; until then, and without Numba, counting does without them."""
    Thread(target=counting.load, name="slaengine loads loops").start()


def _without(tiles: list[Tile], seqs: NDArray[np.int64]) -> list[Tile]:
    """Return the tiles without the orders at these places; those left with none are left out."""
    rest = [tile.only(~np.isin(tile.orders["seq"], seqs)) for tile in tiles]
    return [tile for tile in rest if len(tile.orders)]
