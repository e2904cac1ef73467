"""SQLAlchemy's engines for both databases: how a connection is made, found alive, and put into a transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import QueuePool, StaticPool

from slaengine.storage.driving import Answer, Statement, run, run_together
from slaengine.storage.urls import StoreUrl

CONNECTIONS_KEPT = 8
CONNECTIONS_MAX = 64
"""More threads than this wait for a connection; a database serves few writers better than many."""
ASKED_AFTER_S = 30
"""A connection that lay idle for longer is asked whether it still leads anywhere: what stands between may have dropped it."""
BEGIN: Statement = ("BEGIN", ())
COMMIT: Statement = ("COMMIT", ())
NOT_AWAITED: Statement = ("SET LOCAL synchronous_commit = off", ())
"""What is derived from the log is not waited for until it is on the disk."""


def engine_for(store: StoreUrl) -> Engine:
    """Return the engine of a store; its connections begin nothing by themselves."""
    return _postgres_engine(store) if store.url.get_backend_name() == "postgresql" else _sqlite_engine(store)


def begin_reading(connection: Connection, *, steady: bool) -> None:
    """Begin what reads; on PostgreSQL every statement stands for itself, unless they are to see one state."""
    if connection.dialect.name == "sqlite":
        run(connection, "BEGIN")
    elif steady:
        run(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ")


def begin_writing(connection: Connection, store: StoreUrl, first: Sequence[Statement], *, derived: bool) -> list[Answer]:
    """Begin what writes, run the `first` statements, and return what they answered: on PostgreSQL in one exchange."""
    if connection.dialect.name == "sqlite":
        run(connection, f"PRAGMA synchronous = {'normal' if derived else store.synchronous}")
        run(connection, "BEGIN IMMEDIATE")
        return run_together(connection, first)
    begins = beginning(derived=derived)
    return run_together(connection, [*begins, *first])[len(begins) :]


def beginning(*, derived: bool) -> list[Statement]:
    """Return what begins a transaction that writes, on PostgreSQL."""
    return [BEGIN, NOT_AWAITED] if derived else [BEGIN]


def _sqlite_engine(store: StoreUrl) -> Engine:
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

    return engine


def _postgres_engine(store: StoreUrl) -> Engine:
    engine = create_engine(
        store.url,
        isolation_level="AUTOCOMMIT",  # we say BEGIN ourselves; the driver would say it before statements that need none
        pool_size=CONNECTIONS_KEPT,
        max_overflow=CONNECTIONS_MAX - CONNECTIONS_KEPT,
    )

    @event.listens_for(engine, "connect")
    def configure(connection: Any, _: object) -> None:
        connection.execute(f"SET lock_timeout = {store.lock_timeout_ms}")

    @event.listens_for(engine, "checkin")
    def note(_: object, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def find_alive(connection: Any, record: Any, _: object) -> None:
        idle_s = time.monotonic() - record.info.get("idle_since", time.monotonic())
        try:
            _hear(connection, asked=idle_s > ASKED_AFTER_S)
        except engine.dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error  # the pool makes a new one, and the others anew when their turn comes

    return engine


def _hear(connection: Any, *, asked: bool) -> None:
    """Raise the driver's error if the connection is dead, as far as can be heard here; with `asked`, as its server answers.

    A server that is gone has closed the connection: its last words are read first, then that there are no more.
    """
    connection.pgconn.consume_input()
    connection.pgconn.consume_input()
    if asked:
        connection.execute("SELECT 1")
