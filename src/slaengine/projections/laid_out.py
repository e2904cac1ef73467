"""Tiles laid out side by side in long columns, where a tile that changed is laid again in its place.

A report reads every column from end to end, so they stand one behind the other; a fact changes a thousandth of them, so they are
not put together anew for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slaengine.projections.columns import (
    NEVER,
    NO_CADENCE,
    VERDICTS,
    ClockColumns,
    Flags,
    HeldColumns,
    OrderColumns,
    Sheet,
    Words,
    marks,
)
from slaengine.projections.recurrence import BUCKETS, recurred
from slaengine.projections.sheets import CLOCK_NAMES, TILE_NAMES
from slaengine.projections.tile import CLOCK, HELD, ORDER, Tile

SPARE = 8
"""A tile that outgrows its place gets one an eighth larger than it needs, and long columns grow by as much."""
CANCELLED = VERDICTS.index("cancelled")
ORDER_NAMES = tuple(
    name for name in (one.name for one in fields(OrderColumns)) if name not in ("covered", "dimensions", "came_back")
)
VOID_CLOCK = {"due": NEVER, "elapsed": NEVER, "cadence": NO_CADENCE, "verdict": CANCELLED, "mark": CANCELLED}
"""What stands in room to spare, all else being 0: a clock of no target, which nothing counts."""
VOID_HELD = {"since": NEVER}

Column = NDArray[Any]


class Misplaced(Exception):
    """A tile has not as many orders as its place: the tiles must be laid out anew."""


@dataclass(slots=True)
class _Long:
    """Columns of one length, with room behind."""

    columns: dict[str, Column]
    length: int = 0

    @classmethod
    def of(cls, kinds: Mapping[str, Any], room: int) -> _Long:
        return cls({name: np.empty(room, kind) for name, kind in kinds.items()})

    def append(self, count: int) -> int:
        """Take `count` more entries into use and return the first of them."""
        first, self.length = self.length, self.length + count
        for name, column in self.columns.items():
            if len(column) < self.length:
                longer = np.empty(self.length + self.length // SPARE, column.dtype)
                longer[:first] = column[:first]
                self.columns[name] = longer
        return first

    def write(self, first: int, values: Mapping[str, Any], count: int) -> None:
        for name, column in self.columns.items() if count else ():
            column[first : first + count] = values.get(name, 0)

    def used(self) -> dict[str, Any]:
        return {name: column[: self.length] for name, column in self.columns.items()}


@dataclass(slots=True)
class _Words:
    """The words of a column; each has its code for good. Code 0 of clocks' and holders' columns is no word: room to spare."""

    words: list[str | None] = field(default_factory=list)
    codes: dict[str | None, int] = field(default_factory=dict)

    def of(self, column: Words) -> Column:
        """Return the codes here of another column's entries."""
        for word in column.words:
            if word not in self.codes:
                self.codes[word] = len(self.words)
                self.words.append(word)
        here = np.array(list(map(self.codes.__getitem__, column.words)), np.int32)
        return here[column.codes] if len(column.codes) else np.empty(0, np.int32)


@dataclass(slots=True)
class _Place:
    """Where a tile lies: its first order and how many there are, its first clock and holder and room for how many."""

    orders: int
    count: int
    clocks: int
    clock_room: int
    held: int
    held_room: int


