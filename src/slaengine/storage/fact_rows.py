"""Facts as plain rows, for readers that go through all of them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Connection

from slaengine.audit.packed import Packed, packed_of
from slaengine.storage.bulk import chunks
from slaengine.storage.driving import as_driven, fetched, fetched_among, id_column, ids_as_driven, marks

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
    columns = f"{id_column(connection)}, version, topic, state, recorded_at, position"
    rows = fetched(connection, f"SELECT {columns} FROM facts WHERE position > ? ORDER BY position LIMIT ?", position, limit)
    return [(key, version, topic, state, at) for key, version, topic, state, at, _ in rows], rows[-1][5] if rows else position


def log_after(connection: Connection, position: int, limit: int) -> list[LogRow]:
    """Return up to `limit` facts behind a position, in order, with all that the log says of them."""
    columns = f"position, {id_column(connection)}, version, topic, state, recorded_at, hash"
    return fetched(connection, f"SELECT {columns} FROM facts WHERE position > ? ORDER BY position LIMIT ?", position, limit)


def holds_topic(connection: Connection, prefix: str) -> bool:
    """Tell whether the log holds a fact of a topic that begins with `prefix`; it is read up to the first."""
    return bool(fetched(connection, "SELECT 1 FROM facts WHERE topic LIKE ? LIMIT 1", f"{prefix}%"))


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


def names_of(connection: Connection, order_ids: Sequence[bytes]) -> dict[bytes, str]:
    """Return the readable numbers of these orders by their ids as 16 bytes; what has none is left out."""
    keys = ids_as_driven(connection, order_ids)
    return dict(fetched_among(connection, f"SELECT {id_column(connection)}, number FROM numbers WHERE order_id", keys))


def last_of_next(connection: Connection, after: UUID, orders: int) -> UUID | None:
    """Return the last of the `orders` orders that come next behind `after` by id; None if there are fewer.

    Whatever shares an id counts, also what is no work order.
    """
    key = id_column(connection)
    query = f"SELECT {key} FROM (SELECT DISTINCT order_id FROM facts WHERE order_id > ? ORDER BY order_id LIMIT 1 OFFSET ?) AS o"
    rows = fetched(connection, query, as_driven(connection, after), orders - 1)
    return UUID(bytes=rows[0][0]) if rows else None


def facts_between(connection: Connection, after: UUID, last: UUID | None, until: int) -> list[FactRow]:
    """Return the facts, up to position `until`, of the orders behind `after` up to `last` (None: all), order by order."""
    where, values = "order_id > ? AND position <= ?", [as_driven(connection, after), until]
    if last is not None:
        where, values = f"{where} AND order_id <= ?", [*values, as_driven(connection, last)]
    columns = f"{id_column(connection)}, version, topic, state, recorded_at"
    return fetched(connection, f"SELECT {columns} FROM facts WHERE {where} ORDER BY order_id, version", *values)


def facts_of_orders(connection: Connection, order_ids: Sequence[bytes], until: int) -> list[FactRow]:
    """Return the facts, up to position `until`, of the orders with these ids (16 bytes), order by order."""
    columns, found = f"{id_column(connection)}, version, topic, state, recorded_at", list[FactRow]()
    for some in chunks(order_ids, IDS_A_STATEMENT):
        keys = ids_as_driven(connection, some)
        where = f"order_id IN ({marks(len(keys))}) AND position <= ?"
        found.extend(fetched(connection, f"SELECT {columns} FROM facts WHERE {where} ORDER BY order_id, version", *keys, until))
    return found
