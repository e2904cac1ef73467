"""Where publishing must go on when the publisher's own record is lost: told from the topic itself."""

from __future__ import annotations

from contextlib import closing

from slaengine.errors import StreamingError, UnreadableMessage
from slaengine.storage.log import FactLog
from slaengine.streaming.envelope import key_of
from slaengine.streaming.limits import BLOCK_TIMEOUT_MS, CONSUME_BATCH
from slaengine.streaming.partition import partition_of
from slaengine.streaming.port import Consumer, Kafka, Partition
from slaengine.streaming.streamed import read

TAIL = 100
"""Records looked at first at the end of each partition; ten times as many when none of them is ours."""

POLL_S = 0.5


def resume_position(kafka: Kafka, log: FactLog, topic: str, source: str) -> int:
    """Return the last position such that the topic holds every fact up to it; 0 when it holds none of this source.

    Publishers write each partition in the order of the log without leaving any out, so a fact is in the topic exactly when
    it does not stand behind the last one of its partition. The first fact of the log that does is the one to go on with.

    Raises:
        StreamingError: the topic cannot be read to its end.
    """
    partitions = kafka.partitions(topic)
    with closing(kafka.consumer()) as consumer:
        last = [_last_position(consumer, Partition(topic, number), source) for number in range(partitions)]
    position = min(last, default=0)
    for fact in log.scan(position):
        if fact.position > last[partition_of(key_of(fact.order_id), partitions)]:
            return fact.position - 1
        position = fact.position
    return position


def _last_position(consumer: Consumer, partition: Partition, source: str) -> int:
    first, end = consumer.begins([partition])[partition], consumer.ends([partition])[partition]
    length = TAIL
    while first < end:
        start = max(first, end - length)
        found = _positions(consumer, partition, start, end, source)
        if found or start == first:
            return max(found, default=0)
        length *= 10
    return 0


def _positions(consumer: Consumer, partition: Partition, start: int, end: int, source: str) -> list[int]:
    consumer.assign({partition: start})
    found, at, patience = [], start, BLOCK_TIMEOUT_MS / 1000
    while at < end:
        records = consumer.poll(POLL_S, CONSUME_BATCH)
        patience = patience - POLL_S if not records else BLOCK_TIMEOUT_MS / 1000
        if patience <= 0:
            raise StreamingError(
                f"{partition.topic}, partition {partition.number} cannot be read to its end: stuck at offset {at}"
            )
        for record in records:
            at = record.offset + 1
            try:
                streamed = read(record)
            except UnreadableMessage:
                continue
            if streamed.source == source:
                found.append(streamed.position)
    return found
