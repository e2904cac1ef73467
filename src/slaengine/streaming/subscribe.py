"""`subscribe`: facts from the stream, one after the other, for any Python program.

for fact in subscribe("localhost:9092", group="invoicing"):
    print(fact.number, fact.fact)
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from slaengine.errors import UnreadableMessage, UsageError
from slaengine.streaming.connect import connect
from slaengine.streaming.limits import CONSUME_BATCH, POLL_S
from slaengine.streaming.port import Consumer, Kafka, Partition
from slaengine.streaming.streamed import StreamedFact, read
from slaengine.streaming.topics import FACTS

log = logging.getLogger(__name__)


def subscribe(  # noqa: PLR0913 (options with defaults, by name only)
    kafka: str | Kafka,
    *,
    group: str | None = None,
    after: Mapping[int, int] | None = None,
    topic: str = FACTS,
    stop: threading.Event | None = None,
    until_end: bool = False,
) -> Iterator[StreamedFact]:
    """Yield facts of the stream, in order within each work order, at least once.

    Args:
        kafka: a Kafka URL, or what `connect` returned for one.
        group: share the topic with the others of this group, and go on where it left off. A fact counts as done when the
            next one is asked for, so one that your program dies over comes again.
        after: without a group: the offset read last of each partition (`fact.partition` → `fact.offset`), to go on behind;
            partitions left out are read from the start.
        topic: the topic.
        stop: set it to end the iteration; it is noticed within half a second.
        until_end: end with what the topic held at the start, instead of waiting for more. Only without a group.

    Raises:
        UsageError: a group was given together with `after` or `until_end`.
        StreamingError: Kafka cannot be used.

    What is not of the contract is passed over with a warning. For an exactly-once view in a database use `Worker`.
    """
    if group is not None and (after is not None or until_end):
        raise UsageError("a group remembers where it is and shares the end: give either group, or after and until_end")
    cluster = connect(kafka) if isinstance(kafka, str) else kafka
    stop = stop or threading.Event()
    with closing(cluster.consumer(group)) as consumer:
        if group is not None:
            consumer.subscribe([topic])
            yield from _shared(consumer, stop)
        else:
            starts = {Partition(topic, number): 0 for number in range(cluster.partitions(topic))}
            starts |= {Partition(topic, number): offset + 1 for number, offset in (after or {}).items()}
            consumer.assign(starts)
            yield from _alone(consumer, starts, stop, consumer.ends(starts) if until_end else None)


def _shared(consumer: Consumer, stop: threading.Event) -> Iterator[StreamedFact]:
    while not stop.is_set():
        done: dict[Partition, int] = {}
        records = consumer.poll(POLL_S, CONSUME_BATCH)
        rebalances = consumer.rebalances
        try:
            for record in records:
                yield from _fact(record)
                done[Partition(record.topic, record.partition)] = record.offset + 1
        finally:
            if done and consumer.rebalances == rebalances:
                consumer.commit(done, wait=True)


def _alone(
    consumer: Consumer, starts: dict[Partition, int], stop: threading.Event, ends: Mapping[Partition, int] | None
) -> Iterator[StreamedFact]:
    at = dict(starts)
    while not stop.is_set() and (ends is None or any(at[partition] < end for partition, end in ends.items())):
        for record in consumer.poll(POLL_S, CONSUME_BATCH):
            partition = Partition(record.topic, record.partition)
            at[partition] = record.offset + 1
            if ends is None or record.offset < ends[partition]:
                yield from _fact(record)


def _fact(record: Any) -> Iterator[StreamedFact]:
    try:
        fact = read(record)
    except UnreadableMessage as error:
        log.warning("passed over: %s", error)
        return
    yield fact
