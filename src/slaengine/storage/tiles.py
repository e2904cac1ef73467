"""Tiles in the store: kept for orders that rest, made from rows for those that changed since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from hashlib import blake2b

from sqlalchemy import Connection, Table, func, select

from slaengine.projections.gather import tile_of_rows
from slaengine.projections.rows import Values
from slaengine.projections.tile import Tile
from slaengine.storage.bulk import delete_rows, deletion, insert_rows
from slaengine.storage.driving import Statement, fetched
from slaengine.storage.read_models_schema import TILE_ORDERS, Generation

TILES_AT_ONCE = 32
"""Tiles made from rows in one go: it bounds memory, and how long a writer is kept waiting."""


def forget(connection: Connection, tables: Generation, seqs: Iterable[int]) -> None:
    """Drop the tiles of orders whose rows are about to change."""
    delete_rows(connection, tables.tiles, sorted({seq // TILE_ORDERS for seq in seqs}), "tile")


def forgetting(tables: Generation, seqs: Iterable[int]) -> Statement:
    """Return the statement that does what `forget` does, for few orders."""
    return deletion(tables.tiles, sorted({seq // TILE_ORDERS for seq in seqs}), "tile")


def missing(connection: Connection, tables: Generation) -> list[int]:
    """Return the numbers of the tiles that are not kept, ascending."""
    return _missing(connection, tables, digests(connection, tables))


def _missing(connection: Connection, tables: Generation, kept: Collection[int]) -> list[int]:
    last = connection.scalar(select(func.max(tables.orders.c.seq)))
    return [] if last is None else [number for number in range(last // TILE_ORDERS + 1) if number not in kept]


def digests(connection: Connection, tables: Generation) -> dict[int, int]:
    """Return the digest of each tile that is kept."""
    return dict(fetched(connection, f"SELECT tile, digest FROM {tables.tiles.name} WHERE part = 'orders' ORDER BY tile"))


def keep(connection: Connection, tables: Generation, numbers: Iterable[int]) -> None:
    """Make these tiles from their orders' rows and keep them. The caller keeps other writers out."""
    rows = [row for number, tile in made(connection, tables, numbers) for row in tile_rows(number, tile)]
    insert_rows(connection, tables.tiles, rows)


def tile_rows(number: int, tile: Tile) -> list[Values]:
    """Return the rows of a tile; all of them hold the digest of the whole."""
    parts = tile.encoded()
    whole = blake2b(b"".join(parts.values()), digest_size=8).digest()
    digest = int.from_bytes(whole, "big", signed=True)
    return [(part, number, digest, content) for part, content in parts.items()]


def made(connection: Connection, tables: Generation, numbers: Iterable[int]) -> Iterator[tuple[int, Tile]]:
    """Yield these tiles, made from the rows of their orders, with every dimension and label; empty ones are left out."""
    for number in numbers:
        orders, clocks, held = (_rows(connection, table, number) for table in (tables.orders, tables.clocks, tables.held))
        if orders:
            yield number, tile_of_rows(orders, clocks, held)


def _rows(connection: Connection, table: Table, number: int) -> list[Values]:
    """Return the rows of a tile's orders, in the order of the table's key."""
    columns, key = ", ".join(table.c.keys()), ", ".join(table.primary_key.columns.keys())
    statement = f"SELECT {columns} FROM {table.name} WHERE seq >= ? AND seq < ? ORDER BY {key}"
    return fetched(connection, statement, number * TILE_ORDERS, (number + 1) * TILE_ORDERS)


def loose_states(connection: Connection, tables: Generation, kept: Collection[int]) -> dict[int, tuple[int, ...]]:
    """Return, for each tile that is not `kept`, counts that change whenever an order of it does."""
    orders = tables.orders.c
    found: dict[int, tuple[int, ...]] = {}
    for number in _missing(connection, tables, kept):
        sums = select(func.count(), func.sum(orders.version))
        within = orders.seq.between(number * TILE_ORDERS, (number + 1) * TILE_ORDERS - 1)
        found[number] = tuple(int(value or 0) for value in connection.execute(sums.where(within)).one())
    return found
