"""Readable numbers for work orders: `WO-20260105-000123`, counted by day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from slaengine.storage.driving import Answer, Statement, fetched, run_together

_NEXT = (
    "INSERT INTO number_days (day, last) VALUES (?, 1) ON CONFLICT (day) DO UPDATE SET last = number_days.last + 1 RETURNING last"
)
_TAKEN = "SELECT 1 FROM numbers WHERE number = ?"
# PostgreSQL looks in the same statement whether the number is taken: another one would be another exchange.
_NUMBER = "? || lpad(last::text, greatest(6, length(last::text)), '0')"
_NEXT_AND_TAKEN = f"WITH given AS ({_NEXT}) SELECT last, EXISTS (SELECT 1 FROM numbers WHERE number = {_NUMBER}) FROM given"


def drawing(dialect: str, day: date) -> Statement:
    """Return the statement that draws the next number of `day`; `drawn` tells which it is."""
    written = f"{day:%Y%m%d}"
    return (_NEXT, [written]) if dialect == "sqlite" else (_NEXT_AND_TAKEN, [written, f"WO-{written}-"])


def drawn(connection: Connection, day: date, answer: Answer) -> str:
    """Return the number that was drawn, or the next one that is free: a number that a caller chose is passed over."""
    ((last, *taken),) = answer.rows
    number = f"WO-{day:%Y%m%d}-{last:06}"
    if taken[0] if taken else fetched(connection, _TAKEN, number):
        return next_number(connection, day)
    return number


def next_number(connection: Connection, day: date) -> str:
    """Return the next free number of `day`, taken in the caller's transaction: given back when that is rolled back."""
    (answer,) = run_together(connection, [drawing(connection.dialect.name, day)])
    return drawn(connection, day, answer)
