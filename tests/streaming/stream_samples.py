"""What the tests of the stream share: logs with something in them, and what a topic holds."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Protocol
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, select

from slaengine.policies.book import PolicyBook
from slaengine.storage.catch_up import build_for, found_for
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog, NewFact
from slaengine.storage.read_models import ReadModels
from slaengine.streaming.port import Kafka, Partition
from slaengine.streaming.read_model import view_name
from slaengine.streaming.streamed import StreamedFact, read
from slaengine.testing.generator import encoded, histories

NOON = datetime(2027, 1, 5, 12, tzinfo=UTC)


def new_topic() -> str:
    return f"facts-{uuid.uuid4()}"


@contextmanager
def opened(url: str = "memory:") -> Iterator[FactLog]:
    with closing(Database.open(url)) as database:
        yield FactLog(database, lambda: NOON)


def fill(log: FactLog, orders: int, *, seed: int = 1, batch: int = 500) -> int:
    """Append the facts of generated orders as they arrive, the orders interleaved; return how many there were."""
    return sum(fill_slowly(log, orders, seed=seed, batch=batch))


def fill_slowly(log: FactLog, orders: int, *, seed: int = 1, batch: int = 500, each: int | None = None) -> Iterator[int]:
    """As `fill`, a batch each time it is asked; yield how many each batch had. `each`: the first so many facts of an order."""
    facts = sorted(encoded(histories(orders, seed=seed)), key=lambda fact: fact.recorded_at)
    rest = (fact for fact in facts if each is None or fact.version <= each)
    while some := list(islice(rest, batch)):
        received = [fact for fact in some if fact.topic == "work_order.received.v1"]
        named = {f"{seed}-{from_json(fact.state)['number']}": fact.order_id for fact in received}
        log.append([NewFact(fact.order_id, fact.version, fact.topic, fact.state) for fact in some], named=named)
        yield len(some)


def held_by(kafka: Kafka, topic: str) -> list[StreamedFact]:
    """Return everything that a topic holds, partition by partition, in order."""
    return [read(record) for record in records_of(kafka, topic)]


def records_of(kafka: Kafka, topic: str) -> list[Any]:
    with closing(kafka.consumer()) as consumer:
        ends = consumer.ends([Partition(topic, number) for number in range(kafka.partitions(topic))])
        consumer.assign(dict.fromkeys(ends, 0))
        found: list[Any] = []
        end = time.monotonic() + 60
        while len(found) < sum(ends.values()):
            assert time.monotonic() < end, f"{len(found)} of {sum(ends.values())} records came"
            found += consumer.poll(0.2, 5_000)
        return found


def first_versions(facts: list[StreamedFact]) -> dict[UUID, list[int]]:
    """Return each order's versions in the order in which they first appear."""
    seen: dict[UUID, list[int]] = {}
    for fact in facts:
        if fact.version not in seen.setdefault(fact.order_id, []):
            seen[fact.order_id].append(fact.version)
    return seen


def assert_topic_is_the_log(kafka: Kafka, topic: str, log: FactLog) -> list[StreamedFact]:
    """Every fact of the log is in the topic, first appearances in order within each order; return what the topic holds."""
    found = held_by(kafka, topic)
    assert first_versions(found) == versions_of(log)
    return found


def until(so: Callable[[], object], timeout_s: float = 30) -> None:
    end = time.monotonic() + timeout_s
    while not so():
        assert time.monotonic() < end, "it never came so"
        time.sleep(0.02)


class Diary:
    """A view that writes down what it is given; `refuse` makes it fail for some facts."""

    def __init__(self, name: str = "diary") -> None:
        self.name = name
        self.refuse: Callable[[StreamedFact], bool] = lambda _: False
        self.table = Table(
            f"test_{name}",
            MetaData(),
            Column("n", Integer, primary_key=True),
            Column("order_id", String, nullable=False),
            Column("version", Integer, nullable=False),
            Column("type", String, nullable=False),
            Column("skipped", Integer, nullable=False),
        )

    def create(self, database: Database) -> Diary:
        with database.writing() as connection:
            self.table.create(connection, checkfirst=True)
        return self

    def handle(self, connection: Connection, facts: Sequence[StreamedFact]) -> None:
        for fact in facts:
            if self.refuse(fact):
                raise ValueError(f"secret of {fact.number}")
            row = {"order_id": str(fact.order_id), "version": fact.version, "type": fact.type, "skipped": not fact.usable}
            connection.execute(self.table.insert().values(row))

    def caught_up(self) -> None:
        pass

    def pages(self, database: Database) -> dict[UUID, list[int]]:
        """Return each order's versions in the order in which they were handled."""
        found: dict[UUID, list[int]] = {}
        with database.reading() as connection:
            for row in connection.execute(self.table.select().order_by(self.table.c.n)):
                found.setdefault(UUID(row.order_id), []).append(row.version)
        return found


def versions_of(log: FactLog) -> dict[UUID, list[int]]:
    found: dict[UUID, list[int]] = {}
    for fact in log.scan():
        found.setdefault(fact.order_id, []).append(fact.version)
    return found


class Runs(Protocol):
    def run(self, stop: threading.Event) -> None: ...


@contextmanager
def running(*services: Runs) -> Iterator[threading.Event]:
    stop = threading.Event()
    threads = [threading.Thread(target=service.run, args=(stop,)) for service in services]
    for thread in threads:
        thread.start()
    try:
        yield stop
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()


def view_of(database: Database, book: PolicyBook) -> str | None:
    """Return the name of the view that keeps the read models by this book; None while there is none."""
    build = found_for(ReadModels(database), book)
    return view_name(build) if build else None


def rows_of(database: Database, book: PolicyBook) -> dict[str, list[Any]]:
    """Return every row of the read models, under the order's id instead of the place, which depends on the order of arrival."""
    tables = build_for(ReadModels(database), book).tables
    found = {}
    with database.reading() as connection:
        names = {row.seq: row.order_id for row in connection.execute(select(tables.orders.c.seq, tables.orders.c.order_id))}
        for table in (tables.orders, tables.clocks, tables.held, tables.case_files):
            columns = [column for column in table.c if column.name != "seq"]
            read = connection.execute(select(table.c.seq, *columns))
            found[table.name.partition("_")[2]] = sorted(((names[seq], *rest) for seq, *rest in read), key=repr)
    return found
