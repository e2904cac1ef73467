"""What a view remembers of its reading, in the database of the view: offsets, versions, and what is held back."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from uuid import UUID, uuid4

from sqlalchemy import Connection, and_, delete, insert, select, text, tuple_, update

from slaengine.errors import Overtaken
from slaengine.streaming.port import Headers, Partition, Record
from slaengine.streaming.tables import held, identities, offsets, passed_over, versions

T = TypeVar("T")

IDS_A_STATEMENT = 500
"""Ids in one `IN` list: every one is a parameter, and databases limit those."""


class HeldMessage(NamedTuple):
    """A message held back. `error` None: it only waits. `order_id` and `version` None: they cannot be told."""

    record: Record
    order_id: UUID | None
    version: int | None
    error: str | None
    held_at: int = 0
    announced: bool = False


class Ledger:
    """One view's book-keeping. Every method works in the caller's transaction."""

    def __init__(self, view: str) -> None:
        self.view = view

    def identity(self, connection: Connection) -> str:
        """Return the view's random name, made at the first asking."""
        query = select(identities.c.identity).where(identities.c.view == self.view)
        if connection.scalar(query) is None:  # another worker may be quicker: then the name is his
            connection.execute(_IDENTITY, {"view": self.view, "identity": uuid4().hex[:12]})
        return str(connection.scalar(query))

    def forget(self, connection: Connection) -> None:
        """Forget all of it: the view is gone."""
        for table in (offsets, versions, held, passed_over, identities):
            connection.execute(delete(table).where(table.c.view == self.view))

    # ── offsets ──

    def starts(self, connection: Connection, partitions: Iterable[Partition]) -> dict[Partition, int | None]:
        """Return the next offset of each partition; None where none was ever stored."""
        rows = connection.execute(select(offsets).where(offsets.c.view == self.view))
        known = {Partition(row.topic, row.partition): row.next_offset for row in rows}
        return {partition: known.get(partition) for partition in partitions}

    def move(self, connection: Connection, partition: Partition, before: int | None, after: int) -> None:
        """Store that the partition is read up to `after`, if it still stands at `before`.

        Raises:
            Overtaken: another worker has read on meanwhile; nothing of this transaction may stay.
        """
        topic, number = partition
        if before is None:
            row = {"view": self.view, "topic": topic, "partition": number, "next_offset": after}
            moved = connection.execute(_FIRST_OFFSET, row).rowcount
        else:
            here = and_(offsets.c.view == self.view, offsets.c.topic == topic, offsets.c.partition == number)
            moved = connection.execute(
                update(offsets).where(here, offsets.c.next_offset == before).values(next_offset=after)
            ).rowcount
        if moved != 1:
            raise Overtaken(f"another worker has read {topic}, partition {number} meanwhile; this one looks up where it stands")

    # ── versions ──

    def versions(self, connection: Connection, order_ids: Collection[UUID]) -> dict[UUID, int]:
        """Return the last version handled of each of these orders that the view knows."""
        found: dict[UUID, int] = {}
        if connection.dialect.name == "sqlite":
            for some in _slices(list(order_ids)):
                by_key = {order_id.bytes: order_id for order_id in some}
                query = f"{_VERSIONS} IN ({', '.join('?' * len(some))})"
                rows = connection.exec_driver_sql(query, (self.view, *by_key)).all()
                found.update([(by_key[key], version) for key, version in rows])
        elif order_ids:
            query = f"{_VERSIONS} = ANY(?)".replace("?", "%s")  # one parameter, however many they are
            found.update([(row[0], row[1]) for row in connection.exec_driver_sql(query, (self.view, list(order_ids)))])
        return found

    def set_versions(self, connection: Connection, handled: Mapping[UUID, int]) -> None:
        """Store the last versions handled."""
        if not handled:
            return
        if connection.dialect.name == "sqlite":
            rows = [(self.view, order_id.bytes, version) for order_id, version in handled.items()]
            connection.exec_driver_sql(f"{_NEW_VERSIONS} VALUES (?, ?, ?) {_OR_MOVED}", rows)
        else:
            all_at_once = f"{_NEW_VERSIONS} SELECT %s, * FROM unnest(%s::uuid[], %s::int[]) {_OR_MOVED}"
            connection.exec_driver_sql(all_at_once, (self.view, list(handled), list(handled.values())))

    # ── what is held back ──

    def orders_held(self, connection: Connection) -> dict[UUID, bool]:
        """Return the orders that have something held back, and whether one of it failed (True) or all of it waits."""
        here = and_(held.c.view == self.view, held.c.order_id.is_not(None))
        found: dict[UUID, bool] = {}
        for order_id, error in connection.execute(select(held.c.order_id, held.c.error).where(here)):
            found[order_id] = found.get(order_id, False) or error is not None
        return found

    def messages_held(self, connection: Connection, order_ids: Collection[UUID] | None = None) -> list[HeldMessage]:
        """Return what is held back, of these orders or of all (None), by order and version."""
        query = select(held).where(held.c.view == self.view).order_by(held.c.order_id, held.c.version, held.c.offset)
        if order_ids is not None:
            query = query.where(held.c.order_id.in_(list(order_ids)))
        return [_message(row) for row in connection.execute(query)]

    def hold(self, connection: Connection, messages: Sequence[HeldMessage]) -> None:
        """Keep messages back."""
        if messages:
            connection.execute(insert(held), [self._row(message) for message in messages])

    def let_go(self, connection: Connection, records: Sequence[Record]) -> None:
        """Forget messages that were held back."""
        places = [(record.topic, record.partition, record.offset) for record in records]
        for some in _slices(places):
            here = tuple_(held.c.topic, held.c.partition, held.c.offset).in_(some)
            connection.execute(delete(held).where(held.c.view == self.view, here))

    def set_announced(self, connection: Connection, records: Sequence[Record]) -> None:
        """Note that these stand in the dead-letter topic."""
        places = [(record.topic, record.partition, record.offset) for record in records]
        for some in _slices(places):
            here = tuple_(held.c.topic, held.c.partition, held.c.offset).in_(some)
            connection.execute(update(held).where(held.c.view == self.view, here).values(announced=True))

    def _row(self, message: HeldMessage) -> dict[str, Any]:
        record = message.record
        return {
            "view": self.view,
            "topic": record.topic,
            "partition": record.partition,
            "offset": record.offset,
            "order_id": message.order_id,
            "version": message.version,
            "key": record.key,
            "value": record.value,
            "headers": packed(record.headers),
            "error": message.error,
            "held_at": message.held_at,
            "announced": message.announced,
        }

    # ── what is passed over ──

    def count_passed_over(self, connection: Connection, types: Counter[str]) -> None:
        """Add to the counts of unknown types."""
        rows = [{"view": self.view, "type": name, "count": count} for name, count in types.items()]
        if rows:
            connection.execute(_PASSED_OVER, rows)


