"""Kafka by kafka-python, the default client: pure Python, nothing to build."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import chain
from typing import Any

from kafka import ConsumerRebalanceListener, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError
from kafka.net.compat import KafkaNetClient
from kafka.structs import OffsetAndMetadata

from slaengine.errors import DeliveryFailed, StreamingError
from slaengine.streaming.kafka_records import QuickRecords
from slaengine.streaming.kafka_sending import QuickDelivery, QuickSending
from slaengine.streaming.limits import (
    BATCH_BYTES,
    BLOCK_TIMEOUT_MS,
    CLOSE_TIMEOUT_S,
    CONNECT_TIMEOUT_MS,
    FETCH_WAIT_MS,
    HEARTBEAT_MS,
    LINGER_MS,
    NEVER_EXPIRE_MS,
    REQUEST_TIMEOUT_MS,
    SESSION_TIMEOUT_MS,
)
from slaengine.streaming.port import Message, Partition, Record, TopicSpec
from slaengine.streaming.settings import KafkaSettings


class PythonKafka:
    """A cluster, by kafka-python."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.settings = settings

    def producer(self) -> PythonProducer:
        """Return a new producer."""
        compression = None if self.settings.compression == "none" else self.settings.compression
        with _ours(self.settings):
            return PythonProducer(
                KafkaProducer(
                    **_connection(self.settings),
                    enable_idempotence=True,
                    acks="all",
                    compression_type=compression,
                    linger_ms=LINGER_MS,
                    batch_size=BATCH_BYTES,
                    max_block_ms=BLOCK_TIMEOUT_MS,
                    delivery_timeout_ms=NEVER_EXPIRE_MS,
                )
            )

    def consumer(self, group: str | None = None) -> PythonConsumer:
        """Return a new consumer."""
        with _ours(self.settings):
            return PythonConsumer(
                KafkaConsumer(
                    **_connection(self.settings),
                    group_id=group,
                    enable_auto_commit=False,
                    auto_offset_reset="earliest",
                    isolation_level="read_committed",
                    fetch_max_wait_ms=FETCH_WAIT_MS,
                    session_timeout_ms=SESSION_TIMEOUT_MS,
                    heartbeat_interval_ms=HEARTBEAT_MS,
                ),
                self.settings,
            )

    def ensure_topics(self, topics: Collection[TopicSpec]) -> None:
        """Create the topics that are not there."""
        with self._admin() as admin:
            there = set(admin.list_topics())
            for topic in topics:
                if topic.name in there:
                    continue
                wanted = {
                    "num_partitions": topic.partitions or -1,
                    "replication_factor": topic.replicas or -1,
                    "configs": dict(topic.settings),
                }
                with suppress(TopicAlreadyExistsError):
                    admin.create_topics({topic.name: wanted}, wait_for_metadata=True)

    def partitions(self, topic: str) -> int:
        """Return how many partitions the topic has; 0 when there is no such topic."""
        with self._admin() as admin:
            if topic not in admin.list_topics():
                return 0
            return len(admin.describe_topics([topic])[0]["partitions"])

    @contextmanager
    def _admin(self) -> Iterator[KafkaAdminClient]:
        with _ours(self.settings):
            admin = KafkaAdminClient(**_connection(self.settings))
            try:
                yield admin
            finally:
                admin.close()


class PythonProducer:
    """Sends by kafka-python."""

    def __init__(self, producer: KafkaProducer) -> None:
        self._producer = producer
        self._quick = QuickSending(producer)

    def send(self, messages: Sequence[Message]) -> PythonDelivery | QuickDelivery:
        """Hand messages to the client and return at once; those without a partition go its own way, which chooses one."""
        send, messages = self._producer.send, list(messages)
        try:
            if all(message.partition is not None for message in messages):
                return self._quick.send(messages)
            return PythonDelivery([send(topic, value, key, headers, part) for topic, key, value, headers, part in messages])
        except KafkaError as error:
            raise DeliveryFailed(f"Kafka does not take messages: {error}") from error

    def close(self) -> None:
        """Stop within a second."""
        self._producer.close(timeout=CLOSE_TIMEOUT_S)


class PythonDelivery:
    """Messages on their way by kafka-python."""

    def __init__(self, futures: list[Any]) -> None:
        self._futures = futures

    def wait(self, timeout_s: float) -> bool:
        """Return True when every one is acknowledged: each future is asked, since a flush tells nothing of failures."""
        end = time.monotonic() + timeout_s
        for future in self._futures:
            if not future.succeeded():
                try:
                    future.get(max(0.0, end - time.monotonic()))
                except KafkaError as error:
                    if not future.is_done:
                        return False
                    raise DeliveryFailed(f"Kafka refused a message: {error}") from error
        return True


