"""The watch: deadlines and facts become verdicts, each said once, to Kafka or to whoever listens."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, bindparam, insert, or_, select, text, update

from slaengine.errors import ConcurrencyError, DeliveryFailed, StorageError, StreamingError
from slaengine.policies.book import PolicyBook
from slaengine.policies.clock import judge
from slaengine.projections.promises import fingerprint
from slaengine.storage.catch_up import build_for, catch_up
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog
from slaengine.storage.read_models import ReadModels, case_files
from slaengine.storage.schema import OrderId
from slaengine.streaming import tables
from slaengine.streaming.backoff import Backoff
from slaengine.streaming.ledger import packed, unpacked
from slaengine.streaming.limits import DELIVERY_TIMEOUT_S, WATCH_BATCH, WATCH_EVERY_S
from slaengine.streaming.port import Kafka, Message
from slaengine.streaming.topics import VERDICTS, ensure
from slaengine.streaming.verdicts import Verdict, verdicts_of

log = logging.getLogger(__name__)
Deliver = Callable[[list[Message]], None]


@dataclass
class Watch:
    """Says the verdicts of one policy over one store, and hands them to `deliver`, in order within each order.

    What is said is stored before it is handed over, under an id that depends on nothing but what it says: a second run, a
    second watch or a rebuild of the read models says nothing anew. `now` returns the present instant, µs UTC.
    """

    facts: FactLog
    book: PolicyBook
    deliver: Deliver
    now: Callable[[], int]

    def __post_init__(self) -> None:
        tables.create(self.database)
        self._models = ReadModels(self.database)
        self._view = f"verdicts.{self.book.name}.{fingerprint(self.book)[:8]}"

    @property
    def database(self) -> Database:
        """The store."""
        return self.facts.database

    def run(self, stop: threading.Event) -> None:
        """Watch until `stop` is set; troubles of Kafka or the store are waited out."""
        backoff = Backoff(stop)
        while not stop.is_set():
            try:
                self.run_once()
            except (StreamingError, StorageError, ConcurrencyError) as error:
                log.warning("the watch waits: %s", error)
                backoff.wait()
            else:
                backoff.reset()
                stop.wait(WATCH_EVERY_S)

    def run_once(self) -> int:
        """Say all that is to be said now, hand over what is not handed over yet, and return how much that was."""
        catch_up(self.facts, self._models, self.book)
        while self._say(self.now()):
            pass
        count = 0
        while some := self._hand_over():
            count += some
        return count

    def _say(self, now: int) -> int:
        """Judge some of the orders that changed or whose time has come; return how many there were."""
        with self.database.writing() as connection:
            pending = self._pending(connection, now)
            build = build_for(self._models, self.book)
            files = case_files(connection, build.tables, [row.order_id for row in pending])
            said: list[Verdict] = []
            seen = []
            for row in pending:
                file = files[row.order_id][1]
                clocks = judge(self.book, file.moments, as_of=now)
                verdicts, next_at = verdicts_of(self.book, row.order_id, row.number, clocks, now)
                said += verdicts
                seen.append({"view": self._view, "order_id": row.order_id, "version": row.version, "next_at": next_at})
            self._note(connection, said, now)
            if seen:
                connection.execute(_WATCHED, seen)
        return len(pending)

    def _pending(self, connection: Connection, now: int) -> Sequence[Any]:
        orders, watched = build_for(self._models, self.book).tables.orders, tables.watched
        mine = and_(watched.c.order_id == orders.c.order_id, watched.c.view == self._view)
        due = or_(watched.c.version.is_(None), watched.c.version != orders.c.version, watched.c.next_at <= now)
        query = select(orders.c.order_id, orders.c.number, orders.c.version)
        return connection.execute(query.outerjoin_from(orders, watched, mine).where(due).limit(WATCH_BATCH)).all()

    def _note(self, connection: Connection, said: Sequence[Verdict], now: int) -> None:
        ids = [verdict.id for verdict in said]
        known: set[str] = set()
        for start in range(0, len(ids), WATCH_BATCH):
            here = tables.verdicts.c.id.in_(ids[start : start + WATCH_BATCH])
            known.update(connection.scalars(select(tables.verdicts.c.id).where(here)))
        rows = []
        for verdict in said:
            if verdict.id not in known:
                message = verdict.message(now)
                row = {"key": message.key, "headers": packed(message.headers), "body": message.value}
                rows.append({"id": verdict.id, **row, "sent": False})
        if rows:
            connection.execute(insert(tables.verdicts), rows)

    def _hand_over(self) -> int:
        kept = tables.verdicts
        with self.database.reading() as connection:
            rows = connection.execute(select(kept).where(kept.c.sent.is_(False)).order_by(kept.c.n).limit(WATCH_BATCH)).all()
        if rows:
            self.deliver([Message(VERDICTS, row.key, row.body, unpacked(row.headers)) for row in rows])
            with self.database.writing() as connection:
                connection.execute(update(kept).where(kept.c.n.in_([row.n for row in rows])).values(sent=True))
        return len(rows)


def to_kafka(kafka: Kafka) -> Deliver:
    """Return what hands verdicts over to Kafka and returns when they are acknowledged."""

    def deliver(messages: list[Message]) -> None:
        ensure(kafka, VERDICTS)
        with closing(kafka.producer()) as producer:
            if not producer.send(messages).wait(DELIVERY_TIMEOUT_S):
                raise DeliveryFailed(f"Kafka did not acknowledge verdicts within {DELIVERY_TIMEOUT_S:.0f} s")

    return deliver


_WATCHED = text(
    "INSERT INTO stream_watched (view, order_id, version, next_at) VALUES (:view, :order_id, :version, :next_at) "
    "ON CONFLICT (view, order_id) DO UPDATE SET version = excluded.version, next_at = excluded.next_at"
).bindparams(bindparam("order_id", type_=OrderId))
