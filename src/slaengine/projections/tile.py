"""A tile: some hundreds of orders with their clocks, as columns of bytes that can be kept, read and put side by side.

What one order contributes to figures stands in one tile. When the order changes, the tile is made anew: the old contribution
goes out and the new one comes in, whatever the reason for the change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json, to_json

from slaengine.projections.columns import NEVER, ClockColumns, OrderColumns, Words

ORDER = np.dtype(
    [
        *((name, "<i8") for name in ("seq", "received_at", "ended_at", "resolved_at", "matter")),
        *((name, "<i8") for name in ("responded_at", "revisited_at", "last_occurred_at", "last_recorded_at", "valid_until")),
        *((name, "<i4") for name in ("day", "reopened", "escalated", "revisits_asked", "revisits_open")),
        *((name, "<i2") for name in ("status", "covered")),
    ]
)
"""One order; `NEVER` for None. `status` is a code into `STATUSES`, `covered` into the tile's words."""

CLOCK = np.dtype(
    [("due_at", "<i8"), ("elapsed", "<i8"), ("order", "<i4"), ("target", "<i2"), ("verdict", "<i2"), ("excused", "?")]
)
"""One clock; `order` is its order's place in the tile, `target` a code into the tile's words, `verdict` into `VERDICTS`."""

Records = NDArray[np.void]


@dataclass(frozen=True, slots=True)
class Tile:
    """Orders and clocks, the words of `covered` and `target`, and what the orders say in some dimensions."""

    orders: Records
    clocks: Records
    covered: Sequence[str]
    targets: Sequence[str]
    dimensions: Mapping[str, Words]

    def encoded(self) -> dict[str, bytes]:
        """Return the tile as parts: `orders`, `clocks`, `words`, and one for each dimension."""
        words = to_json([self.covered, self.targets])
        parts = {"orders": self.orders.tobytes(), "clocks": self.clocks.tobytes(), "words": words}
        return parts | {name: _encoded(column) for name, column in self.dimensions.items()}

    @classmethod
    def decoded(cls, parts: Mapping[str, bytes], dimensions: Sequence[str]) -> Tile:
        """Return the tile that `encoded` wrote, with these dimensions; one that it has not is not known of any order."""
        orders = np.frombuffer(parts["orders"], ORDER)
        covered, targets = from_json(parts["words"])
        said = {name: _decoded(parts[name]) if name in parts else _unknown(len(orders)) for name in dimensions}
        return cls(orders, np.frombuffer(parts["clocks"], CLOCK), covered, targets, said)

    def with_only(self, dimensions: Sequence[str]) -> Tile:
        """Return the tile with these dimensions; one that it has not is not known of any order."""
        said = {name: self.dimensions.get(name) or _unknown(len(self.orders)) for name in dimensions}
        return replace(self, dimensions=said)

    def kept(self, wanted: NDArray[np.bool_]) -> Tile:
        """Return the tile with those of its orders only for which `wanted` is true, and their clocks."""
        if wanted.all():
            return self
        place = np.cumsum(wanted) - 1
        clocks = self.clocks[wanted[self.clocks["order"]]].copy()
        clocks["order"] = place[clocks["order"]]
        said = {name: Words(column.codes[wanted], column.words) for name, column in self.dimensions.items()}
        return Tile(self.orders[wanted], clocks, self.covered, self.targets, said)


def side_by_side(tiles: Sequence[Tile], dimensions: Sequence[str]) -> tuple[OrderColumns, ClockColumns]:
    """Return the columns of all tiles; each has these dimensions."""
    orders = _joined([tile.orders for tile in tiles], ORDER)
    clocks = _joined([tile.clocks for tile in tiles], CLOCK)
    firsts = np.cumsum([0, *(len(tile.orders) for tile in tiles)])
    shift = np.repeat(firsts[:-1], [len(tile.clocks) for tile in tiles])
    received, resolved = _column(orders, "received_at"), _column(orders, "resolved_at")
    return OrderColumns(
        day=_column(orders, "day"),
        received=received,
        ended=_column(orders, "ended_at"),
        dimensions={name: _merged([tile.dimensions[name] for tile in tiles]) for name in dimensions},
        status=_column(orders, "status"),
        reopened=_column(orders, "reopened"),
        escalated=_column(orders, "escalated"),
        responded=orders["responded_at"] != NEVER,
        revisited=orders["revisited_at"] != NEVER,
        revisits_asked=_column(orders, "revisits_asked"),
        revisits_open=_column(orders, "revisits_open"),
        resolved=resolved,
        matter=_column(orders, "matter"),
        covered=_merged([Words(tile.orders["covered"], tile.covered) for tile in tiles]),
    ), ClockColumns(
        order=clocks["order"] + shift,
        target=_merged([Words(tile.clocks["target"], tile.targets) for tile in tiles]),
        verdict=_column(clocks, "verdict"),
        due=_column(clocks, "due_at"),
        elapsed=_column(clocks, "elapsed"),
        excused=clocks["excused"],
    )


def records(rows: Sequence[Sequence[Any]], kind: np.dtype[np.void]) -> Records:
    """Return rows, in the order of the fields of `kind`, as records; None becomes `NEVER`."""
    return np.array([tuple([NEVER if value is None else value for value in row]) for row in rows], kind)


def _joined(parts: Sequence[Records], kind: np.dtype[np.void]) -> Records:
    return np.concatenate(parts) if parts else np.empty(0, kind)


def _column(whole: Records, name: str) -> NDArray[np.int64]:
    return whole[name].astype(np.int64)


def _merged(columns: Sequence[Words]) -> Words:
    """Return columns of words as one, each word standing once."""
    places: dict[str | None, int] = {}
    codes = []
    for column in columns:
        here = np.array([places.setdefault(word, len(places)) for word in column.words], np.int64)
        codes.append(here[column.codes])
    return Words(np.concatenate(codes) if codes else np.empty(0, np.int64), list(places))


def _encoded(column: Words) -> bytes:
    words = to_json(list(column.words))
    return len(words).to_bytes(4, "big") + words + column.codes.astype("<i2").tobytes()


def _decoded(content: bytes) -> Words:
    ends = 4 + int.from_bytes(content[:4], "big")
    return Words(np.frombuffer(content, "<i2", offset=ends), from_json(content[4:ends]))


def _unknown(orders: int) -> Words:
    return Words(np.zeros(orders, np.int64), [None])
