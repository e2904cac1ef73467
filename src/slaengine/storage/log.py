"""The log: every fact that was recorded, in one order, chained by its hash."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import Connection, func, select, type_coerce
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import NullType

from slaengine.audit.chain import link_bytes_hash
from slaengine.audit.packed import Packed, packed_of
from slaengine.audit.shapes import Stored
from slaengine.errors import Overtaken
from slaengine.storage.appending import Added, Head, add_many, statements
from slaengine.storage.database import Database
from slaengine.storage.driving import Answer, Statement, fetched, fetched_among, marks
from slaengine.storage.fact_rows import log_after, packed_facts
from slaengine.storage.schema import facts, numbers

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
IDS_A_STATEMENT = 1_000
AT_HAND = 8
"""Facts kept in memory when they were appended: those of a command or two."""
FIRST_VERSIONS = (0, 1)
"""Our orders count from 1; the eventsourcing library's own aggregates may count from 0."""

Clock = Callable[[], datetime]
T = TypeVar("T")

_AS_KEPT = [type_coerce(column, NullType()) if column is facts.c.order_id else column for column in facts.c]
"""The columns of a fact with its order's id as the driver gives it: one id is made for all of an order's facts."""

_HEAD = "SELECT position, hash, recorded_at FROM log_head"
_HELD = "head of the log"
"""Under which name the transaction that holds the head notes where it stands."""


class NewFact(NamedTuple):
    """A fact to be appended: `version` counts the order's facts, `state` is its JSON in UTF-8."""

    order_id: UUID
    version: int
    topic: str
    state: bytes


class StoredFact(NamedTuple):
    """A fact as it stands in the log. `position` counts the whole log from 1; `recorded_at` is µs since the epoch, UTC."""

    position: int
    order_id: UUID
    version: int
    topic: str
    state: bytes
    recorded_at: int
    hash: bytes


class CarriedOut(NamedTuple):
    """A command that was carried out under this id, and the versions of the facts it led to (last < first: none)."""

    command_id: str
    order_id: UUID
    digest: bytes
    first_version: int
    last_version: int


class _Run(NamedTuple):
    order_id: UUID
    first: int
    last: int


