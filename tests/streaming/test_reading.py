"""Reading many at once gives what reading each alone does: records by kafka-python's own reader, facts one by one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.errors import CorruptRecordError
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from kafka.record.memory_records import MemoryRecords
from kafka.structs import TopicPartition
from stream_samples import fill, opened

from slaengine.errors import UnreadableMessage
from slaengine.storage.fact_rows import log_after
from slaengine.streaming.addresses import Addresses
from slaengine.streaming.envelope import Envelope
from slaengine.streaming.kafka_records import QuickRecords, records_of
from slaengine.streaming.port import Record
from slaengine.streaming.streamed import StreamedFact, read, read_many

PARTITION = TopicPartition("facts", 3)
TEXTS = st.one_of(st.none(), st.binary(max_size=300))
HEADERS = st.lists(st.tuples(st.text(max_size=70), TEXTS), max_size=4)
SENT = st.lists(st.tuples(st.integers(0, 2**41), TEXTS, TEXTS, HEADERS), min_size=1, max_size=20)


def batch_of(sent: list[Any], *, compression: int = 0, transactional: bool = False) -> bytes:
    builder = DefaultRecordBatchBuilder(2, compression, transactional, 7, 0, 0, 1 << 24)
    for offset, (timestamp, key, value, headers) in enumerate(sent):
        assert builder.append(offset, timestamp, key, value, headers) is not None
    return bytes(builder.build())


def by_the_client(batch: bytes) -> list[Record]:
    return [Record(*PARTITION, r.offset, r.key, r.value, r.headers, r.timestamp) for r in DefaultRecordBatch(batch)]


@given(SENT, st.sampled_from([0, 1]))
def test_records_are_those_that_the_client_would_read(sent: list[Any], compression: int) -> None:
    batch = batch_of(sent, compression=compression)
    assert records_of(PARTITION, DefaultRecordBatch(batch)) == by_the_client(batch)


@given(st.lists(SENT, min_size=1, max_size=3), st.integers(1, 7), st.booleans())
def test_taken_bit_by_bit_they_come_once_and_the_client_knows_where_to_go_on(
    batches: list[list[Any]], size: int, transactional: bool
) -> None:
    content = b"".join(batch_of(sent, transactional=transactional) for sent in batches)
    drained: list[object] = []
    part = QuickRecords(0, PARTITION, MemoryRecords(content), on_drain=drained.append)
    found: list[Record] = []
    while part:
        some = part.take(size)
        found += some
        if part:
            assert part.next_fetch_offset == some[-1].offset + 1
    assert found == [record for sent in batches for record in by_the_client(batch_of(sent))]
    assert drained == [part]
    assert (part.records_read, part.next_fetch_offset) == (len(found), len(batches[-1]))


def test_records_before_the_offset_asked_for_are_left_out() -> None:
    sent = [(0, b"k", b"%d" % number, []) for number in range(5)]
    part = QuickRecords(3, PARTITION, MemoryRecords(batch_of(sent)))
    assert [record.value for record in part.take()] == [b"3", b"4"]


def test_what_is_damaged_is_not_read() -> None:
    batch = bytearray(batch_of([(0, b"key", b"value", [])]))
    batch[-5] ^= 1
    with pytest.raises(CorruptRecordError, match="checksum"):
        QuickRecords(0, PARTITION, MemoryRecords(bytes(batch))).take()
    batch[61] += 2  # the first record's length
    with pytest.raises(CorruptRecordError, match="no known shape"):
        records_of(PARTITION, DefaultRecordBatch(bytes(batch)))


def records() -> list[Record]:
    with opened() as log:
        fill(log, 30)
        addresses = Addresses(log.database, 6)
        with log.database.reading() as connection:
            facts = log_after(connection, 0, 10_000)
        messages = Envelope("urn:test", "facts").messages(facts, addresses.of(fact[1] for fact in facts))
    return [
        Record(topic, partition or 0, offset, key, value, headers, 0)
        for offset, (topic, key, value, headers, partition) in enumerate(messages)
    ]


RECORDS = records()
SPOILS: dict[str, Any] = {
    "no version": lambda r: r._replace(headers=[pair for pair in r.headers if pair[0] != "ce_version"]),
    "no hash": lambda r: r._replace(headers=[pair for pair in r.headers if pair[0] != "ce_hash"]),
    "a null header": lambda r: r._replace(headers=[(name, None if name == "ce_source" else value) for name, value in r.headers]),
    "a null version": lambda r: r._replace(headers=[(name, None if name == "ce_version" else v) for name, v in r.headers]),
    "another specification": lambda r: r._replace(headers=[*r.headers, ("ce_specversion", b"2.0")]),
    "version 0": lambda r: r._replace(headers=[*r.headers, ("ce_version", b"0")]),
    "no key": lambda r: r._replace(key=None),
    "a foreign key": lambda r: r._replace(key=b"\xff"),
    "no body": lambda r: r._replace(value=None),
    "no object": lambda r: r._replace(value=b"[]"),
    "an unknown type": lambda r: r._replace(headers=[*r.headers, ("ce_type", b"slaengine.work_order.teleported.v1")]),
}


def one_by_one(some: list[Record]) -> tuple[list[StreamedFact], list[tuple[Record, str]]]:
    facts, unreadable = [], []
    for record in some:
        try:
            facts.append(read(record))
        except UnreadableMessage as error:
            unreadable.append((record, str(error)))
    return facts, unreadable


@given(st.dictionaries(st.integers(0, len(RECORDS) - 1), st.sampled_from(sorted(SPOILS)), max_size=3))
def test_facts_are_those_that_are_read_one_by_one_whatever_is_among_them(spoilt: dict[int, str]) -> None:
    some = [SPOILS[spoilt[n]](record) if n in spoilt else record for n, record in enumerate(RECORDS)]
    facts, unreadable = read_many(some)
    assert (facts, [(record, str(error)) for record, error in unreadable]) == one_by_one(some)
    assert len(facts) + len(unreadable) == len(some)
