"""Messages into kafka-python's batches: the client's own way there takes four fifths of the time of sending.

For each message the client looks at every header three times, asks for settings, and makes an object that waits for the answer.
This writes many messages of a partition into its batch at once, each in one piece; what happens to a batch from then on
(compression, sequence numbers, sending, trying again, splitting) is the client's. It goes by the client's inside, whose version
is pinned below the next major; a law compares what it writes with what the client writes.
"""

# ruff: noqa: SLF001 - see above

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Any

from kafka import KafkaProducer
from kafka.producer.producer_batch import ProducerBatch
from kafka.record.memory_records import MemoryRecordsBuilder
from kafka.structs import TopicPartition

from slaengine.errors import DeliveryFailed
from slaengine.streaming.port import Message

KEPT_MAX = 50_000
"""Numbers and names remembered in their written form; lengths and offsets within a batch are far fewer."""


LOOK_AGAIN_S = 0.5
"""How often to look whether a batch that is waited for was split: its messages are in others then."""


class Sent:
    """One message on its way: `future` is that of the batch it is in. The client asks for `rebind` when it splits a batch."""

    __slots__ = ("future",)

    def __init__(self, future: Any) -> None:
        self.future = future

    def rebind(self, future: Any, _: int) -> None:
        """Note that the message is in another batch now."""
        self.future = future


class QuickSending:
    """Puts messages into the batches of a producer. What is sent has a partition."""

    def __init__(self, producer: KafkaProducer) -> None:
        self._producer: Any = producer

    def send(self, messages: Sequence[Message]) -> QuickDelivery:
        """Hand messages to the client, in this order within each partition.

        Raises:
            KafkaError: as the client's own `send`.
        """
        by_partition: dict[tuple[str, Any], list[Message]] = {}
        for message in messages:
            by_partition.setdefault((message.topic, message.partition), []).append(message)
        for topic in {topic for topic, _ in by_partition}:
            if self._producer._metadata.partitions_for_topic(topic) is None:
                self._producer._wait_on_metadata(topic, self._producer.config["max_block_ms"])
        sent: list[Sent] = []
        for (topic, partition), some in by_partition.items():
            self._append(TopicPartition(topic, partition), some, sent)
        self._producer._sender.wakeup()
        return QuickDelivery(sent)

    def _append(self, partition: TopicPartition, messages: Iterable[Message], sent: list[Sent]) -> None:
        """Write messages into the partition's last batch, and into new ones behind it, as the client's accumulator does."""
        accumulator, now = self._producer._accumulator, time.monotonic()
        accumulator._appends_in_progress.increment()
        try:
            with accumulator._tp_lock(partition):
                batches = accumulator._batches[partition]
                batch = batches[-1] if batches else None
                for message in messages:
                    while batch is None or not self._put(batch, message, now):
                        batch = self._new_batch(accumulator, partition, now)
                        batches.append(batch)
                    one = Sent(batch.produce_future)
                    batch._record_futures.append(one)
                    sent.append(one)
        finally:
            accumulator._appends_in_progress.decrement()

    def _new_batch(self, accumulator: Any, partition: TopicPartition, now: float) -> Any:
        config = accumulator.config
        records = MemoryRecordsBuilder(config["message_version"], config["compression_attrs"], config["batch_size"])
        batch = ProducerBatch(partition, records, now=now)
        accumulator._incomplete.add(batch)
        return batch

    def _put(self, batch: Any, message: Message, now: float) -> bool:
        """Write one message into a batch; False when it has no room, or is closed."""
        if batch.records._closed:
            return False
        timestamp = int(time.time() * 1000)
        record = record_of(batch.records, timestamp, message)
        self._producer._ensure_valid_record_size(len(record))
        if not put(batch.records, timestamp, record):
            return False
        batch.max_record_size = max(batch.max_record_size, len(record))
        batch.last_append = now
        return True


class QuickDelivery:
    """Messages on their way."""

    def __init__(self, sent: Sequence[Sent]) -> None:
        self._sent = sent

    def wait(self, timeout_s: float) -> bool:
        """Return True when every batch of theirs is acknowledged, False when time is up.

        Raises:
            DeliveryFailed: one was refused.
        """
        end = time.monotonic() + timeout_s
        for one in self._sent:
            while not one.future.is_done:
                left = end - time.monotonic()
                if left <= 0:
                    return False
                one.future.wait(min(left, LOOK_AGAIN_S))
        for future in {one.future for one in self._sent}:
            error = future.exception or (future.value[2] and future.value[2](0))
            if error:
                raise DeliveryFailed(f"Kafka refused a message: {error}")
        return True


class _Varints(dict[int, bytes]):
    """Whole numbers as zigzag varints."""

    def __missing__(self, number: int) -> bytes:
        if len(self) >= KEPT_MAX:
            self.clear()
        rest = number << 1 if number >= 0 else (-number << 1) - 1
        out = bytearray()
        while rest > 0x7F:
            out.append(0x80 | rest & 0x7F)
            rest >>= 7
        out.append(rest)
        made = self[number] = bytes(out)
        return made


class _Names(dict[str, bytes]):
    """Names of headers with their lengths before them."""

    def __missing__(self, name: str) -> bytes:
        if len(self) >= KEPT_MAX:
            self.clear()
        raw = name.encode()
        made = self[name] = _VARINT[len(raw)] + raw
        return made


_VARINT, _NAME = _Varints(), _Names()
NULL = _VARINT[-1]


def record_of(records: Any, timestamp: int, message: Message) -> bytes:
    """Return a message (`timestamp`: ms since the epoch) as the next record of these, in the client's own writing."""
    varint, key, value = _VARINT, message.key, message.value
    first = records._builder._first_timestamp
    parts = [
        b"\0",  # attributes
        varint[0 if first is None else timestamp - first],
        varint[records._next_offset],
        *((NULL,) if key is None else (varint[len(key)], key)),
        *((NULL,) if value is None else (varint[len(value)], value)),
        varint[len(message.headers)],
    ]
    for name, said in message.headers:
        parts += (_NAME[name], NULL) if said is None else (_NAME[name], varint[len(said)], said)
    body = b"".join(parts)
    return varint[len(body)] + body


def put(records: Any, timestamp: int, record: bytes) -> bool:
    """Write a record behind these, which are not closed; False, and nothing is written, when there is no room."""
    builder = records._builder
    if builder._first_timestamp is None:
        builder._first_timestamp = builder._max_timestamp = timestamp
    elif len(record) + len(builder._buffer) > builder._batch_size:
        return False
    builder._max_timestamp = max(builder._max_timestamp, timestamp)
    builder._num_records += 1
    builder._last_offset = records._next_offset
    builder._buffer += record
    records._next_offset += 1
    return True
