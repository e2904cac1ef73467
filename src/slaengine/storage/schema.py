"""The tables of the log, one schema for SQLite and PostgreSQL, and the triggers that keep facts from being changed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    Dialect,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    event,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from slaengine.audit.chain import GENESIS
from slaengine.errors import StorageError
from slaengine.storage.failures import CHANGED

FORMAT = 1
"""The version of these tables. A store of a later one is refused, since we could misread it."""


class OrderId(TypeDecorator[UUID]):
    """A UUID: PostgreSQL's own type, 16 bytes in SQLite (half the size of its text, and as quick to compare)."""

    impl = LargeBinary(16)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the column type of this database."""
        return dialect.type_descriptor(Uuid() if dialect.name == "postgresql" else LargeBinary(16))

    def process_bind_param(self, value: UUID | None, dialect: Dialect) -> Any:
        """Return what is sent to the database."""
        return value if value is None or dialect.name == "postgresql" else value.bytes

    def process_result_value(self, value: Any, dialect: Dialect) -> UUID | None:
        """Return the id that the database keeps."""
        return value if value is None or dialect.name == "postgresql" else UUID(bytes=value)


Text = String().with_variant(String(collation="C"), "postgresql")
"""Text compared by its bytes on both databases, so that they sort alike."""

Position = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()

facts = Table(
    "facts",
    metadata,
    Column("position", Position, primary_key=True, autoincrement=False),
    Column("order_id", OrderId, nullable=False),
    Column("version", Integer, nullable=False),
    Column("topic", Text, nullable=False),
    Column("state", LargeBinary, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    UniqueConstraint("order_id", "version", name="facts_order_version"),
)
"""Every fact. `position` counts the whole log from 1 without a gap, `version` one order; `recorded_at` is µs, UTC."""

commands = Table(
    "commands",
    metadata,
    Column("command_id", Text, primary_key=True),
    Column("order_id", OrderId, nullable=False),
    Column("digest", LargeBinary(32), nullable=False),
    Column("first_version", Integer, nullable=False),
    Column("last_version", Integer, nullable=False),
)
"""Command ids that were carried out, and the versions they led to: `last_version` < `first_version` when none."""

numbers = Table(
    "numbers",
    metadata,
    Column("number", Text, primary_key=True),
    Column("order_id", OrderId, nullable=False, unique=True),
)
"""The readable number of each order."""

number_days = Table(
    "number_days",
    metadata,
    Column("day", Text, primary_key=True),
    Column("last", Integer, nullable=False),
)
"""The last number given out on each day (`YYYYMMDD`)."""

log_head = Table(
    "log_head",
    metadata,
    Column("id", SmallInteger, CheckConstraint("id = 1", name="log_head_one_row"), primary_key=True, autoincrement=False),
    Column("format", SmallInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("hash", LargeBinary(32), nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
)
"""The end of the log, in one row. Whoever appends holds its lock, so facts are committed in order of position."""

tracking = Table(
    "tracking",
    metadata,
    Column("application_name", Text, primary_key=True),
    Column("notification_id", BigInteger, nullable=False),
)
"""How far each reader that uses the eventsourcing library's own projections has come."""


def _once_created(dialect: str, statement: str) -> None:
    """Have `statement` run behind the creation of the table of facts."""
    ddl = DDL(statement)  # type: ignore[no-untyped-call]
    event.listen(facts, "after_create", ddl.execute_if(dialect=dialect))


for _change in ("UPDATE", "DELETE"):
    _once_created(
        "sqlite",
        f"CREATE TRIGGER facts_never_{_change.lower()} BEFORE {_change} ON facts BEGIN SELECT RAISE(ABORT, '{CHANGED}'); END",
    )
_once_created(
    "postgresql",
    "CREATE OR REPLACE FUNCTION facts_never_change() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{CHANGED}'; END $$",
)
_once_created(
    "postgresql",
    "CREATE TRIGGER facts_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON facts "
    "FOR EACH STATEMENT EXECUTE FUNCTION facts_never_change()",
)

_CREATION_LOCK = 0x51AE_0001
"""PostgreSQL's advisory lock under which tables are created: two processes may open a new store at once."""


def exists(connection: Connection) -> bool:
    """Whether this database holds a store.

    Raises:
        StorageError: it was made by a later version of slaengine.
    """
    if not inspect(connection).has_table(log_head.name):
        return False
    made_by = connection.execute(select(log_head.c.format)).scalar_one_or_none()
    if made_by is None or made_by > FORMAT:
        raise StorageError(
            f"this store has format {made_by}, and this version of slaengine reads up to {FORMAT}; upgrade slaengine"
        )
    return True


def create(connection: Connection) -> None:
    """Create the tables of an empty log, in the transaction of `connection`; nothing happens when they are there.

    Raises:
        StorageError: tables of these names exist and are not a store's.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CREATION_LOCK})
    if exists(connection):
        return
    taken = sorted(set(inspect(connection).get_table_names()) & set(metadata.tables))
    if taken:
        raise StorageError(f"this database has tables named {', '.join(taken)} that are not a store's; use another database")
    metadata.create_all(connection)
    connection.execute(insert(log_head).values(id=1, format=FORMAT, position=0, hash=GENESIS, recorded_at=0))
