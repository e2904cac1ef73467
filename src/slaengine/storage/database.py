"""The connection to a store: transactions that read, transactions that write, and nothing in between."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool, StaticPool

from slaengine.errors import ConcurrencyError, StorageError
from slaengine.storage import schema
from slaengine.storage.failures import translated
from slaengine.storage.urls import StoreUrl, parse

CONNECTIONS_KEPT = 8
CONNECTIONS_MAX = 64
"""More threads than this wait for a connection; a database serves few writers better than many."""


class Database:
    """One store, opened. Threads share it; each transaction has a connection of its own (one for all in memory).

    `reading()` and `writing()` give a SQLAlchemy connection inside a transaction. A block within a block of the same
    thread joins the outer transaction, which alone commits or rolls back.
    """

    def __init__(self, store: StoreUrl) -> None:
        self.store = store
        self.engine = _engine(store)
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
    def reading(self) -> Iterator[Connection]:
        """Give a connection on which statements read; on SQLite they all see the store as it was at the first one."""
        with self._transaction(writing=False) as connection:
            yield connection

    @contextmanager
    def writing(self, *, derived: bool = False) -> Iterator[Connection]:
        """Give a connection on which statements write, all or none; on SQLite no other writer is let in meanwhile.

        What is `derived` from the log, and would be derived again, need not be on the disk at once: should the power fail, the
        store is whole, and may stand as it did some transactions before. Those of the log that come later put it there.

        Raises:
            ConcurrencyError: another writer holds the store for longer than the URL's `lock_timeout_ms`.
            StorageError: the database refuses.
        """
        with self._transaction(writing=True, derived=derived) as connection:
            yield connection

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
            with translated(str(self.store)):
                _keep_readers_free(self.engine, self.store.lock_timeout_ms)

    @contextmanager
    def _transaction(self, *, writing: bool, derived: bool = False) -> Iterator[Connection]:
        outer: tuple[Connection, bool] | None = getattr(self._current, "transaction", None)
        if outer is not None:
            connection, may_write = outer
            if writing and not may_write:
                raise RuntimeError("a block that writes stands inside one that reads")
            yield connection
            return
        with (
            self._alone(writing=writing),
            translated(str(self.store)),
            self.engine.connect().execution_options(slaengine_writes=writing, slaengine_derived=derived) as connection,
            connection.begin(),
        ):
            self._current.transaction = (connection, writing)
            try:
                yield connection
            finally:
                self._current.transaction = None

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


def _engine(store: StoreUrl) -> Engine:
    if store.url.get_backend_name() == "postgresql":
        return _postgres_engine(store)
    arguments: dict[str, Any] = {"check_same_thread": False, "timeout": store.lock_timeout_ms / 1000}
    if store.in_memory:
        engine = create_engine(store.url, poolclass=StaticPool, connect_args=arguments)
    else:
        engine = create_engine(
            store.url,
            poolclass=QueuePool,
            connect_args=arguments,
            pool_size=CONNECTIONS_KEPT,
            max_overflow=CONNECTIONS_MAX - CONNECTIONS_KEPT,
        )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves; the driver would say it too late
        connection.execute(f"PRAGMA synchronous = {store.synchronous}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if options.get("slaengine_writes"):
            driver: Any = connection.connection.driver_connection
            driver.execute(f"PRAGMA synchronous = {'normal' if options['slaengine_derived'] else store.synchronous}")
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _postgres_engine(store: StoreUrl) -> Engine:
    engine = create_engine(
        store.url, pool_size=CONNECTIONS_KEPT, max_overflow=CONNECTIONS_MAX - CONNECTIONS_KEPT, pool_pre_ping=True
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("slaengine_derived"):
            connection.exec_driver_sql("SET LOCAL synchronous_commit = off")

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: object) -> None:
        connection.execute(f"SET lock_timeout = {store.lock_timeout_ms}")
        connection.commit()

    return engine


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
