"""Facts as plain rows, for readers that go through all of them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection

from slaengine.audit.packed import Packed, packed_of
from slaengine.storage.bulk import chunks, fetched

FactRow = tuple[bytes, int, str, bytes, int]
"""The order's id as 16 bytes, version, topic, content, and when it was recorded (µs UTC)."""

LogRow = tuple[int, bytes, int, str, bytes, int, bytes]
"""A fact as `StoredFact` has it, but the order's id as 16 bytes."""

IDS_A_STATEMENT = 1_000

NO_ORDER = UUID(int=0)
"""The nil UUID comes before that of every order…"""
EVERY_ORDER = UUID(int=(1 << 128) - 1)
"""…and the greatest behind it."""


def facts_after(connection: Connection, position: int, limit: int) -> tuple[list[FactRow], int]:
    """Return up to `limit` facts behind a position, in order, and the position of the last; `position` if none are."""
    columns = f"{_key(connection)}, version, topic, state, recorded_at, position"
    rows = fetched(connection, f"SELECT {columns} FROM facts WHERE position > ? ORDER BY position LIMIT ?", position, limit)
    return [(key, version, topic, state, at) for key, version, topic, state, at, _ in rows], rows[-1][5] if rows else position


def log_after(connection: Connection, position: int, limit: int) -> list[LogRow]:
    """Return up to `limit` facts behind a position, in order, with all that the log says of them."""
    columns = f"position, {_key(connection)}, version, topic, state, recorded_at, hash"
    return fetched(connection, f"SELECT {columns} FROM facts WHERE position > ? ORDER BY position LIMIT ?", position, limit)


def packed_facts(connection: Connection, after: int, last: int) -> Packed:
    """Return the facts at the positions behind `after` up to `last`; SQLite alone.

    SQLite joins the columns up itself: a row of Python's for each fact would take longer than all that is read of it.
    """
    joined = ", ".join(
        f"CAST(group_concat({column}, {between}) AS BLOB)"
        for column, between in (
            ("position", "','"),
            ("order_id", "''"),
            ("version", "','"),
            ("topic", "char(10)"),
            ("state", "''"),
            ("length(CAST(state AS BLOB))", "','"),
            ("recorded_at", "','"),
        )
    )
    (row,) = fetched(connection, f"SELECT count(*), {joined} FROM facts WHERE position > ? AND position <= ?", after, last)
    return Packed._make(row) if row[0] else packed_of(None)


def names_of(connection: Connection, order_ids: Sequence[UUID]) -> dict[bytes, str]:
    """Return the readable numbers of these orders by their ids as 16 bytes; what has none is left out."""
    marks, keys = ", ".join("?" * len(order_ids)), [_as_driven(connection, order_id) for order_id in order_ids]
    return dict(fetched(connection, f"SELECT {_key(connection)}, number FROM numbers WHERE order_id IN ({marks})", *keys))


def last_of_next(connection: Connection, after: UUID, orders: int) -> UUID | None:
    """Return the last of the `orders` orders that come next behind `after` by id; None if there are fewer.

    Whatever shares an id counts, also what is no work order.
    """
    key = _key(connection)
    query = f"SELECT {key} FROM (SELECT DISTINCT order_id FROM facts WHERE order_id > ? ORDER BY order_id LIMIT 1 OFFSET ?) AS o"
    rows = fetched(connection, query, _as_driven(connection, after), orders - 1)
    return UUID(bytes=rows[0][0]) if rows else None


def facts_between(connection: Connection, after: UUID, last: UUID | None, until: int) -> list[FactRow]:
    """Return the facts, up to position `until`, of the orders behind `after` up to `last` (None: all), order by order."""
    where, values = "order_id > ? AND position <= ?", [_as_driven(connection, after), until]
    if last is not None:
        where, values = f"{where} AND order_id <= ?", [*values, _as_driven(connection, last)]
    columns = f"{_key(connection)}, version, topic, state, recorded_at"
    return fetched(connection, f"SELECT {columns} FROM facts WHERE {where} ORDER BY order_id, version", *values)


def facts_of_orders(connection: Connection, order_ids: Sequence[bytes], until: int) -> list[FactRow]:
    """Return the facts, up to position `until`, of the orders with these ids (16 bytes), order by order."""
    columns, found = f"{_key(connection)}, version, topic, state, recorded_at", list[FactRow]()
    for some in chunks(order_ids, IDS_A_STATEMENT):
        keys = [_as_driven(connection, UUID(bytes=order_id)) for order_id in some]
        where = f"order_id IN ({', '.join('?' * len(keys))}) AND position <= ?"
        found.extend(fetched(connection, f"SELECT {columns} FROM facts WHERE {where} ORDER BY order_id, version", *keys, until))
    return found


def _key(connection: Connection) -> str:
    """Return what gives an order's id as 16 bytes."""
    return "order_id" if connection.dialect.name == "sqlite" else "uuid_send(order_id)"


def _as_driven(connection: Connection, order_id: UUID) -> UUID | bytes:
    return order_id.bytes if connection.dialect.name == "sqlite" else order_id
