"""Messages put into kafka-python's batches by ours are those that the client would have put there."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.producer.future import FutureProduceResult
from kafka.record.memory_records import MemoryRecords, MemoryRecordsBuilder
from kafka.structs import TopicPartition

from slaengine.errors import DeliveryFailed
from slaengine.streaming.kafka_sending import QuickDelivery, Sent, put, record_of
from slaengine.streaming.port import Message

TEXTS = st.one_of(st.none(), st.binary(max_size=300))
HEADERS = st.lists(st.tuples(st.text(max_size=70), TEXTS), max_size=4)
SENT = st.lists(st.tuples(st.integers(0, 2**41), TEXTS, TEXTS, HEADERS), min_size=1, max_size=20)
PARTITION = TopicPartition("facts", 3)


@given(SENT, st.sampled_from([0, 1]), st.integers(200, 3_000))
def test_what_is_written_is_what_the_client_writes(sent: list[Any], compression: int, room: int) -> None:
    ours, theirs = (MemoryRecordsBuilder(2, compression, room) for _ in range(2))
    for timestamp, key, value, headers in sent:
        message = Message("facts", key, value, headers, 3)
        found = put(ours, timestamp, record_of(ours, timestamp, message))
        assert found == (theirs.append(timestamp, key, value, headers) is not None)
        assert (ours.next_offset(), ours.size_in_bytes(), ours.is_full()) == (
            theirs.next_offset(),
            theirs.size_in_bytes(),
            theirs.is_full(),
        )
    for records in (ours, theirs):
        records.set_producer_state(7, 1, 42, False)
        records.close()
    assert bytes(ours.buffer()) == bytes(theirs.buffer())
    assert [record.value for batch in MemoryRecords(ours.buffer()) for record in batch]


def test_messages_of_a_batch_that_was_split_are_waited_for_in_both_halves() -> None:
    whole, first, second = (FutureProduceResult(PARTITION) for _ in range(3))
    sent = [Sent(whole), Sent(whole)]
    delivery = QuickDelivery(sent)
    assert not delivery.wait(0)
    sent[0].rebind(first, 0)
    sent[1].rebind(second, 0)
    first.success((0, -1, None))
    assert not delivery.wait(0)
    second.success((1, -1, None))
    assert delivery.wait(0)


@pytest.mark.parametrize("by_record", [True, False])
def test_a_refusal_is_told(*, by_record: bool) -> None:
    refused = FutureProduceResult(PARTITION)
    if by_record:
        refused.success((-1, -1, lambda _: ValueError("too large")))
    else:
        refused.failure(ValueError("too large"))
    with pytest.raises(DeliveryFailed, match="too large"):
        QuickDelivery([Sent(refused)]).wait(0)