class LaidOut:
    """Tiles as one sheet. What `sheet` returned changes with the next `put`."""

    def __init__(self, orders: int = 0, clocks: int = 0, held: int = 0) -> None:
        """Make room for so many."""
        kinds = {name: ORDER[TILE_NAMES.get(name, name)] for name in ORDER_NAMES} | {"covered": np.int32}
        self._orders = _Long.of(kinds, orders)
        clock = {name: CLOCK[TILE_NAMES.get(name, name)] for name in (*CLOCK_NAMES, "order", "target")}
        self._clocks = _Long.of(clock | {"mark": np.uint16}, clocks)
        self._held = _Long.of({name: HELD[name] for name in HELD.names or ()}, held)
        self._covered, self._targets, self._parties = _Words(), _Words([None], {None: 0}), _Words([None], {None: 0})
        self._said: dict[str, tuple[Column, _Words]] = {}
        self._places: dict[int, _Place] = {}
        self._void = 0
        self._came_back = np.empty(0, np.bool_)
        self._touched: list[Column] = []

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The dimensions that the sheet has."""
        return tuple(self._said)

    @property
    def clocks(self) -> int:
        """How many clocks there is room for in use."""
        return self._clocks.length

    def learn(self, name: str, said: Mapping[int, Words]) -> None:
        """Add a dimension: what the orders of every tile say in it."""
        words = _Words()
        column = np.zeros(len(self._orders.columns["seq"]), np.int32)
        for number, place in self._places.items():
            column[place.orders : place.orders + place.count] = words.of(said[number])
        self._said[name] = column, words

    def counts(self) -> dict[int, int]:
        """Return how many orders each tile has."""
        return {number: place.count for number, place in self._places.items()}

    def put(self, number: int, tile: Tile) -> None:
        """Lay a tile, which has the dimensions learned, behind the others or in the place that it has.

        Raises:
            Misplaced: it has another number of orders than its place, and lies in the midst of others.
        """
        place = self._place(number, tile)
        here = slice(place.orders, place.orders + place.count)
        self._touched += [self._orders.columns["matter"][here].copy(), tile.orders["matter"]]
        self._put_orders(place, tile)
        self._put_clocks(place, tile)
        self._put_held(place, tile)

    def wasteful(self) -> bool:
        """Whether so much of the room is spare that the tiles should be laid out anew."""
        return self._void > self._clocks.length // 4

    def _place(self, number: int, tile: Tile) -> _Place:
        place, count = self._places.get(number), len(tile.orders)
        if place is None:
            place = self._places[number] = _Place(self._orders.append(count), count, 0, 0, 0, 0)
        elif place.count != count:
            if count < place.count or place.orders + place.count != self._orders.length:
                raise Misplaced
            self._orders.append(count - place.count)
            place.count = count
        if len(tile.clocks) > place.clock_room:
            self._clocks.write(place.clocks, VOID_CLOCK, place.clock_room)
            self._void += place.clock_room
            place.clock_room = _room(len(tile.clocks), place.clock_room)
            place.clocks = self._clocks.append(place.clock_room)
        if len(tile.held) > place.held_room:
            self._held.write(place.held, VOID_HELD, place.held_room)
            place.held_room = _room(len(tile.held), place.held_room)
            place.held = self._held.append(place.held_room)
        return place

    def _put_orders(self, place: _Place, tile: Tile) -> None:
        values: dict[str, Any] = {name: tile.orders[TILE_NAMES.get(name, name)] for name in ORDER_NAMES}
        values["covered"] = self._covered.of(Words(tile.orders["covered"], tile.covered))
        self._orders.write(place.orders, values, place.count)
        for name, (column, words) in list(self._said.items()):
            if len(column) < self._orders.length:
                more = self._orders.length + self._orders.length // SPARE - len(column)
                self._said[name] = np.concatenate((column, np.zeros(more, np.int32))), words
            self._said[name][0][place.orders : place.orders + place.count] = words.of(tile.dimensions[name])

    def _put_clocks(self, place: _Place, tile: Tile) -> None:
        clocks, count = tile.clocks, len(tile.clocks)
        values: dict[str, Any] = {name: clocks[TILE_NAMES.get(name, name)] for name in CLOCK_NAMES}
        values["order"] = clocks["order"] + np.int32(place.orders)
        values["target"] = self._targets.of(Words(clocks["target"], tile.targets))
        values["mark"] = marks(clocks["verdict"], clocks["elapsed"])
        self._clocks.write(place.clocks, values, count)
        self._clocks.write(place.clocks + count, VOID_CLOCK, place.clock_room - count)

    def _put_held(self, place: _Place, tile: Tile) -> None:
        held, count = tile.held, len(tile.held)
        values = {"held": held["held"], "since": held["since"], "order": held["order"] + np.int32(place.orders)}
        values["party"] = self._parties.of(Words(held["party"], tile.parties))
        self._held.write(place.held, values, count)
        self._held.write(place.held + count, VOID_HELD, place.held_room - count)

    def sheet(self, dimensions: Sequence[str]) -> Sheet:
        """Return all orders with these dimensions, which were learned."""
        orders, clocks, held = self._orders.used(), self._clocks.used(), self._held.used()
        orders["came_back"] = self._recurred(orders)
        orders["covered"] = Words(orders["covered"], self._covered.words)
        said = {name: Words(column[: self._orders.length], words.words) for name, (column, words) in self._named(dimensions)}
        clocks["target"] = Words(clocks["target"], self._targets.words)
        held["party"] = Words(held["party"], self._parties.words)
        return Sheet(OrderColumns(**orders, dimensions=said), ClockColumns(**clocks), HeldColumns(**held))

    def _recurred(self, orders: Mapping[str, Column]) -> Flags:
        """Return which orders came back; of those laid before, only matters that were touched since are looked at again."""
        matters = orders["matter"]
        if not len(self._came_back):
            self._came_back, self._touched = recurred(matters, orders["received"], orders["resolved"]), []
            return self._came_back
        wanted = np.zeros(BUCKETS, np.bool_)
        for touched in self._touched:
            wanted[touched & (BUCKETS - 1)] = True
        again = np.flatnonzero(wanted[matters & (BUCKETS - 1)]) if self._touched else np.empty(0, np.int64)
        fresh = np.zeros(len(matters) - len(self._came_back), np.bool_)
        self._came_back = np.concatenate((self._came_back, fresh)) if len(fresh) else self._came_back
        self._came_back[again] = recurred(matters[again], orders["received"][again], orders["resolved"][again])
        self._touched = []
        return self._came_back

    def _named(self, dimensions: Sequence[str]) -> list[tuple[str, tuple[Column, _Words]]]:
        return [(name, self._said[name]) for name in dimensions]


def _room(count: int, before: int) -> int:
    """Return for how many a tile gets room: for no more than it has when it is laid first."""
    return count if not before else count + count // SPARE
