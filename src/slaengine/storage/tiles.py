"""Tiles in the store: kept for orders that rest, made from rows for those that changed since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter

from pydantic_core import from_json
from sqlalchemy import ColumnElement, Connection, bindparam, delete, func, select

from slaengine.projections.gather import ClockLine, OrderLine, tile_of
from slaengine.projections.groups import DIMENSIONS, LABEL
from slaengine.projections.tile import Tile
from slaengine.storage.read_models_schema import TILE_ORDERS, Generation

BASE = ("orders", "clocks", "words")
TILES_AT_ONCE = 32
"""Tiles made from rows in one go: it bounds memory, and how long a writer is kept waiting."""


def forget(connection: Connection, tables: Generation, seqs: Iterable[int]) -> None:
    """Drop the tiles of orders whose rows are about to change."""
    gone = delete(tables.tiles).where(tables.tiles.c.tile == bindparam("gone"))
    numbers = sorted({seq // TILE_ORDERS for seq in seqs})
    if numbers:
        connection.execute(gone, [{"gone": number} for number in numbers])


def missing(connection: Connection, tables: Generation) -> list[int]:
    """Return the numbers of the tiles that are not kept, ascending."""
    last = connection.scalar(select(func.max(tables.orders.c.seq)))
    kept = set(connection.scalars(select(tables.tiles.c.tile).where(tables.tiles.c.part == "orders")))
    return [] if last is None else [number for number in range(last // TILE_ORDERS + 1) if number not in kept]


def keep(connection: Connection, tables: Generation, numbers: Sequence[int]) -> None:
    """Make these tiles from their orders' rows and keep them. The caller keeps other writers out."""
    rows = [
        {"tile": number, "part": part, "content": content}
        for number, tile in made(connection, tables, numbers)
        for part, content in tile.encoded().items()
    ]
    if rows:
        connection.execute(tables.tiles.insert(), rows)


def all_tiles(connection: Connection, tables: Generation, dimensions: Sequence[str]) -> list[Tile]:
    """Return every order of the build, in tiles with these dimensions: as kept, else made from the rows."""
    tiles = tables.tiles.c
    wanted = tiles.part.in_([*BASE, *dimensions])
    rows = connection.execute(select(tiles.tile, tiles.part, tiles.content).where(wanted).order_by(tiles.tile)).all()
    found = [Tile.decoded({part: content for _, part, content in parts}, dimensions) for _, parts in groupby(rows, itemgetter(0))]
    kept = {row[0] for row in rows}
    last = connection.scalar(select(func.max(tables.orders.c.seq)))
    loose = [] if last is None else [number for number in range(last // TILE_ORDERS + 1) if number not in kept]
    return found + [tile.with_only(dimensions) for _, tile in made(connection, tables, loose)]


def made(connection: Connection, tables: Generation, numbers: Sequence[int]) -> Iterator[tuple[int, Tile]]:
    """Yield these tiles, made from the rows of their orders, with every dimension and label; empty ones are left out."""
    orders, clocks = tables.orders, tables.clocks
    fields = [orders.c[name] for name in OrderLine._fields]
    of_clocks = [clocks.c.seq, *(clocks.c[name] for name in ClockLine._fields if name != "order")]
    for number in numbers:
        rows = connection.execute(
            select(*fields, orders.c.labels, *(orders.c[name] for name in DIMENSIONS))
            .where(_within(orders.c.seq, number))
            .order_by(orders.c.seq)
        ).all()
        if not rows:
            continue
        width = len(fields)
        lines = [OrderLine._make(row[:width]) for row in rows]
        places = {line.seq: place for place, line in enumerate(lines)}
        ticking = [
            ClockLine(places[row[0]], *row[1:])
            for row in connection.execute(select(*of_clocks).where(_within(clocks.c.seq, number)))
        ]
        labels = [from_json(row[width]) if row[width] else {} for row in rows]
        named = sorted({name for said in labels for name in said})
        said = [[*row[width + 1 :], *(label.get(name) for name in named)] for row, label in zip(rows, labels, strict=True)]
        yield number, tile_of(lines, ticking, [*DIMENSIONS, *(LABEL + name for name in named)], said)


def _within(seq: ColumnElement[int], number: int) -> ColumnElement[bool]:
    return seq.between(number * TILE_ORDERS, (number + 1) * TILE_ORDERS - 1)
