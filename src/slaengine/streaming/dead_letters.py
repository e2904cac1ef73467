"""What views hold back, for a person to look at and to work off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import inspect, select

from slaengine.errors import UnreadableMessage
from slaengine.storage.database import Database
from slaengine.streaming.envelope import EPOCH
from slaengine.streaming.ledger import HeldMessage, Ledger
from slaengine.streaming.streamed import read
from slaengine.streaming.tables import held

Why = Literal["failed", "behind", "waiting"]


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that a view holds back.

    `why`: it failed (`error` says how), stands behind one of its order that did, or waits for fact `waits_for` of its order,
    which has not come. `place` is where it was read, `TOPIC/PARTITION/OFFSET`. What cannot be told is None.
    """

    view: str
    order_id: UUID | None
    number: str | None
    version: int | None
    type: str | None
    why: Why
    error: str | None
    waits_for: int | None
    place: str
    held_at: datetime
    body: bytes | None


def views(database: Database) -> list[str]:
    """Return the names of the views that hold something back."""
    with database.reading() as connection:
        if not inspect(connection).has_table(held.name):
            return []
        return list(connection.scalars(select(held.c.view).distinct().order_by(held.c.view)))


def listed(database: Database) -> list[DeadLetter]:
    """Return everything that is held back, by view, order and version."""
    return [letter for view in views(database) for letter in _of(database, view)]


def _of(database: Database, view: str) -> list[DeadLetter]:
    ledger = Ledger(view)
    with database.reading() as connection:
        messages = ledger.messages_held(connection)
        handled = ledger.versions(connection, {message.order_id for message in messages if message.order_id is not None})
    stuck = {message.order_id for message in messages if message.error is not None}
    return [_letter(view, message, stuck, handled) for message in messages]


def _letter(view: str, message: HeldMessage, stuck: set[UUID | None], handled: dict[UUID, int]) -> DeadLetter:
    record, order_id = message.record, message.order_id
    why: Why = "failed" if message.error is not None else "behind" if order_id in stuck else "waiting"
    try:
        fact = read(record)
    except UnreadableMessage:
        fact = None
    return DeadLetter(
        view=view,
        order_id=order_id,
        number=fact.number if fact else None,
        version=message.version,
        type=fact.type if fact else None,
        why=why,
        error=message.error,
        waits_for=handled.get(order_id, 0) + 1 if why == "waiting" and order_id is not None else None,
        place=f"{record.topic}/{record.partition}/{record.offset}",
        held_at=EPOCH + timedelta(microseconds=message.held_at),
        body=record.value,
    )


def of_order(letters: Sequence[DeadLetter], order: str) -> list[DeadLetter]:
    """Return those of the order with this number or id."""
    return [letter for letter in letters if order in (letter.number, str(letter.order_id))]
