"""Sheets from tiles: tiles laid side by side, and some orders of a sheet in place of others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from slaengine.projections.columns import ClockColumns, Flags, HeldColumns, Ints, OrderColumns, Sheet, Words, joined, marks
from slaengine.projections.tile import CLOCK, HELD, ORDER, Records, Tile

TILE_NAMES = {"received": "received_at", "responded": "responded_at", "resolved": "resolved_at", "revisited": "revisited_at"}
TILE_NAMES |= {"ended": "ended_at", "closed": "closed_at", "last_recorded": "last_recorded_at", "due": "due_at"}
"""What the columns are called in tiles, where that differs."""

CLOCK_NAMES = ("due", "elapsed", "stopped", "cadence", "verdict", "excused")
"""The columns of clocks that stand in tiles as they are."""


def side_by_side(tiles: Sequence[Tile], dimensions: Sequence[str]) -> Sheet:
    """Return the sheet of all tiles; each has these dimensions."""
    orders, clocks, held = _orders(tiles), _clocks(tiles), _held(tiles)
    said = {name: joined([tile.dimensions[name] for tile in tiles]) for name in dimensions}
    return Sheet(OrderColumns(**orders, dimensions=said), ClockColumns(**clocks), HeldColumns(**held))


def with_instead(sheet: Sheet, kept: Flags, others: Sheet) -> Sheet:
    """Return the orders of the sheet of which `kept` is true, and `others` behind them, which have the same dimensions."""
    orders, clocks, held = (np.flatnonzero(which) for which in (kept, kept[sheet.clocks.order], kept[sheet.held.order]))
    places = np.cumsum(kept, dtype=np.int32) - 1
    said = {name: _stacked(words, orders, others.orders.dimensions[name]) for name, words in sheet.orders.dimensions.items()}
    return Sheet(
        OrderColumns(**_columns(sheet.orders, orders, others.orders), dimensions=said),
        ClockColumns(**_columns(sheet.clocks, clocks, others.clocks), order=_moved(sheet.clocks, clocks, others.clocks, places)),
        HeldColumns(**_columns(sheet.held, held, others.held), order=_moved(sheet.held, held, others.held, places)),
    )


def _columns(whole: Any, chosen: Ints, others: Any) -> dict[str, Any]:
    """Return the columns but for `order`, the dimensions, and what follows from all orders together."""
    names = [field.name for field in fields(whole) if field.name not in ("order", "dimensions", "came_back")]
    return {name: _stacked(getattr(whole, name), chosen, getattr(others, name)) for name in names}


@overload
def _stacked(column: Words, chosen: Ints, other: Words) -> Words: ...
@overload
def _stacked(column: NDArray[Any], chosen: Ints, other: NDArray[Any]) -> NDArray[Any]: ...
def _stacked(column: Any, chosen: Ints, other: Any) -> Any:
    """Return the entries of a column at these places, and those of another one behind them."""
    if isinstance(column, Words):
        places = {word: place for place, word in enumerate(column.words)}
        here = np.array([places.setdefault(word, len(places)) for word in other.words], np.int32)
        return Words(_stacked(column.codes, chosen, here[other.codes]), list(places))
    both = np.empty(len(chosen) + len(other), column.dtype)
    column.take(chosen, out=both[: len(chosen)], mode="clip")  # no place lies outside; to look for one would take a copy
    both[len(chosen) :] = other
    return both


def _moved(whole: Any, chosen: Ints, others: Any, places: Ints) -> NDArray[Any]:
    """Return for each entry the place of its order: `places` are those of the orders that stay, and the others follow them."""
    first = int(places[-1]) + 1 if len(places) else 0
    return np.concatenate((places[whole.order.take(chosen)], (others.order + first).astype(np.int32)))


def _orders(tiles: Sequence[Tile]) -> dict[str, Any]:
    parts = [tile.orders for tile in tiles]
    names = [field.name for field in fields(OrderColumns) if field.name not in ("covered", "dimensions", "came_back")]
    found: dict[str, Any] = {name: _column(parts, ORDER, TILE_NAMES.get(name, name)) for name in names}
    return found | {"covered": joined([Words(tile.orders["covered"], tile.covered) for tile in tiles])}


def _clocks(tiles: Sequence[Tile]) -> dict[str, Any]:
    parts = [tile.clocks for tile in tiles]
    found: dict[str, Any] = {name: _column(parts, CLOCK, TILE_NAMES.get(name, name)) for name in CLOCK_NAMES}
    target = joined([Words(tile.clocks["target"], tile.targets) for tile in tiles])
    found["mark"] = marks(found["verdict"], found["elapsed"])
    return found | {"order": _places(tiles, parts), "target": target}


def _held(tiles: Sequence[Tile]) -> dict[str, Any]:
    parts = [tile.held for tile in tiles]
    party = joined([Words(tile.held["party"], tile.parties) for tile in tiles])
    return {name: _column(parts, HELD, name) for name in ("held", "since")} | {"order": _places(tiles, parts), "party": party}


def _column(parts: Sequence[Records], kind: np.dtype[np.void], name: str) -> NDArray[Any]:
    return np.concatenate([part[name] for part in parts]) if parts else np.empty(0, kind[name])


def _places(tiles: Sequence[Tile], parts: Sequence[Records]) -> NDArray[Any]:
    """Return for each record the place of its order in the whole sheet."""
    before = np.cumsum([0, *(len(tile.orders) for tile in tiles)])
    shifted = [part["order"] + shift for part, shift in zip(parts, before[:-1].astype(np.int32), strict=True)]
    return np.concatenate(shifted) if shifted else np.empty(0, np.int32)
