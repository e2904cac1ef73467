"""What a database says went wrong, in our words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from slaengine.errors import ConcurrencyError, Overtaken, SlaEngineError, StorageError

CHANGED = "facts are never changed or deleted"
"""What the triggers in the schema say."""
LOCKED = ("database is locked", "database table is locked", "lock timeout", "deadlock detected", "could not serialize")
FULL = ("database or disk is full", "no space left on device", "could not extend file")
READ_ONLY = ("attempt to write a readonly database", "read-only transaction")
NOT_OPENED = ("unable to open database file",)
NOTHING_CHANGED = ("division by zero",)
"""What `driving.or_fail` comes to when another worker was quicker."""
NOT_A_STORE = ("file is not a database", "malformed")


@contextmanager
def translated(store: object) -> Iterator[None]:
    """Raise what the database raises as an error of ours; `str(store)` is its URL without the password.

    Raises:
        Overtaken: a row that we insert is there already.
        ConcurrencyError: another writer held the store for longer than we wait.
        StorageError: anything else.
    """
    try:
        yield
    except IntegrityError as error:
        if CHANGED in str(error.orig):
            raise StorageError(f"the store {store} refuses: {CHANGED}; record a correction instead") from error
        raise Overtaken("another writer was quicker: its facts are recorded, these are not") from error
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise _named(error, store) from error


def _named(error: Exception, store: object) -> SlaEngineError:
    cause = error.orig if isinstance(error, DBAPIError) else error
    said = " ".join(str(cause).split())
    lower = said.lower()
    if any(words in lower for words in NOTHING_CHANGED):
        return Overtaken("another worker was quicker; nothing was changed, try again")
    if any(words in lower for words in LOCKED):
        return ConcurrencyError(f"the store {store} is held by another writer for too long; nothing was recorded, try again")
    if any(words in lower for words in FULL):
        return StorageError(f"the disk of the store {store} is full; nothing was recorded, make room and try again")
    if any(words in lower for words in READ_ONLY):
        return StorageError(f"the store {store} cannot be written: it is read-only for this user")
    if any(words in lower for words in NOT_OPENED):
        return StorageError(f"the store {store} cannot be opened: this user may not read or write the file or its directory")
    if any(words in lower for words in NOT_A_STORE):
        return StorageError(f"the store {store} cannot be read: the file is damaged or is not an SQLite database")
    return StorageError(f"the store {store} failed: {said[:300]}")
