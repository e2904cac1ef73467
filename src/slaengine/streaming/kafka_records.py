"""Records out of what a broker answers to kafka-python: the client's own reading took a third of a worker's time.

The client hands its answers to a `PartitionRecords`, which yields records one by one; this one yields ours, read in one pass
without a function call a number. It takes plain batches of today's format. Older formats, transactions and whatever else a
broker may answer are left to the client.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from kafka.consumer.fetcher import Fetcher
from kafka.errors import CorruptRecordError
from kafka.structs import TopicPartition

from slaengine.streaming.port import Record

MAGIC = 2
"""The format of batches since Kafka 0.11."""
NULL = 1
"""The length -1, which stands for null, as a varint: zigzag."""
NAMES_MAX = 1_000
"""Names of headers remembered; a topic has a dozen."""

_RECORD = partial(tuple.__new__, Record)


class _Names(dict[bytes, str]):
    """Names of headers, decoded once."""

    def __missing__(self, raw: bytes) -> str:
        if len(self) >= NAMES_MAX:
            self.clear()
        name = self[raw] = raw.decode()
        return name


_NAMES = _Names()


class QuickRecords(Fetcher.PartitionRecords):
    """Yields a partition's records as `Record`, and keeps count for the client as its own would."""

    def _unpack_records(self, partition: TopicPartition, records: Any, *deserializers: Any) -> Iterator[Any]:
        batches = list(iter(records.next_batch, None))
        if any(batch.magic != MAGIC or batch.is_transactional or batch.is_control_batch for batch in batches):
            for record in super()._unpack_records(  # type: ignore[misc]  # the client's types leave it out
                partition, _Batches(batches), *deserializers
            ):
                yield _RECORD((*partition, record.offset, record.key, record.value, record.headers, record.timestamp))
            return
        for batch in batches:
            if self.check_crcs and not batch.validate_crc():
                raise CorruptRecordError(f"the batch of {partition} at offset {batch.base_offset} fails its checksum")
            self.leader_epoch = batch.leader_epoch
            for record in records_of(partition, batch):
                self.next_fetch_offset = record[2] + 1
                yield record
            self.records_read += batch.records_count
            self.bytes_read += batch.size_in_bytes
        if batches:  # compaction may have removed the last records of a batch, and their offsets with them
            self.next_fetch_offset = batches[-1].next_offset
        self.drain()


class _Batches:
    """Batches that were looked at, as the client's own reader asks for them."""

    def __init__(self, batches: list[Any]) -> None:
        self._rest = iter(batches)

    def next_batch(self) -> Any:
        return next(self._rest, None)


def records_of(partition: TopicPartition, batch: Any) -> list[Record]:
    """Return the records of a batch of the client's, which is one of `MAGIC`.

    Raises:
        CorruptRecordError: it is not what it says it is.
    """
    iter(batch)  # this decompresses it
    log_append_time = batch.timestamp_type == batch.LOG_APPEND_TIME
    first, same = (batch.max_timestamp, True) if log_append_time else (batch.first_timestamp, False)
    try:
        return _parsed(bytes(batch._buffer), batch._pos, batch.records_count, (*partition, batch.base_offset, first, same))  # noqa: SLF001
    except (ValueError, IndexError) as error:
        raise CorruptRecordError(f"a record of {partition} behind offset {batch.base_offset} is of no known shape") from error


def _parsed(data: bytes, at: int, count: int, known: tuple[str, int, int, int, bool]) -> list[Record]:  # noqa: C901, PLR0912
    """Return `count` records that stand in `data` from `at`.

    One loop without a call: `n` is each time a number as it stands there, twice what it says; most of them are one byte long.
    """
    topic, number, base_offset, first, same = known
    found: list[Record] = []
    for _ in range(count):
        n, at = data[at], at + 1
        if n > 127:
            n, at = _longer(data, at, n)
        end = at + (n >> 1)
        n, at = data[at + 1], at + 2  # behind a byte of attributes, which has none
        if n > 127:
            n, at = _longer(data, at, n)
        timestamp = first if same else first + (n >> 1 ^ -(n & 1))
        n, at = data[at], at + 1
        if n > 127:
            n, at = _longer(data, at, n)
        offset = base_offset + (n >> 1)
        n, at = data[at], at + 1
        if n > 127:
            n, at = _longer(data, at, n)
        key = None
        if n != NULL:
            key, at = data[at : at + (n >> 1)], at + (n >> 1)
        n, at = data[at], at + 1
        if n > 127:
            n, at = _longer(data, at, n)
        value = None
        if n != NULL:
            value, at = data[at : at + (n >> 1)], at + (n >> 1)
        n, at = data[at], at + 1
        if n > 127:
            n, at = _longer(data, at, n)
        headers: list[Any] = []
        for _ in range(n >> 1):
            n, at = data[at], at + 1
            if n > 127:
                n, at = _longer(data, at, n)
            begin, at = at, at + (n >> 1)
            name = _NAMES[data[begin:at]]
            n, at = data[at], at + 1
            if n > 127:
                n, at = _longer(data, at, n)
            if n == NULL:
                headers.append((name, None))
            else:
                begin, at = at, at + (n >> 1)
                headers.append((name, data[begin:at]))
        if at != end:
            raise ValueError
        found.append(_RECORD((topic, number, offset, key, value, headers, timestamp)))
    if at != len(data):
        raise ValueError
    return found


def _longer(data: bytes, at: int, n: int) -> tuple[int, int]:
    """Return a number that begins with the byte `n` and goes on at `at`, as it stands there, and where it ends."""
    n, shift = n & 127, 7
    while data[at] > 127:
        n, at, shift = n | (data[at] & 127) << shift, at + 1, shift + 7
        if shift > 63:
            raise ValueError
    return n | data[at] << shift, at + 1