class PythonConsumer:
    """Reads by kafka-python."""

    def __init__(self, consumer: KafkaConsumer, settings: KafkaSettings) -> None:
        inside: Any = consumer  # none of the client's faces lets it in
        inside._fetcher.PartitionRecords = QuickRecords  # noqa: SLF001
        self._consumer = consumer
        self._settings = settings
        self._counter = _Rebalances()

    @property
    def rebalances(self) -> int:
        """How often partitions were assigned."""
        return self._counter.count

    def subscribe(self, topics: Collection[str]) -> None:
        """Share these topics' partitions with the group.

        The cluster is asked about them between subscribing and joining: a group's leader that learns of their partitions only
        behind the join takes them for new, and has everybody join once more.
        """
        self._consumer.subscribe(list(topics), listener=self._counter)
        with _ours(self._settings):
            self._consumer.topics()

    def assign(self, starts: Mapping[Partition, int]) -> None:
        """Read exactly these partitions."""
        self._consumer.assign([TopicPartition(*partition) for partition in starts])
        for partition, offset in starts.items():
            self.seek(partition, offset)

    def poll(self, timeout_s: float, records_max: int) -> list[Record]:
        """Return records as they come."""
        with _ours(self._settings):
            found: dict[Any, list[Any]] = self._consumer.poll(timeout_ms=int(timeout_s * 1000), max_records=records_max)
        return list(chain.from_iterable(found.values()))

    def seek(self, partition: Partition, offset: int) -> None:
        """Go on reading at `offset`."""
        self._consumer.seek(TopicPartition(*partition), offset)

    def assignment(self) -> set[Partition]:
        """Return the partitions that are read at present."""
        return {Partition(*partition) for partition in self._consumer.assignment()}

    def ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """Return the offset behind the last record of each partition."""
        with _ours(self._settings):
            return _ours_by_partition(self._consumer.end_offsets([TopicPartition(*p) for p in partitions]))

    def begins(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """Return the offset of the first record of each partition."""
        with _ours(self._settings):
            return _ours_by_partition(self._consumer.beginning_offsets([TopicPartition(*p) for p in partitions]))

    def commit(self, next_offsets: Mapping[Partition, int], *, wait: bool = False) -> None:
        """Tell Kafka how far the group has come."""
        offsets = {TopicPartition(*partition): OffsetAndMetadata(offset, "", -1) for partition, offset in next_offsets.items()}
        with suppress(KafkaError):
            if wait:
                self._consumer.commit(offsets, timeout_ms=REQUEST_TIMEOUT_MS)
            else:
                self._consumer.commit_async(offsets)

    def close(self) -> None:
        """Leave the group and stop."""
        with suppress(KafkaError):
            self._consumer.close(autocommit=False, timeout_ms=int(CLOSE_TIMEOUT_S * 1000))


class _Rebalances(ConsumerRebalanceListener):
    """Counts assignments; called on the client's own thread, so it does nothing else."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.count = 0

    def on_partitions_assigned(self, assigned: object) -> None:  # noqa: ARG002 (the client's signature)
        with self._lock:
            self.count += 1

    def on_partitions_revoked(self, revoked: object) -> None:
        """Do nothing: what was not stored will be read again by whoever gets the partition."""


def _ours_by_partition(offsets: Mapping[TopicPartition, int]) -> dict[Partition, int]:
    return {Partition(partition.topic, partition.partition): offset for partition, offset in offsets.items()}


_IMPATIENT = partial(
    KafkaNetClient,
    socket_connection_setup_timeout_ms=CONNECT_TIMEOUT_MS,
    socket_connection_setup_timeout_max_ms=CONNECT_TIMEOUT_MS,
)
"""The client's own inside, told what none of its faces lets through: else it waits ten seconds for a broker that is cut off."""


def _connection(settings: KafkaSettings) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "bootstrap_servers": list(settings.servers),
        "client_id": "slaengine",
        "security_protocol": settings.protocol,
        "request_timeout_ms": REQUEST_TIMEOUT_MS,
        "bootstrap_timeout_ms": CONNECT_TIMEOUT_MS,
        "reconnect_backoff_max_ms": 1_000,
        "kafka_client": _IMPATIENT,
    }
    if settings.tls:
        arguments |= {
            "ssl_cafile": settings.ca,
            "ssl_certfile": settings.certificate,
            "ssl_keyfile": settings.private_key,
        }
    if settings.sasl:
        _keep_secrets()
        arguments |= {
            "sasl_mechanism": settings.sasl.upper(),
            "sasl_plain_username": settings.username,
            "sasl_plain_password": settings.password,
        }
    return arguments


def _keep_secrets() -> None:
    """Switch the client's debugging messages off: they quote its settings and what it sends to log in, password and all."""
    client = logging.getLogger("kafka")
    client.setLevel(max(client.level, logging.INFO))


@contextmanager
def _ours(settings: KafkaSettings) -> Iterator[None]:
    try:
        yield
    except (KafkaError, OSError) as error:
        raise StreamingError(f"Kafka at {settings} cannot be used: {error or type(error).__name__}") from error
