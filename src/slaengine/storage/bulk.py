"""Writing rows of whole tables in the driver's own form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, islice
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Connection, Integer, LargeBinary, Table

from slaengine.storage.driving import Statement, driver_of, marks, named, run, run_many
from slaengine.storage.schema import OrderId

NUMBERS_A_STATEMENT = 500
"""SQLite allows 32,766 values, and a longer list is no quicker."""
COPIED_MIN = 100
"""Rows from which PostgreSQL's COPY is quicker than inserting them."""

T = TypeVar("T")


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of all the table's columns, in their order; ids of orders as 16 bytes."""
    if connection.dialect.name != "sqlite":
        rows = _with_uuids(table, rows)
    if connection.dialect.name != "sqlite" and len(rows) >= COPIED_MIN:
        _copy(connection, table, rows)
    elif rows:
        run_many(connection, f"{_insertion(table)} {_places(table)}", rows)


def insertion(table: Table, rows: Sequence[tuple[Any, ...]]) -> Statement:
    """Return PostgreSQL's statement that inserts these few rows, as `insert_rows` would."""
    values = list(chain.from_iterable(_with_uuids(table, rows)))
    return f"{_insertion(table)} {', '.join([_places(table)] * len(rows))}", values


def deletion(table: Table, numbers: Sequence[int], column: str = "seq") -> Statement:
    """Return the statement that deletes the rows whose `column` is one of these few numbers."""
    return f"DELETE FROM {table.name} WHERE {column} IN ({marks(len(numbers))})", numbers


def delete_rows(connection: Connection, table: Table, numbers: Sequence[int], column: str = "seq") -> None:
    """Delete the rows whose `column` is one of these numbers."""
    for some in chunks(numbers, NUMBERS_A_STATEMENT):
        if connection.dialect.name == "sqlite":
            run(connection, *deletion(table, some, column))
        else:  # one text however many they are, so that it is prepared once
            run(connection, f"DELETE FROM {table.name} WHERE {column} = ANY(?)", (some,))


@lru_cache(maxsize=64)
def _insertion(table: Table) -> str:
    return f"INSERT INTO {table.name} ({', '.join(table.c.keys())}) VALUES"


@lru_cache(maxsize=64)
def _places(table: Table) -> str:
    return f"({marks(len(table.c))})"


def _with_uuids(table: Table, rows: Sequence[tuple[Any, ...]]) -> Sequence[tuple[Any, ...]]:
    """Return the rows with ids of orders as PostgreSQL's driver takes them."""
    place = next((n for n, column in enumerate(table.c) if isinstance(column.type, OrderId)), None)
    return rows if place is None else [(*row[:place], UUID(bytes=row[place]), *row[place + 1 :]) for row in rows]


def _copy(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    statement = f"COPY {table.name} ({', '.join(table.c.keys())}) FROM STDIN (FORMAT BINARY)"
    try:
        with driver_of(connection).cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types([_type(column.type) for column in table.c])
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.Error as error:
        raise named(connection, statement, error) from error


def _type(kind: Any) -> str:
    """Return PostgreSQL's name of a column's type."""
    for ours, theirs in ((OrderId, "uuid"), (BigInteger, "int8"), (Integer, "int4"), (LargeBinary, "bytea"), (Boolean, "bool")):
        if isinstance(kind, ours):
            return theirs
    return "text"


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of `size`, the last one shorter."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
