"""What the tests of the stream share: logs with something in them, and what a topic holds."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from uuid import UUID

from pydantic_core import from_json

from slaengine.storage.database import Database
from slaengine.storage.log import FactLog, NewFact
from slaengine.streaming.envelope import StreamedFact, read
from slaengine.streaming.port import Kafka, Partition
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
    facts = sorted(encoded(histories(orders, seed=seed)), key=lambda fact: fact.recorded_at)
    rest = iter(facts)
    while some := list(islice(rest, batch)):
        received = [fact for fact in some if fact.topic == "work_order.received.v1"]
        named = {f"{seed}-{from_json(fact.state)['number']}": fact.order_id for fact in received}
        log.append([NewFact(fact.order_id, fact.version, fact.topic, fact.state) for fact in some], named=named)
    return len(facts)


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
    expected: dict[UUID, list[int]] = {}
    for fact in log.scan():
        expected.setdefault(fact.order_id, []).append(fact.version)
    assert first_versions(found) == expected
    return found


def until(so: Callable[[], object], timeout_s: float = 30) -> None:
    end = time.monotonic() + timeout_s
    while not so():
        assert time.monotonic() < end, "it never came so"
        time.sleep(0.02)
