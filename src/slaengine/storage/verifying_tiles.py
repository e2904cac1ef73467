"""What was published of some orders, beside what follows from their facts: compared whole, and where it differs, by column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table

from slaengine.audit.differences import Difference, Row, clock_differences, order_differences
from slaengine.projections.gather import tile_of_rows
from slaengine.projections.rows import CLOCK_COLUMNS, HELD_COLUMNS, ORDER_COLUMNS, Values
from slaengine.storage.driving import fetched
from slaengine.storage.read_models import Rows
from slaengine.storage.read_models_schema import TILE_ORDERS, Generation

KEYS = ("seq", "order_id")
"""Columns that only say where a row belongs."""
NOTHING = Rows([], [], [], [])


def published(connection: Connection, tables: Generation, places: range) -> Rows:
    """Return what stands in the read models of the orders at these places."""
    orders, clocks, held, files = (
        _rows(connection, table, places) for table in (tables.orders, tables.clocks, tables.held, tables.case_files)
    )
    if orders and isinstance(orders[0][1], UUID):
        orders = [(seq, order_id.bytes, *rest) for seq, order_id, *rest in orders]
    return Rows(orders, clocks, held, files)


def kept_tile(connection: Connection, tables: Generation, number: int) -> dict[str, bytes]:
    """Return a tile by its parts; none when it is not kept."""
    return dict(fetched(connection, f"SELECT part, content FROM {tables.tiles.name} WHERE tile = ?", number))


def differences(old: Rows, new: Rows) -> Iterator[Difference]:
    """Yield how two lots of rows of the same orders differ, order by order."""
    if all(sorted(one) == sorted(other) for one, other in zip(old, new, strict=True)):
        return
    one, other = _by_order(old), _by_order(new)
    for seq in sorted({*one, *other}):
        yield from _of_order(one.get(seq, NOTHING), other.get(seq, NOTHING))


def tile_difference(number: int, kept: Mapping[str, bytes], new: Rows) -> Difference | None:
    """Return how a kept tile differs from what its orders come to; None if it does not, or is not kept."""
    made = tile_of_rows(new.orders, new.clocks, new.held).encoded() if kept else {}
    parts = sorted(part for part in {*kept, *made} if kept.get(part) != made.get(part))
    if not parts:
        return None
    why = f"the kept contributions of {TILE_ORDERS} orders to figures do not follow from the facts: {', '.join(parts)}"
    return Difference(f"tile {number}", None, None, None, None, why)


def _rows(connection: Connection, table: Table, places: range) -> list[Values]:
    statement = f"SELECT {', '.join(table.c.keys())} FROM {table.name} WHERE seq >= ? AND seq < ? ORDER BY seq"
    return fetched(connection, statement, places.start, places.stop)


def _by_order(rows: Rows) -> dict[int, Rows]:
    found: dict[int, Rows] = {}
    for place, table in enumerate(rows):
        for seq, some in groupby(sorted(table, key=itemgetter(0)), itemgetter(0)):
            found.setdefault(seq, Rows([], [], [], []))[place].extend(some)
    return found


def _of_order(old: Rows, new: Rows) -> Iterator[Difference]:
    before, after = _order(old), _order(new)
    number = str((before or after or {}).get("number", "no order"))
    yield from order_differences(number, before, after)
    if before is None or after is None:
        return
    yield from clock_differences(number, _clocks(old), _clocks(new))
    if sorted(old.held) != sorted(new.held):
        held = [[dict(zip(HELD_COLUMNS[1:], row[1:], strict=True)) for row in sorted(rows.held)] for rows in (old, new)]
        why = "the times that parties held it do not follow from the facts"
        yield Difference(number, None, None, {"held": held[0]}, {"held": held[1]}, why)
    if old.files != new.files:
        yield Difference(number, None, None, None, None, "its case file does not hold what the log does")


def _order(rows: Rows) -> Row | None:
    return _named(ORDER_COLUMNS, rows.orders[0]) if rows.orders else None


def _clocks(rows: Rows) -> dict[tuple[str, int], Row]:
    return {(row[1], row[2]): _named(CLOCK_COLUMNS, row) for row in rows.clocks}


def _named(columns: Sequence[str], values: Values) -> dict[str, Any]:
    return {name: value for name, value in zip(columns, values, strict=True) if name not in KEYS}
