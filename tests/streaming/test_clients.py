"""One suite for every client behind the port."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner import murmur2 as reference_murmur2

from slaengine.errors import DeliveryFailed, StreamingError
from slaengine.streaming.connect import connect
from slaengine.streaming.partition import murmur2, partition_of, partitions_of
from slaengine.streaming.port import Consumer, Kafka, Message, Partition, Record, TopicSpec
from slaengine.testing.kafka import RunningKafka

CLIENTS = [
    pytest.param("memory:{}", id="memory"),
    pytest.param("kafka://{}", id="kafka-python", marks=pytest.mark.kafka),
    pytest.param("kafka+confluent://{}", id="confluent", marks=pytest.mark.kafka),
]


@pytest.fixture(params=CLIENTS)
def url(request: pytest.FixtureRequest) -> str:
    pattern: str = request.param
    if pattern.startswith("memory"):
        return pattern.format(uuid.uuid4())
    if "confluent" in pattern:
        pytest.importorskip("confluent_kafka")
    broker: RunningKafka = request.getfixturevalue("kafka")
    return pattern.format(broker.bootstrap)


@pytest.fixture
def cluster(url: str) -> Kafka:
    return connect(url)


@pytest.fixture
def topic(cluster: Kafka) -> str:
    name = f"t-{uuid.uuid4()}"
    cluster.ensure_topics([TopicSpec(name, 3, 1, {"retention.ms": "-1"})])
    return name


def messages(topic: str, count: int) -> list[Message]:
    return [
        Message(topic, f"order-{n % 7}".encode(), b"body %d" % n, [("ce_id", b"%d" % n), ("empty", b"")]) for n in range(count)
    ]


def send(cluster: Kafka, some: list[Message]) -> None:
    with closing(cluster.producer()) as producer:
        assert producer.send(some).wait(20)


def read(consumer: Consumer, count: int) -> list[Record]:
    found: list[Record] = []
    for _ in range(200):
        found += consumer.poll(0.1, 100)
        if len(found) >= count:
            return found
    raise AssertionError(f"only {len(found)} of {count} records came")


def from_start(cluster: Kafka, topic: str) -> Consumer:
    consumer = cluster.consumer()
    consumer.assign({Partition(topic, n): 0 for n in range(cluster.partitions(topic))})
    return consumer


def test_keys_bodies_and_headers_come_back_in_order_within_each_key(cluster: Kafka, topic: str) -> None:
    send(cluster, messages(topic, 200))
    with closing(from_start(cluster, topic)) as consumer:
        found = read(consumer, 200)
    by_key: dict[bytes | None, list[int]] = {}
    for record in found:
        by_key.setdefault(record.key, []).append(int(dict(record.headers)["ce_id"]))
        assert dict(record.headers)["empty"] == b""
        assert record.value == b"body %d" % int(dict(record.headers)["ce_id"])
    assert by_key == {f"order-{k}".encode(): list(range(k, 200, 7)) for k in range(7)}


def test_every_client_chooses_the_partition_that_we_compute(cluster: Kafka, topic: str) -> None:
    send(cluster, messages(topic, 50))
    with closing(from_start(cluster, topic)) as consumer:
        assert all(record.partition == partition_of(record.key or b"", 3) for record in read(consumer, 50))


def test_a_message_without_a_body_is_a_tombstone(cluster: Kafka, topic: str) -> None:
    send(cluster, [Message(topic, b"k", None, [])])
    with closing(from_start(cluster, topic)) as consumer:
        assert [(r.key, r.value, list(r.headers)) for r in read(consumer, 1)] == [(b"k", None, [])]


def test_reading_goes_on_where_it_is_told(cluster: Kafka, topic: str) -> None:
    send(cluster, [Message(topic, b"k", b"%d" % n, [], 1) for n in range(10)])
    partition = Partition(topic, 1)
    with closing(cluster.consumer()) as consumer:
        consumer.assign({partition: 7})
        assert [r.value for r in read(consumer, 3)] == [b"7", b"8", b"9"]
        consumer.seek(partition, 2)
        assert [r.value for r in read(consumer, 8)][:2] == [b"2", b"3"]
        assert consumer.ends([partition]) == {partition: 10}
        assert consumer.begins([partition]) == {partition: 0}
        assert consumer.assignment() == {partition}


def test_a_member_is_told_where_to_read_as_soon_as_it_has_partitions(cluster: Kafka, topic: str, url: str) -> None:
    """confluent-kafka refuses to seek before it has asked the coordinator where to begin; the reader does not wait for that."""
    send(cluster, [Message(topic, b"k", b"%d" % n, [], part) for n in range(10) for part in range(3)])
    at_once = 0.1 if url.startswith("kafka://") else 0  # kafka-python does not join while nobody waits for it
    with closing(cluster.consumer(f"g-{uuid.uuid4()}")) as consumer:
        consumer.subscribe([topic])
        while not consumer.rebalances:
            consumer.poll(at_once, 1)
        for partition in consumer.assignment():
            consumer.seek(partition, 7)
        assert {record.value for record in read(consumer, 9)} == {b"7", b"8", b"9"}


def test_topics_are_created_once_and_counted(cluster: Kafka, topic: str) -> None:
    cluster.ensure_topics([TopicSpec(topic, 9, 1)])
    assert cluster.partitions(topic) == 3
    assert cluster.partitions("no-such-topic") == 0


def test_a_message_for_no_topic_is_not_delivered(cluster: Kafka) -> None:
    with closing(cluster.producer()) as producer, pytest.raises(DeliveryFailed):
        producer.send([Message("no-such-topic", b"k", b"v", [], 0)]).wait(20)


def test_a_group_shares_partitions_and_takes_over_from_a_member_that_leaves(cluster: Kafka, topic: str) -> None:
    group = f"g-{uuid.uuid4()}"
    with Member(cluster, group, topic) as first:
        until(lambda: len(first.partitions) == 3)
        seen = first.rebalances
        with Member(cluster, group, topic) as second:
            until(lambda: first.partitions and second.partitions and not first.partitions & second.partitions)
            assert len(first.partitions | second.partitions) == 3
            assert first.rebalances > seen
        until(lambda: len(first.partitions) == 3)


def test_a_member_that_is_alone_joins_once(cluster: Kafka, topic: str) -> None:
    """kafka-python's joined twice where it learnt of the partitions late; others that came in between waited for a session."""
    with Member(cluster, f"g-{uuid.uuid4()}", topic) as alone:
        until(lambda: len(alone.partitions) == 3)
        time.sleep(2)
        assert alone.rebalances == 1


