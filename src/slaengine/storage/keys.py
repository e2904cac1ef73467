"""The keys of personal data: one for each reporter, in a database apart from the log's, so that each can be destroyed."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Self
from uuid import UUID

from sqlalchemy import BigInteger, Column, Connection, Index, LargeBinary, MetaData, Table, event, insert, select, text, update

from slaengine.errors import Overtaken, StorageError
from slaengine.storage.database import Database
from slaengine.storage.schema import OrderId, Text
from slaengine.storage.urls import parse

KEY_BYTES = 32
ATTEMPTS_MAX = 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CREATION_LOCK = 0x51AE_0002
"""PostgreSQL's advisory lock under which the tables are created: two processes may open a new key store at once."""

metadata = MetaData()

personal_keys = Table(
    "personal_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("key", LargeBinary),
    Column("destroyed_at", BigInteger),
)
"""Every key there was. `owner` is `subject:ID`, or `order:UUID` for an order without a reporter; a destroyed key is null."""

Index(
    "personal_keys_one_live",
    personal_keys.c.owner,
    unique=True,
    sqlite_where=personal_keys.c.key.is_not(None),
    postgresql_where=personal_keys.c.key.is_not(None),
)

order_owners = Table(
    "order_owners",
    metadata,
    Column("order_id", OrderId, primary_key=True),
    Column("owner", Text, nullable=False),
)
"""Whose key the personal texts of an order are under."""


def of_subject(subject: str) -> str:
    """Return the owner that a reporter's key stands under."""
    return f"subject:{subject}"


def of_order(order_id: UUID) -> str:
    """Return the owner that the key of an order without a reporter stands under."""
    return f"order:{order_id}"


class Erased(NamedTuple):
    """The number of keys that were destroyed now, and when the first one of these owners ever was; None when none was."""

    destroyed: int
    first_at: datetime | None


class KeyStore:
    """Keys by reporter, in SQLite or PostgreSQL. Safe for threads and processes.

    Nothing is cached, so that a key that is destroyed is gone for every process at once. Back it up apart from the log,
    and not for long: a key that survives in a backup survives its erasure.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, url: str) -> Self:
        """Open the key store at `url`, made if there is none.

        Raises:
            UsageError, MissingExtra, StorageError: as for the store of the log.
        """
        database = Database(parse(url))
        if database.dialect == "sqlite":
            event.listen(database.engine, "connect", _overwrite_what_is_deleted)
        try:
            with database.writing() as connection:
                if database.dialect == "postgresql":
                    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CREATION_LOCK})
                metadata.create_all(connection)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def close(self) -> None:
        """Give back every connection."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def key_of_order(self, order_id: UUID, subject: str | None) -> tuple[str, bytes]:
        """Return the id and the key for texts about this order; a new one when there is none, or none any more."""
        for _ in range(ATTEMPTS_MAX):
            try:
                with self._database.reading() as connection:
                    owner = _owner(connection, order_id)
                    live = _live(connection, owner) if owner else None
                if live is not None:
                    return live
                return self._new_key(order_id, owner or (of_subject(subject) if subject else of_order(order_id)))
            except Overtaken:
                continue
        raise StorageError(f"the key store {self._database.store} is too busy: {ATTEMPTS_MAX} attempts to make a key lost")

    def key(self, key_id: str) -> bytes | None:
        """Return the key of this id; None when it was destroyed, or is not of this key store."""
        with self._database.reading() as connection:
            return connection.execute(select(personal_keys.c.key).where(personal_keys.c.key_id == key_id)).scalar_one_or_none()

    def destroy(self, owners: Collection[str], now: datetime) -> Erased:
        """Destroy the keys of these owners; doing it again is harmless."""
        of_owner = personal_keys.c.owner.in_(owners)
        with self._database.writing() as connection:
            done = connection.execute(
                update(personal_keys)
                .where(of_owner & personal_keys.c.key.is_not(None))
                .values(key=None, destroyed_at=(now - EPOCH) // timedelta(microseconds=1))
            )
            first = connection.execute(
                select(personal_keys.c.destroyed_at)
                .where(of_owner & personal_keys.c.destroyed_at.is_not(None))
                .order_by(personal_keys.c.destroyed_at)
                .limit(1)
            ).scalar_one_or_none()
        return Erased(done.rowcount, None if first is None else EPOCH + timedelta(microseconds=first))

    def _new_key(self, order_id: UUID, owner: str) -> tuple[str, bytes]:
        with self._database.writing() as connection:
            if _owner(connection, order_id) is None:
                connection.execute(insert(order_owners).values(order_id=order_id, owner=owner))
            live = _live(connection, owner)
            if live is None:
                live = secrets.token_hex(8), secrets.token_bytes(KEY_BYTES)
                connection.execute(insert(personal_keys).values(key_id=live[0], owner=owner, key=live[1]))
        return live


def _owner(connection: Connection, order_id: UUID) -> str | None:
    return connection.execute(select(order_owners.c.owner).where(order_owners.c.order_id == order_id)).scalar_one_or_none()


def _live(connection: Connection, owner: str) -> tuple[str, bytes] | None:
    row = connection.execute(
        select(personal_keys.c.key_id, personal_keys.c.key).where(
            (personal_keys.c.owner == owner) & personal_keys.c.key.is_not(None)
        )
    ).one_or_none()
    return None if row is None else (row.key_id, row.key)


def _overwrite_what_is_deleted(connection: sqlite3.Connection, _: object) -> None:
    """Have SQLite write zeros over a destroyed key, instead of only forgetting where it stood."""
    connection.execute("PRAGMA secure_delete = ON")
