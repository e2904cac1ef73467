"""Readable numbers for work orders: `WO-20260105-000123`, counted by day."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, select, text

from slaengine.storage.schema import numbers

_NEXT = text(
    "INSERT INTO number_days (day, last) VALUES (:day, 1) "
    "ON CONFLICT (day) DO UPDATE SET last = number_days.last + 1 RETURNING last"
)


def next_number(connection: Connection, day: date) -> str:
    """Return the next free number of `day`, taken in the caller's transaction: given back when that is rolled back.

    A number that a caller chose for an order of its own is passed over.
    """
    while True:
        last = connection.execute(_NEXT, {"day": f"{day:%Y%m%d}"}).scalar_one()
        number = f"WO-{day:%Y%m%d}-{last:06}"
        if connection.execute(select(numbers.c.number).where(numbers.c.number == number)).first() is None:
            return number
