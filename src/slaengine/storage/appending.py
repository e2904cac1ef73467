"""Writing what an append adds to the log: facts, numbers, command ids, and where the log then ends."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table

from slaengine.storage.driving import Statement, marks, run, run_many, run_together
from slaengine.storage.schema import commands, facts, numbers

Row = Sequence[Any]

ROWS_A_STATEMENT = 5_000
"""Rows that are sent to PostgreSQL in one message, some MB."""
FEW_ROWS = 30
"""Rows from which preparing a statement, or running it row by row, is quicker than saying all in one text."""


class Head(NamedTuple):
    """The end of the log: the last position (0 when empty), its hash, and when it was recorded in µs UTC."""

    position: int
    hash: bytes
    recorded_at: int


class Added(NamedTuple):
    """What is added: rows of all the columns of `facts`, `numbers` and `commands`, and where the log then ends."""

    facts: Sequence[Row]
    numbers: Sequence[Row]
    commands: Sequence[Row]
    head: Head

    def rows(self) -> list[tuple[Table, Sequence[Row]]]:
        """Return the rows by their tables."""
        return [(facts, self.facts), (numbers, self.numbers), (commands, self.commands)]

    @property
    def few(self) -> bool:
        """Whether it goes in by single statements of all its rows."""
        return len(self.facts) + len(self.numbers) + len(self.commands) <= FEW_ROWS


def statements(added: Added) -> list[Statement]:
    """Return what adds few rows."""
    return [
        *(_insertion(table, rows) for table, rows in added.rows() if rows),
        ("UPDATE log_head SET position = ?, hash = ?, recorded_at = ?", added.head),
    ]


def add_many(connection: Connection, added: Added) -> None:
    """Add many rows."""
    if connection.dialect.name == "sqlite":
        for table, rows in added.rows():
            run_many(connection, f"INSERT INTO {table.name} ({_columns(table)}) VALUES ({marks(len(table.c))})", rows)
    else:
        for table, rows in added.rows():
            for start in range(0, len(rows), ROWS_A_STATEMENT):
                run(connection, _all_at_once(table), _by_column(rows[start : start + ROWS_A_STATEMENT]))
    run_together(connection, statements(Added((), (), (), added.head)))


def _insertion(table: Table, rows: Sequence[Row]) -> Statement:
    places = ", ".join([f"({marks(len(table.c))})"] * len(rows))
    return f"INSERT INTO {table.name} ({_columns(table)}) VALUES {places}", [value for row in rows for value in row]


@cache
def _columns(table: Table) -> str:
    return ", ".join(table.c.keys())


def _all_at_once(table: Table) -> str:
    """Return what makes rows of a table from an array for each column, which PostgreSQL does quicker than row by row."""
    arrays = ", ".join(f"?::{_TYPES[column.name]}[]" for column in table.c)
    return f"INSERT INTO {table.name} ({_columns(table)}) SELECT * FROM unnest({arrays})"


def _by_column(rows: Sequence[Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


_TYPES = {
    "position": "bigint",
    "order_id": "uuid",
    "version": "int",
    "topic": "text",
    "state": "bytea",
    "recorded_at": "bigint",
    "hash": "bytea",
    "number": "text",
    "command_id": "text",
    "digest": "bytea",
    "first_version": "int",
    "last_version": "int",
}
"""PostgreSQL's types of the columns."""
