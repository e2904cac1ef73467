"""Sheets from tiles: tiles laid side by side, and sheets one behind the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slaengine.projections.columns import ClockColumns, HeldColumns, OrderColumns, Sheet, Words, joined, marks
from slaengine.projections.tile import CLOCK, HELD, ORDER, Records, Tile

TILE_NAMES = {"received": "received_at", "responded": "responded_at", "resolved": "resolved_at", "revisited": "revisited_at"}
TILE_NAMES |= {"ended": "ended_at", "last_recorded": "last_recorded_at", "due": "due_at"}
"""What the columns are called in tiles, where that differs."""


def side_by_side(tiles: Sequence[Tile], dimensions: Sequence[str]) -> Sheet:
    """Return the sheet of all tiles; each has these dimensions."""
    orders, clocks, held = _orders(tiles), _clocks(tiles), _held(tiles)
    said = {name: joined([tile.dimensions[name] for tile in tiles]) for name in dimensions}
    return Sheet(OrderColumns(**orders, dimensions=said), ClockColumns(**clocks), HeldColumns(**held))


def one_behind_the_other(sheets: Sequence[Sheet]) -> Sheet:
    """Return the sheet of all orders of these sheets, which have the same dimensions."""
    if len(sheets) == 1:
        return sheets[0]
    shifts = np.cumsum([0, *(len(sheet.orders) for sheet in sheets)])[:-1].tolist()
    clocks = _stacked([sheet.clocks for sheet in sheets], shifts)
    held = _stacked([sheet.held for sheet in sheets], shifts)
    orders = _stacked([sheet.orders for sheet in sheets], shifts)
    said = {name: joined([sheet.orders.dimensions[name] for sheet in sheets]) for name in sheets[0].orders.dimensions}
    return Sheet(OrderColumns(**orders, dimensions=said), ClockColumns(**clocks), HeldColumns(**held))


def _stacked(parts: Sequence[Any], shifts: Sequence[int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields(parts[0]):
        columns = [getattr(part, field.name) for part in parts]
        if field.name in ("dimensions", "came_back"):
            continue
        if field.name == "order":
            columns = [column + shift for column, shift in zip(columns, shifts, strict=True)]
        found[field.name] = joined(columns) if isinstance(columns[0], Words) else np.concatenate(columns)
    return found


def _orders(tiles: Sequence[Tile]) -> dict[str, Any]:
    parts = [tile.orders for tile in tiles]
    names = [field.name for field in fields(OrderColumns) if field.name not in ("covered", "dimensions", "came_back")]
    found: dict[str, Any] = {name: _column(parts, ORDER, TILE_NAMES.get(name, name)) for name in names}
    return found | {"covered": joined([Words(tile.orders["covered"], tile.covered) for tile in tiles])}


def _clocks(tiles: Sequence[Tile]) -> dict[str, Any]:
    parts = [tile.clocks for tile in tiles]
    found: dict[str, Any] = {
        name: _column(parts, CLOCK, TILE_NAMES.get(name, name)) for name in ("verdict", "due", "elapsed", "excused", "cadence")
    }
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