_FIRST_OFFSET = text(
    'INSERT INTO stream_offsets (view, topic, "partition", next_offset) VALUES (:view, :topic, :partition, :next_offset) '
    "ON CONFLICT DO NOTHING"
)
_IDENTITY = text("INSERT INTO stream_identities (view, identity) VALUES (:view, :identity) ON CONFLICT DO NOTHING")
# In the driver's own form: for every order of every batch SQLAlchemy's would cost more than the database does.
_VERSIONS = "SELECT order_id, version FROM stream_versions WHERE view = ? AND order_id"
_NEW_VERSIONS = "INSERT INTO stream_versions (view, order_id, version)"
_OR_MOVED = "ON CONFLICT (view, order_id) DO UPDATE SET version = excluded.version"
_PASSED_OVER = text(
    "INSERT INTO stream_passed_over (view, type, count) VALUES (:view, :type, :count) "
    "ON CONFLICT (view, type) DO UPDATE SET count = stream_passed_over.count + excluded.count"
)


def views(connection: Connection) -> list[str]:
    """Return the names of the views that have read something."""
    return list(connection.scalars(select(offsets.c.view).distinct()))


def _message(row: Any) -> HeldMessage:
    record = Record(row.topic, row.partition, row.offset, row.key, row.value, unpacked(row.headers), 0)
    return HeldMessage(record, row.order_id, row.version, row.error, row.held_at, row.announced)


def packed(headers: Headers) -> bytes:
    """Return headers as they are kept in a table."""
    return json.dumps([[name, b64encode(value or b"").decode()] for name, value in headers]).encode()


def unpacked(headers: bytes) -> Headers:
    """Return the headers that `packed` kept."""
    return [(name, b64decode(value)) for name, value in json.loads(headers)]


def _slices(items: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(items), IDS_A_STATEMENT):
        yield items[start : start + IDS_A_STATEMENT]