class Member(threading.Thread):
    """A member of a group on a thread of its own, as clients want it."""

    def __init__(self, cluster: Kafka, group: str, topic: str) -> None:
        super().__init__()
        self.cluster, self.group, self.topic = cluster, group, topic
        self.partitions: set[Partition] = set()
        self.rebalances = 0
        self.leave = threading.Event()

    def run(self) -> None:
        with closing(self.cluster.consumer(self.group)) as consumer:
            consumer.subscribe([self.topic])
            while not self.leave.is_set():
                consumer.poll(0.1, 10)
                self.partitions, self.rebalances = consumer.assignment(), consumer.rebalances

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.leave.set()
        self.join()


def until(so: Callable[[], object], timeout_s: float = 30) -> None:
    end = time.monotonic() + timeout_s
    while not so():
        assert time.monotonic() < end, "it never came so"
        time.sleep(0.02)


@pytest.fixture(params=["kafka://127.0.0.1:1", "kafka+confluent://127.0.0.1:1"])
def nobody(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Kafka:
    if "confluent" in request.param:
        pytest.importorskip("confluent_kafka")
    for module in ("kafka_python", "confluent"):
        monkeypatch.setattr(f"slaengine.streaming.{module}.BLOCK_TIMEOUT_MS", 300)
    monkeypatch.setattr("slaengine.streaming.kafka_python.CONNECT_TIMEOUT_MS", 300)
    monkeypatch.setattr("slaengine.streaming.confluent.BLOCK_TIMEOUT_S", 0.3)
    return connect(request.param)


def test_a_broker_that_is_not_there_is_one_sentence(nobody: Kafka) -> None:
    with pytest.raises(StreamingError, match=r"Kafka at 127\.0\.0\.1:1 cannot be used"):
        nobody.partitions("any")


@pytest.mark.parametrize("key", [b"", b"a", b"ab", b"abc", b"abcd", b"6f8a0c5e-1111-7abc-8def-0123456789ab", bytes(range(256))])
def test_the_partitioner_is_kafkas_own(key: bytes) -> None:
    assert murmur2(key) == reference_murmur2(key) & 0xFFFFFFFF


@given(keys=st.integers(0, 12).flatmap(lambda words: st.lists(st.binary(min_size=4 * words, max_size=4 * words))))
def test_many_keys_belong_where_each_alone_does(keys: list[bytes]) -> None:
    assert partitions_of(keys, 7) == [partition_of(key, 7) for key in keys]