class FactLog:
    """Appends facts and reads them back. Safe for threads and processes.

    `clock` stamps `recorded_at`, which never runs backwards along the log: when the clock does, the last stamp is used.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self.database = database
        self._clock = clock
        self._is_sqlite = database.dialect == "sqlite"
        self.appended: tuple[StoredFact, ...] = ()
        """The last facts that were appended here, one behind the other; they may have been rolled back since."""

    # ── appending ──

    def append(
        self,
        new: Sequence[NewFact],
        *,
        carried_out: Collection[CarriedOut] = (),
        named: Mapping[str, UUID] | None = None,
        ending: int = 0,
    ) -> list[StoredFact]:
        """Append facts in the order given, in one transaction, and return them as stored.

        Args:
            new: facts of any number of orders; each order's versions go on from its last one.
            carried_out: the commands that led to them, kept so that they are not carried out again.
            named: readable numbers of new orders, and whose they are.
            ending: how many blocks of the caller, which hold the log or write, do nothing more: where these are all that are
                open, the transaction ends with the append, which spares PostgreSQL an exchange.

        Raises:
            Overtaken: a version is not the next of its order, or a command id or number is there already.
            ConcurrencyError, StorageError: as `Database.writing`.
        """
        runs = _runs(new)
        continued = list({run.order_id for run in runs if run.first != 1})
        asked = [self._last_versions(some) for some in _slices(continued, IDS_A_STATEMENT)]
        with self.holding(*asked) as (connection, head, answers):
            _check_versions(runs, {self._id(key): last for answer in answers for key, last in answer.rows})
            stored = self._chained(head, new)
            moved = Head(stored[-1].position, stored[-1].hash, stored[-1].recorded_at) if stored else head
            added = self._added(stored, carried_out, named or {}, moved)
            if added.few:
                self.database.run_last(connection, statements(added), blocks=ending + 1)
            else:
                add_many(connection, added)
            self.database.notes[_HELD] = moved
        goes_on = self.appended and self.appended[-1].hash == head.hash
        self.appended = (*(self.appended if goes_on else ()), *stored[-AT_HAND:])[-AT_HAND:]
        return stored

    @contextmanager
    def locked(self) -> Iterator[tuple[Connection, Head]]:
        """Hold the end of the log for the length of the block: nobody else appends, so what is read in it stays true."""
        with self.holding() as (connection, head, _):
            yield connection, head

    @contextmanager
    def holding(self, *first: Statement) -> Iterator[tuple[Connection, Head, Sequence[Answer]]]:
        """As `locked`; give too what these `first` statements answered, which were run when the log was held already.

        They travel with the taking of the log: on PostgreSQL all of it costs one exchange with the server.
        """
        held = self.database.notes.get(_HELD)
        taking: list[Statement] = [] if held else [(_HEAD if self._is_sqlite else f"{_HEAD} FOR UPDATE", ())]
        with self.database.writing_after(*taking, *first) as (connection, answers):
            if held is None:
                held = self.database.notes[_HELD] = Head._make(answers[0].rows[0])
            yield connection, held, answers[len(taking) :]

    def _last_versions(self, orders: Sequence[UUID]) -> Statement:
        query = f"SELECT order_id, max(version) FROM facts WHERE order_id IN ({marks(len(orders))}) GROUP BY order_id"
        return query, [self._key(order_id) for order_id in orders]

    def _added(
        self, stored: list[StoredFact], carried_out: Collection[CarriedOut], named: Mapping[str, UUID], head: Head
    ) -> Added:
        key = self._key
        names = [(number, key(order_id)) for number, order_id in named.items()]
        return Added(self._rows(stored), names, [(c[0], key(c.order_id), *c[2:]) for c in carried_out], head)

    def _chained(self, head: Head, new: Sequence[NewFact]) -> list[StoredFact]:
        recorded_at = max((self._clock() - EPOCH) // MICROSECOND, head.recorded_at)
        stored: list[StoredFact] = []
        previous, order, key = head.hash, None, b""
        topics = {topic: topic.encode() for topic in {fact.topic for fact in new}}
        for position, (order_id, version, topic, state) in enumerate(new, head.position + 1):
            if order_id is not order:
                order, key = order_id, order_id.bytes
            previous = link_bytes_hash(previous, position, key, version, recorded_at, topics[topic], state)
            stored.append(StoredFact(position, order_id, version, topic, state, recorded_at, previous))
        return stored

    def _rows(self, stored: list[StoredFact]) -> Sequence[tuple[Any, ...]]:
        """Return the facts as the driver takes them."""
        if not self._is_sqlite:
            return stored
        rows, order, key = [], None, b""
        for position, order_id, version, topic, state, recorded_at, link in stored:
            if order_id is not order:
                order, key = order_id, order_id.bytes
            rows.append((position, key, version, topic, state, recorded_at, link))
        return rows

    def _among(self, connection: Connection, beginning: str, values: Iterable[Any], end: str = "") -> Iterator[Sequence[Any]]:
        """Yield the rows of a statement whose `beginning` ends with the column that is to be one of these values."""
        for some in _slices(list(values), IDS_A_STATEMENT):
            yield from fetched_among(connection, beginning, some, end)

    def _key(self, order_id: UUID) -> UUID | bytes:
        return order_id.bytes if self._is_sqlite else order_id

    def _id(self, key: UUID | bytes) -> UUID:
        return UUID(bytes=key) if isinstance(key, bytes) else key

    # ── reading ──

    def head(self) -> Head:
        """Return the end of the log."""
        with self.database.reading() as connection:
            (row,) = fetched(connection, _HEAD)
        return Head._make(row)

    def read(
        self, after: int = 0, limit: int = 1_000, *, topics: Sequence[str] = (), until: int | None = None
    ) -> list[StoredFact]:
        """Return up to `limit` facts behind position `after`, in order of position; none when there are no more.

        With `topics`, only facts of these; with `until`, none behind that position. A fact that appears later always
        stands behind every fact that could be read before: a reader that goes on from its last position misses nothing.
        """
        wanted = facts.c.position > after
        if topics:
            wanted &= facts.c.topic.in_(topics)
        if until is not None:
            wanted &= facts.c.position <= until
        with self.database.reading() as connection:
            return self._select(connection, wanted, facts.c.position, limit)

    def scan(self, after: int = 0, *, topics: Sequence[str] = (), batch: int = 5_000) -> Iterator[StoredFact]:
        """Yield every fact behind position `after`, in order, to the end of the log as it is when it gets there."""
        while some := self.read(after, batch, topics=topics):
            yield from some
            after = some[-1].position

    def facts_of(
        self,
        order_id: UUID,
        *,
        after_version: int = -1,
        until_version: int | None = None,
        limit: int | None = None,
        latest_first: bool = False,
    ) -> list[StoredFact]:
        """Return one order's facts in order of version; empty when there is no such order."""
        wanted = (facts.c.order_id == order_id) & (facts.c.version > after_version)
        if until_version is not None:
            wanted &= facts.c.version <= until_version
        order = facts.c.version.desc() if latest_first else facts.c.version
        with self.database.reading() as connection:
            return self._select(connection, wanted, order, limit)

    def facts_of_many(self, order_ids: Collection[UUID]) -> dict[UUID, list[StoredFact]]:
        """Return the facts of each of these orders in order of version; orders that are not there are left out."""
        found: dict[UUID, list[StoredFact]] = {}
        with self.database.reading() as connection:
            query = f"SELECT {', '.join(StoredFact._fields)} FROM facts WHERE order_id"
            for position, key, *others in self._among(connection, query, map(self._key, order_ids), "ORDER BY position"):
                order_id = self._id(key)
                found.setdefault(order_id, []).append(StoredFact(position, order_id, *others))
        return found

    def _select(
        self, connection: Connection, wanted: ColumnElement[bool], order: ColumnElement[Any], limit: int | None
    ) -> list[StoredFact]:
        rows = connection.execute(select(*_AS_KEPT).where(wanted).order_by(order).limit(limit)).all()
        if not self._is_sqlite:
            return list(map(StoredFact._make, rows))
        ids = {key: UUID(bytes=key) for key in {row[1] for row in rows}}
        return [StoredFact(position, ids[key], *others) for position, key, *others in rows]

    def columns(self, after: int, limit: int) -> Stored | None:
        """Return up to `limit` facts behind position `after` as columns, as the driver gives them; None when there are none.

        Four times as quick as `read`, for whoever goes through the whole log; nothing is looked at but by the database.
        """
        with self.database.reading() as connection:
            rows = log_after(connection, after, limit)
        return Stored(*zip(*rows, strict=True)) if rows else None

    def packed(self, after: int, last: int) -> Packed:
        """Return the facts at the positions behind `after` up to `last`, packed; twice as quick as `columns` on SQLite."""
        if not self._is_sqlite:
            return packed_of(self.columns(after, last - after), last)
        with self.database.reading() as connection:
            return packed_facts(connection, after, last)

    def first_positions(self, order_ids: Collection[UUID]) -> dict[UUID, int]:
        """Return the position of each of these orders' first fact; orders that are not there are left out."""
        found: dict[UUID, int] = {}
        with self.database.reading() as connection:
            for some in _slices(list(order_ids), IDS_A_STATEMENT):
                first = func.min(facts.c.position).label("first")
                begun = facts.c.version.in_(FIRST_VERSIONS)
                rows = connection.execute(
                    select(facts.c.order_id, first).where(facts.c.order_id.in_(some) & begun).group_by(facts.c.order_id)
                )
                found.update((row.order_id, row.first) for row in rows)
        return found

    # ── names and commands ──

    def find(self, number: str) -> UUID | None:
        """Return the id of the order with this number, or None."""
        return self.find_many([number]).get(number)

    def find_many(self, wanted: Collection[str]) -> dict[str, UUID]:
        """Return the ids of the orders with these numbers; numbers that are not there are left out."""
        found: dict[str, UUID] = {}
        with self.database.reading() as connection:
            rows = self._among(connection, "SELECT number, order_id FROM numbers WHERE number", wanted)
            found.update((number, self._id(key)) for number, key in rows)
        return found

    def count_orders(self) -> int:
        """Return how many orders have a number, which is all that were received."""
        with self.database.reading() as connection:
            return connection.execute(select(func.count()).select_from(numbers)).scalar_one()

    def carried_out(self, command_ids: Collection[str]) -> dict[str, CarriedOut]:
        """Return what was carried out under these command ids; ids never used are left out."""
        found: dict[str, CarriedOut] = {}
        with self.database.reading() as connection:
            query = f"SELECT {', '.join(CarriedOut._fields)} FROM commands WHERE command_id"
            for command_id, key, *others in self._among(connection, query, command_ids):
                found[command_id] = CarriedOut(command_id, self._id(key), *others)
        return found


def _check_versions(runs: Sequence[_Run], last: dict[UUID, int]) -> None:
    """Refuse versions that are not the next of their order; `last` holds the last ones of orders that go on.

    An order that begins here needs no looking up: the table refuses a first version that is there already.
    """
    for order_id, first, end in runs:
        before = last.get(order_id)
        if first != before + 1 if before is not None else first not in FIRST_VERSIONS:
            raise Overtaken(f"fact {first} of work order {order_id} does not follow fact {before or 0}, its last one")
        last[order_id] = end


def _runs(new: Sequence[NewFact]) -> list[_Run]:
    """Return the new facts as runs of one order's consecutive versions, in their order."""
    runs: list[_Run] = []
    order, first, last = None, 0, 0
    for order_id, version, _, _ in new:
        if order_id is order and version == last + 1:
            last = version
            continue
        if order is not None:
            runs.append(_Run(order, first, last))
        order, first, last = order_id, version, version
    return runs if order is None else [*runs, _Run(order, first, last)]


def _slices(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
