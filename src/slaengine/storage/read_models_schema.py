"""The tables of the read models: a catalogue, and one generation of tables for each time they were built."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, Table

from slaengine.projections.groups import DIMENSIONS
from slaengine.projections.rows import COUNTERS, MILESTONES
from slaengine.storage.schema import OrderId, Position, Text

SCHEMA = 7
"""The version of these tables. A read model of another version is never read: it is built anew beside, and swapped in."""

TILE_ORDERS = 1024
"""Orders a tile: few enough that making one anew takes some ms, many enough that reading a million orders takes few rows."""

catalogue_metadata = MetaData()

catalogue = Table(
    "read_models",
    catalogue_metadata,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("policy", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
)
"""One row a build of the read models of one policy: `state` is `building`, `live` (at most one a policy), `retired` or `dropped`
(its tables are gone); by which schema and which texts of the policy it is built (`fingerprint`); and the position in the log up
to which it stands. Rows stay, so that no number is given a second time: who is still at a build that was dropped would write into
the tables of another."""


@dataclass(frozen=True, slots=True)
class Generation:
    """The tables of one build; their columns stand as in `projections.rows`.

    Instants and lengths are µs (instants UTC); null where the values they come from are None.
    """

    number: int
    metadata: MetaData
    orders: Table
    clocks: Table
    case_files: Table
    tiles: Table
    held: Table
    first: Table


@cache
def generation(number: int) -> Generation:
    """Return the tables of generation `number`; they need not exist yet."""
    metadata = MetaData()
    makers = (_orders, _clocks, _case_files, _tiles, _held, _first)
    return Generation(number, metadata, *(make(number, metadata) for make in makers))


def _orders(number: int, metadata: MetaData) -> Table:
    """One row an order. `seq` numbers the orders of this generation; `day` is the local date of receipt, an ordinal.

    The clocks were judged with an open end. They hold for every instant from `holds_from` to `valid_until`, but for what runs,
    which may be overdue; for other instants the order is judged at the asking.
    """
    name = f"rm{number}_orders"
    return Table(
        name,
        metadata,
        Column("seq", Position, primary_key=True, autoincrement=False),
        Column("order_id", OrderId, nullable=False, unique=True),
        Column("number", Text, nullable=False, index=True),
        *(Column(dimension, Text) for dimension in DIMENSIONS),
        Column("labels", Text),
        Column("matter", BigInteger, nullable=False),
        Column("day", Integer, nullable=False),
        *(Column(milestone, BigInteger) for milestone in MILESTONES),
        *(Column(counter, Integer, nullable=False) for counter in COUNTERS),
        Column("covered", Text, nullable=False),
        Column("holds_from", BigInteger, nullable=False),
        Column("last_recorded_at", BigInteger, nullable=False),
        Column("latest", BigInteger, nullable=False),
        Column("version", Integer, nullable=False),
        Column("valid_until", BigInteger),
        Index(f"{name}_holds_from", "holds_from"),
        Index(f"{name}_last_recorded", "last_recorded_at"),
        Index(f"{name}_valid_until", "valid_until"),
    )


def _clocks(number: int, metadata: MetaData) -> Table:
    """One row a clock, as judged without an end: what runs may be overdue at the asking (the index on `due_at` tells)."""
    name = f"rm{number}_clocks"
    table = Table(
        name,
        metadata,
        Column("seq", Position, primary_key=True, autoincrement=False),
        Column("target", Text, primary_key=True),
        Column("cycle", Integer, primary_key=True, autoincrement=False),
        Column("promise", Text, nullable=False),
        Column("edition", Text, nullable=False),
        Column("started_at", BigInteger, nullable=False),
        Column("due_at", BigInteger),
        Column("stopped_at", BigInteger),
        Column("stopped_by", Integer),
        Column("elapsed", BigInteger),
        Column("paused", BigInteger, nullable=False),
        Column("verdict", Text, nullable=False),
        Column("excused", Boolean, nullable=False),
        Column("cadence", Integer),
    )
    running = table.c.verdict == "running"
    Index(f"{name}_running_due", table.c.due_at, sqlite_where=running, postgresql_where=running)
    return table


def _case_files(number: int, metadata: MetaData) -> Table:
    """One row an order: its facts in compact form, without personal data."""
    return Table(
        f"rm{number}_case_files",
        metadata,
        Column("seq", Position, primary_key=True, autoincrement=False),
        Column("content", LargeBinary, nullable=False),
    )


def _tiles(number: int, metadata: MetaData) -> Table:
    """The columns of `TILE_ORDERS` orders (`seq` // `TILE_ORDERS` is the tile) in parts; none for a tile that changed since.

    `digest` is that of all parts of the tile, a number of 64 bits: a reader that kept the tile sees that it changed.
    """
    return Table(
        f"rm{number}_tiles",
        metadata,
        Column("part", Text, primary_key=True),
        Column("tile", Integer, primary_key=True, autoincrement=False, index=True),
        Column("digest", BigInteger, nullable=False),
        Column("content", LargeBinary, nullable=False),
    )


def _held(number: int, metadata: MetaData) -> Table:
    """One row an order and party that held it: for how long in all, and since when it does so now (null: it does not)."""
    return Table(
        f"rm{number}_held",
        metadata,
        Column("seq", Position, primary_key=True, autoincrement=False),
        Column("party", Text, primary_key=True),
        Column("held", BigInteger, nullable=False),
        Column("since", BigInteger),
    )


def _first(number: int, metadata: MetaData) -> Table:
    """One row while the tables are filled for the first time: up to which position in the log, and how far it has come.

    `reached` is the last order that is in, by its id, and `chunk` how many chunks of orders are.
    """
    return Table(
        f"rm{number}_first",
        metadata,
        Column("id", Integer, primary_key=True, autoincrement=False),
        Column("until", BigInteger, nullable=False),
        Column("reached", OrderId, nullable=False),
        Column("chunk", Integer, nullable=False),
    )
