"""The tables that the stream keeps in a store: who publishes and how far, how far each view has read, what is held back."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, Table, inspect, text

from slaengine.storage.database import Database
from slaengine.storage.schema import OrderId, Position, Text

metadata = MetaData()

publishers = Table(
    "stream_publishers",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("holder", Text),
    Column("beat", BigInteger, nullable=False),
    Column("position", BigInteger),
)
"""Per topic: who publishes this log to it (`holder`, none after an orderly stop), the fencing token that every take-over
raises (`epoch`), a counter that shows it alive (`beat`), and the position up to which every fact is acknowledged
(null until it is known)."""

offsets = Table(
    "stream_offsets",
    metadata,
    Column("view", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
)
"""How far each view has read each partition: stored in the transaction that changes the view."""

versions = Table(
    "stream_versions",
    metadata,
    Column("view", Text, primary_key=True),
    Column("order_id", OrderId, primary_key=True),
    Column("version", Integer, nullable=False),
)
"""The last fact of each order that the view has handled or passed over."""

held = Table(
    "stream_held",
    metadata,
    Column("view", Text, primary_key=True),
    Column("topic", Text, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("offset", BigInteger, primary_key=True, autoincrement=False),
    Column("order_id", OrderId),
    Column("version", Integer),
    Column("key", LargeBinary),
    Column("value", LargeBinary),
    Column("headers", LargeBinary, nullable=False),
    Column("error", Text),
    Column("held_at", BigInteger, nullable=False),
    Column("announced", Boolean, nullable=False),
)
"""Messages that a view could not handle (`error` says why) or that must wait behind such a one or for an earlier fact
(`error` null). `order_id` and `version` are null where they cannot be told. `announced`: it stands in the dead-letter topic."""

Index("stream_held_by_order", held.c.view, held.c.order_id, held.c.version)

passed_over = Table(
    "stream_passed_over",
    metadata,
    Column("view", Text, primary_key=True),
    Column("type", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
)
"""How many facts of types that this version does not know each view has passed over."""

identities = Table(
    "stream_identities",
    metadata,
    Column("view", Text, primary_key=True),
    Column("identity", Text, nullable=False),
)
"""A random name for each view of this store: two stores are never members of one group by accident."""

watched = Table(
    "stream_watched",
    metadata,
    Column("view", Text, primary_key=True),
    Column("order_id", OrderId, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("next_at", BigInteger),
)
"""Up to which fact each order's verdicts are said, and the instant (µs UTC; null: none) at which time alone brings another."""

Index("stream_watched_next", watched.c.view, watched.c.next_at)

verdicts = Table(
    "stream_verdicts",
    metadata,
    Column("n", Position, primary_key=True, autoincrement=True),
    Column("id", Text, nullable=False, unique=True),
    Column("key", LargeBinary, nullable=False),
    Column("headers", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("sent", Boolean, nullable=False),
)
"""Every verdict ever said, so that none is said twice, and whether Kafka has it."""

Index("stream_verdicts_unsent", verdicts.c.sent, verdicts.c.n)

replies = Table(
    "stream_replies",
    metadata,
    Column("n", Position, primary_key=True, autoincrement=True),
    Column("key", LargeBinary),
    Column("headers", LargeBinary, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
"""Answers to commands that Kafka does not have yet."""

_CREATION_LOCK = 0x51AE_0007


def create(database: Database) -> None:
    """Create the tables that are not there."""
    with database.reading() as connection:
        if inspect(connection).has_table(replies.name):
            return
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CREATION_LOCK})
        metadata.create_all(connection)
