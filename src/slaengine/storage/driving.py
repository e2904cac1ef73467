"""Statements in the driver's own form: building SQLAlchemy's, and its results, costs more than the database does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Values = Sequence[Any]
Statement = tuple[str, Values]
"""A statement with `?` for its values, and these."""


class Answer(NamedTuple):
    """How many rows a statement changed (for one that changes none it means nothing), and the rows it gave."""

    changed: int
    rows: list[tuple[Any, ...]]


def run(connection: Connection, statement: str, values: Values = ()) -> Any:
    """Run a statement with `?` for its values, in the connection's transaction, and return the driver's cursor.

    Raises:
        DBAPIError: SQLAlchemy's name for what the driver raises.
    """
    driver = driver_of(connection)
    if connection.dialect.name != "sqlite":
        statement = statement.replace("?", "%s")
    try:
        return driver.execute(statement, values) if values else driver.execute(statement)
    except connection.dialect.loaded_dbapi.Error as error:
        raise named(connection, statement, error) from error


def run_together(connection: Connection, statements: Sequence[Statement]) -> list[Answer]:
    """Run statements in their order, and return what each answered: on PostgreSQL in one exchange with the server.

    It is for a few values: there they stand in the text, as the driver quotes them, and nothing is prepared. Behind one that
    fails nothing is run.

    Raises:
        DBAPIError: as `run`.
    """
    if connection.dialect.name == "sqlite":
        return [_answer(run(connection, statement, values)) for statement, values in statements]
    driver, dbapi = driver_of(connection), connection.dialect.loaded_dbapi
    quoted = dbapi.adapt.Transformer(driver).as_literal
    try:
        texts = [_filled(statement, [quoted(value) for value in values]) for statement, values in statements]
        cursor = driver.execute(b"; ".join(texts))
        answers = [_answer(cursor)]
        while cursor.nextset():
            answers.append(_answer(cursor))
    except dbapi.Error as error:
        raise named(connection, "; ".join(statement for statement, _ in statements), error) from error
    return answers


def or_fail(update: Statement) -> Statement:
    """Return PostgreSQL's statement that changes what `update` changes, and fails if that is nothing.

    So what stands behind it in one text is done only if it changed something. Its failure is a division by zero, of which we
    have no other; `failures` names it `Overtaken`.
    """
    statement, values = update
    return f"WITH changed AS ({statement} RETURNING 1) SELECT 1 / count(*) FROM changed", values


def _answer(cursor: Any) -> Answer:
    return Answer(cursor.rowcount, cursor.fetchall() if cursor.description else [])


def _filled(statement: str, literals: Sequence[bytes]) -> bytes:
    """Return a statement with these instead of its `?`."""
    first, *others = statement.encode().split(b"?")
    return first + b"".join([part for pair in zip(literals, others, strict=True) for part in pair])


def run_many(connection: Connection, statement: str, rows: Sequence[Values]) -> None:
    """Run a statement for each of these rows of values.

    Raises:
        DBAPIError: as `run`.
    """
    cursor = driver_of(connection).cursor()
    if connection.dialect.name != "sqlite":
        statement = statement.replace("?", "%s")
    try:
        cursor.executemany(statement, rows)
    except connection.dialect.loaded_dbapi.Error as error:
        raise named(connection, statement, error) from error


def fetched(connection: Connection, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a statement with `?` for values, as the driver gives them."""
    cursor = run(connection, statement, values)
    try:
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    except connection.dialect.loaded_dbapi.Error as error:
        raise named(connection, statement, error) from error
    return rows


def fetched_among(connection: Connection, beginning: str, values: Sequence[Any], end: str = "") -> list[tuple[Any, ...]]:
    """Return the rows of a statement whose `beginning` ends with the column that is to be one of these values."""
    if connection.dialect.name == "sqlite":
        return fetched(connection, f"{beginning} IN ({marks(len(values))}) {end}", *values)
    return fetched(connection, f"{beginning} = ANY(?) {end}", list(values))  # one text however many, so prepared once


def id_column(connection: Connection) -> str:
    """Return what gives an order's id as 16 bytes."""
    return "order_id" if connection.dialect.name == "sqlite" else "uuid_send(order_id)"


def as_driven(connection: Connection, order_id: UUID) -> UUID | bytes:
    """Return an order's id as the driver takes it."""
    return order_id.bytes if connection.dialect.name == "sqlite" else order_id


def ids_as_driven(connection: Connection, order_ids: Sequence[bytes]) -> Sequence[UUID | bytes]:
    """Return orders' ids, 16 bytes each, as the driver takes them."""
    return order_ids if connection.dialect.name == "sqlite" else [UUID(bytes=order_id) for order_id in order_ids]


def marks(count: int) -> str:
    """Return the places of `count` values."""
    return ", ".join(["?"] * count)


def driver_of(connection: Connection) -> Any:
    """Return the driver's own connection."""
    return connection.connection.driver_connection


def named(connection: Connection, statement: str, error: Exception) -> Exception:
    """Return the driver's error under SQLAlchemy's name; a connection that is dead goes back to no pool."""
    dialect = connection.dialect
    if not connection.closed and not connection.invalidated and dialect.is_disconnect(error, driver_of(connection), None):  # type: ignore[arg-type]
        connection.invalidate(error)
    wrapped: Exception = DBAPIError.instance(statement, None, error, dialect.loaded_dbapi.Error)
    return wrapped
