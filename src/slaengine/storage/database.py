"""The connection to a store: transactions that read, transactions that write, and nothing in between."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Self

from sqlalchemy import Connection, Engine

from slaengine.errors import ConcurrencyError, StorageError
from slaengine.storage import schema
from slaengine.storage.driving import Answer, Statement, run_together
from slaengine.storage.engines import COMMIT, begin_reading, begin_writing, beginning, engine_for
from slaengine.storage.failures import translated
from slaengine.storage.urls import StoreUrl, parse


class _Transaction(NamedTuple):
    connection: Connection
    writing: bool
    notes: dict[str, Any]
    blocks: int = 1
    answers: Sequence[Answer] = ()


class Database:
    """One store, opened. Threads share it; each transaction has a connection of its own (one for all in memory).

    `reading()` and `writing()` give a SQLAlchemy connection. A block within a block of the same thread joins the outer
    one, which alone commits or rolls back.
    """

    def __init__(self, store: StoreUrl) -> None:
        self.store = store
        self.engine = engine_for(store)
        self._current = threading.local()
        self._one_at_a_time = threading.RLock()

    @classmethod
    def open(cls, url: str, *, create: bool = True) -> Self:
        """Open the store at `url`; with `create`, make an empty one when there is none.

        Raises:
            UsageError, MissingExtra: the URL cannot be used.
            StorageError: the store is not there (without `create`), cannot be reached, or is no store of ours.
        """
        store = parse(url)
        new = store.path is not None and not store.path.exists()
        if new and not create:
            raise _missing(store)
        database = cls(store)
        try:
            database._prepare(create=create)
        except BaseException:
            database.close()
            if new:
                _remove_if_empty(store)
            raise
        return database

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.engine.dialect.name

    @contextmanager
    def reading(self, *, steady: bool = False) -> Iterator[Connection]:
        """Give a connection on which statements read; with `steady` they all see the store as it was at the first one.

        On SQLite they always do. On PostgreSQL each sees what is there when it runs, and costs one exchange with the server
        instead of three. A block within another sees what that one sees.
        """
        with self._transaction(writing=False, steady=steady) as transaction:
            yield transaction.connection

    @contextmanager
    def writing(self, *, derived: bool = False) -> Iterator[Connection]:
        """Give a connection on which statements write, all or none; on SQLite no other writer is let in meanwhile.

        What is `derived` from the log, and would be derived again, need not be on the disk at once: should the power fail, the
        store is whole, and may stand as it did some transactions before. Those of the log that come later put it there.

        Raises:
            ConcurrencyError: another writer holds the store for longer than the URL's `lock_timeout_ms`.
            StorageError: the database refuses.
        """
        with self._transaction(writing=True, derived=derived) as transaction:
            yield transaction.connection

    @contextmanager
    def writing_after(self, *first: Statement, derived: bool = False) -> Iterator[tuple[Connection, Sequence[Answer]]]:
        """As `writing`, after these `first` statements; what they answered is given too.

        They travel with the transaction's beginning: on PostgreSQL all of it costs one exchange with the server.
        """
        with self._transaction(writing=True, derived=derived, first=first) as transaction:
            yield transaction.connection, transaction.answers

    def run_last(self, connection: Connection, statements: Sequence[Statement], *, blocks: int = 1) -> None:
        """Run the last statements of a transaction of which no more than `blocks` blocks are open; nothing follows in these.

        On PostgreSQL they travel with its end. Where more blocks are open, the transaction goes on and ends with the outermost.
        """
        ends = self.dialect != "sqlite" and self._current.transaction.blocks <= blocks
        run_together(connection, [*statements, COMMIT] if ends else statements)

    def write_at_once(self, statements: Sequence[Statement], *, derived: bool = False) -> None:
        """Run statements, all or none, as a transaction of their own, or as part of the one that is open.

        On PostgreSQL it costs one exchange with the server, its beginning and its end included.

        Raises:
            Overtaken: one that must change something (`driving.or_fail`) does not.
            ConcurrencyError, StorageError: as `writing`.
        """
        if self.dialect == "sqlite" or self._outer is not None:
            with self._transaction(writing=True, derived=derived, first=statements):
                return
        with self._connected() as connection:
            run_together(connection, [*beginning(derived=derived), *statements, COMMIT])

    @property
    def notes(self) -> dict[str, Any]:
        """What the blocks of this thread's transaction tell each other, by name; gone when it ends, empty outside of one."""
        return {} if self._outer is None else self._outer.notes

    @property
    def within(self) -> bool:
        """Whether a block of this thread is open."""
        return self._outer is not None

    @property
    def _outer(self) -> _Transaction | None:
        outer: _Transaction | None = getattr(self._current, "transaction", None)
        return outer

    def close(self) -> None:
        """Give back every connection. A store in memory is gone with it."""
        self.engine.dispose()

    def _prepare(self, *, create: bool) -> None:
        with self.reading() as connection:
            there = schema.exists(connection)
        if not there and not create:
            raise _missing(self.store)
        if not there:
            with self.writing() as connection:
                schema.create(connection)
        if self.store.path is not None:
            with translated(self.store):
                _keep_readers_free(self.engine, self.store.lock_timeout_ms)

    @contextmanager
    def _transaction(
        self, *, writing: bool, derived: bool = False, steady: bool = False, first: Sequence[Statement] = ()
    ) -> Iterator[_Transaction]:
        outer = self._outer
        if outer is not None:
            if writing and not outer.writing:
                raise RuntimeError("a block that writes stands inside one that reads")
            answers = run_together(outer.connection, first) if first else ()
            self._current.transaction = outer._replace(blocks=outer.blocks + 1, answers=answers)
            try:
                yield self._current.transaction
            finally:
                self._current.transaction = outer
            return
        with self._alone(writing=writing), self._connected() as connection:
            transaction = _Transaction(connection, writing, {})
            if writing:
                transaction = transaction._replace(answers=begin_writing(connection, self.store, first, derived=derived))
            else:
                begin_reading(connection, steady=steady)
            self._current.transaction = transaction
            try:
                yield transaction
            finally:
                self._current.transaction = None

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with translated(self.store), self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def _alone(self, *, writing: bool) -> Iterator[None]:
        """Line up the threads of this process where the database has no queue of its own: SQLite's writers."""
        if not (self.store.in_memory or (writing and self.dialect == "sqlite")):
            yield
            return
        if not self._one_at_a_time.acquire(timeout=self.store.lock_timeout_ms / 1000):
            raise ConcurrencyError(
                f"the store {self.store} is held by another thread for too long; nothing was recorded, try again"
            )
        try:
            yield
        finally:
            self._one_at_a_time.release()


def _keep_readers_free(engine: Engine, timeout_ms: int) -> None:
    """Put the file in SQLite's write-ahead mode, where readers and the writer do not wait for each other.

    The change needs the file for itself for an instant and does not queue for it, so we do: another process may be
    opening the same new store.
    """
    deadline = time.monotonic() + timeout_ms / 1000
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        while True:
            try:
                cursor.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            else:
                return
    finally:
        connection.close()


def _missing(store: StoreUrl) -> StorageError:
    return StorageError(f"there is no store at {store}; `slaengine import` makes one, or check the URL")


def _remove_if_empty(store: StoreUrl) -> None:
    """Take away the empty file that SQLite leaves when a new store cannot be made."""
    if store.path is not None and store.path.is_file() and store.path.stat().st_size == 0:
        store.path.unlink(missing_ok=True)
