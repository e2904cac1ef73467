"""Writing and reading many rows in the driver's own form: building SQLAlchemy's parameters costs more than the database does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Connection, Integer, LargeBinary, Table
from sqlalchemy.exc import DBAPIError

from slaengine.storage.schema import OrderId

ROWS_A_STATEMENT = 2_000
"""psycopg sends many rows in one pipeline, which can block for ever when both ends have too much to say."""
COPIED_MIN = 100
"""Rows from which PostgreSQL's COPY is quicker than inserting them."""

T = TypeVar("T")


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of all the table's columns, in their order; ids of orders as 16 bytes."""
    if connection.dialect.name == "sqlite":
        _execute(connection, table, rows, "?")
        return
    place = next((n for n, column in enumerate(table.c) if isinstance(column.type, OrderId)), None)
    if place is not None:
        rows = [(*row[:place], UUID(bytes=row[place]), *row[place + 1 :]) for row in rows]
    if len(rows) < COPIED_MIN:
        _execute(connection, table, rows, "%s")
    else:
        _copy(connection, table, rows)


def delete_rows(connection: Connection, table: Table, seqs: Sequence[int]) -> None:
    """Delete the rows of orders at these places."""
    for some in chunks(seqs, ROWS_A_STATEMENT):
        if connection.dialect.name == "sqlite":
            marks = ", ".join("?" * len(some))
            connection.exec_driver_sql(f"DELETE FROM {table.name} WHERE seq IN ({marks})", tuple(some))
        else:
            connection.exec_driver_sql(f"DELETE FROM {table.name} WHERE seq = ANY(%s)", (some,))


def _execute(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]], mark: str) -> None:
    marks = ", ".join([mark] * len(table.c))
    for some in chunks(rows, ROWS_A_STATEMENT):
        connection.exec_driver_sql(f"INSERT INTO {table.name} ({', '.join(table.c.keys())}) VALUES ({marks})", some)


def _copy(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    statement = f"COPY {table.name} ({', '.join(table.c.keys())}) FROM STDIN (FORMAT BINARY)"
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types([_type(column.type) for column in table.c])
            for row in rows:
                copy.write_row(row)
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(statement, None, error, connection.dialect.loaded_dbapi.Error) from error


def _type(kind: Any) -> str:
    """Return PostgreSQL's name of a column's type."""
    for ours, theirs in ((OrderId, "uuid"), (BigInteger, "int8"), (Integer, "int4"), (LargeBinary, "bytea"), (Boolean, "bool")):
        if isinstance(kind, ours):
            return theirs
    return "text"


def fetched(connection: Connection, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a statement with `?` for values, as the driver gives them."""
    if connection.dialect.name != "sqlite":
        statement = statement.replace("?", "%s")
    cursor = connection.exec_driver_sql(statement, values).cursor
    return [] if cursor is None else list(cursor.fetchall())


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield the items in lists of `size`, the last one shorter."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk
