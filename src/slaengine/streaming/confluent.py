"""Kafka by confluent-kafka (`slaengine[kafka-fast]`): the same port over librdkafka."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from itertools import repeat
from typing import Any, TypeVar

from slaengine.errors import DeliveryFailed, MissingExtra, StreamingError
from slaengine.streaming.limits import (
    BATCH_BYTES,
    BLOCK_TIMEOUT_MS,
    CLOSE_TIMEOUT_S,
    CONNECT_TIMEOUT_MS,
    FETCH_WAIT_MS,
    HEARTBEAT_MS,
    LINGER_MS,
    NEVER_EXPIRE_MS,
    PUBLISH_BATCH,
    PUBLISH_WINDOW,
    REQUEST_TIMEOUT_MS,
    SESSION_TIMEOUT_MS,
    UNKNOWN_TOPIC_MS,
)
from slaengine.streaming.port import Message, Messages, Partition, Record, TopicSpec
from slaengine.streaming.settings import KafkaSettings

try:
    from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
    from confluent_kafka.admin import AdminClient
    from confluent_kafka.cimpl import NewTopic
except ImportError:
    raise MissingExtra("a kafka+confluent:// URL", "kafka-fast") from None

T = TypeVar("T")

BLOCK_TIMEOUT_S = BLOCK_TIMEOUT_MS / 1000
POLL_S = 0.1
SEEK_TIMEOUT_S = 1.0
"""The client asks the group's coordinator where to begin before it reads a partition: one exchange."""
BROKER_MARGIN_MS = 500
"""So much sooner than we give it up a broker says itself that its followers are too slow."""


class ConfluentKafka:
    """A cluster, by confluent-kafka."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.settings = settings

    def producer(self) -> ConfluentProducer:
        """Return a new producer."""
        options = {
            "enable.idempotence": True,
            "acks": "all",
            "compression.type": self.settings.compression,
            "linger.ms": LINGER_MS,
            "batch.size": BATCH_BYTES,
            "delivery.timeout.ms": NEVER_EXPIRE_MS,
            "request.timeout.ms": REQUEST_TIMEOUT_MS - BROKER_MARGIN_MS,
            "topic.metadata.propagation.max.ms": UNKNOWN_TOPIC_MS,
            "partitioner": "murmur2_random",  # the Java client's rule, which every other client follows
            "queue.buffering.max.messages": 2 * PUBLISH_BATCH * PUBLISH_WINDOW,
        }
        with _ours(self.settings):
            return ConfluentProducer(Producer(_connection(self.settings) | options))

    def consumer(self, group: str | None = None) -> ConfluentConsumer:
        """Return a new consumer."""
        options = {
            "group.id": group or "slaengine-no-group",  # librdkafka wants a name even where no group is joined
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": FETCH_WAIT_MS,
            "session.timeout.ms": SESSION_TIMEOUT_MS,
            "heartbeat.interval.ms": HEARTBEAT_MS,
        }
        with _ours(self.settings):
            return ConfluentConsumer(Consumer(_connection(self.settings) | options), self.settings)

    def ensure_topics(self, topics: Collection[TopicSpec]) -> None:
        """Create the topics that are not there."""
        with _ours(self.settings):
            admin = AdminClient(_connection(self.settings))
            there = set(admin.list_topics(timeout=BLOCK_TIMEOUT_S).topics)
            for topic in topics:
                if topic.name not in there:
                    wanted = NewTopic(topic.name, topic.partitions or -1, topic.replicas or -1, config=dict(topic.settings))
                    self._create(admin, wanted)

    def _create(self, admin: AdminClient, wanted: NewTopic) -> None:
        try:
            admin.create_topics([wanted])[wanted.topic].result(BLOCK_TIMEOUT_S)
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise
        end = time.monotonic() + BLOCK_TIMEOUT_S
        while not self.partitions(wanted.topic) and time.monotonic() < end:
            time.sleep(0.05)

    def partitions(self, topic: str) -> int:
        """Return how many partitions the topic has; 0 when there is no such topic."""
        with _ours(self.settings):
            found = AdminClient(_connection(self.settings)).list_topics(timeout=BLOCK_TIMEOUT_S).topics.get(topic)
            return len(found.partitions) if found is not None else 0


class ConfluentProducer:
    """Sends by confluent-kafka."""

    def __init__(self, producer: Producer) -> None:
        self._producer = producer

    def send(self, messages: Sequence[Message]) -> ConfluentDelivery:
        """Hand messages to the client and return at once."""
        delivery = ConfluentDelivery(self._producer, len(messages))
        produce: Any = self._producer.produce
        topics, keys, values, headers, wanted = Messages.of(messages).columns
        partitions = [-1 if number is None else number for number in wanted]
        reports = repeat(delivery.done), repeat(None), repeat(0)  # to whom, nobody else, and the timestamp: now
        try:
            deque(map(produce, topics, values, keys, partitions, *reports, headers), maxlen=0)  # a loop takes a tenth longer
            self._producer.poll(0)
        except (BufferError, KafkaException) as error:
            raise DeliveryFailed(f"Kafka does not take messages: {error}") from error
        return delivery

    def close(self) -> None:
        """Stop within a second."""
        self._producer.purge()
        self._producer.flush(CLOSE_TIMEOUT_S)


class ConfluentDelivery:
    """Messages on their way by confluent-kafka."""

    __slots__ = ("_error", "_outstanding", "_producer")

    def __init__(self, producer: Producer, count: int) -> None:
        self._producer = producer
        self._outstanding = count
        self._error: object = None

    def done(self, error: object, _: object) -> None:
        """Note one message's fate; called by the client while it is polled."""
        self._outstanding -= 1
        if error is not None:
            self._error = error

    def wait(self, timeout_s: float) -> bool:
        """Return True when every one is acknowledged, False when time is up."""
        end = time.monotonic() + timeout_s
        while self._outstanding and not self._error and time.monotonic() < end:
            self._producer.poll(POLL_S)
        if self._error:
            raise DeliveryFailed(f"Kafka refused a message: {self._error}")
        return not self._outstanding


class ConfluentConsumer:
    """Reads by confluent-kafka."""

    def __init__(self, consumer: Consumer, settings: KafkaSettings) -> None:
        self._consumer = consumer
        self._settings = settings
        self.rebalances = 0

    def subscribe(self, topics: Collection[str]) -> None:
        """Share these topics' partitions with the group."""
        with _ours(self._settings):
            self._consumer.subscribe(list(topics), on_assign=self._assigned)

    def _assigned(self, *_: object) -> None:
        self.rebalances += 1

    def assign(self, starts: Mapping[Partition, int]) -> None:
        """Read exactly these partitions."""
        with _ours(self._settings):
            self._consumer.assign([TopicPartition(*partition, offset) for partition, offset in starts.items()])
        self.rebalances += 1

    def poll(self, timeout_s: float, records_max: int) -> list[Record]:
        """Return records as they come: the first within `timeout_s`, and whatever else has arrived by then."""
        with _ours(self._settings):
            first = self._consumer.poll(timeout_s)
            if first is None:
                return []
            found: list[Any] = [first, *self._consumer.consume(max(1, records_max - 1), 0)]
        return [_record(message) for message in found if not self._failed(message)]

    def _failed(self, message: Any) -> bool:
        """Whether it is no record but a failure; the client mends what is not fatal."""
        error = message.error()
        if error is not None and error.fatal():
            raise StreamingError(f"Kafka at {self._settings} cannot be read: {error.str()}")
        return error is not None

    def seek(self, partition: Partition, offset: int) -> None:
        """Go on reading at `offset`; a partition that has just been assigned is not read yet, and refuses for a moment."""
        self._insist(lambda: self._consumer.seek(TopicPartition(*partition, offset)), SEEK_TIMEOUT_S)

    def assignment(self) -> set[Partition]:
        """Return the partitions that are read at present."""
        return {Partition(found.topic, found.partition) for found in self._consumer.assignment()}

    def ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """Return the offset behind the last record of each partition."""
        return {partition: self._watermarks(partition)[1] for partition in partitions}

    def begins(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """Return the offset of the first record of each partition."""
        return {partition: self._watermarks(partition)[0] for partition in partitions}

    def _watermarks(self, partition: Partition) -> tuple[int, int]:
        """Unlike every other call of the client, this one does not wait for a leader by itself."""
        ask = partial(self._consumer.get_watermark_offsets, TopicPartition(*partition), timeout=BLOCK_TIMEOUT_S)
        low, high = self._insist(ask, BLOCK_TIMEOUT_S)
        return low, high

    def _insist(self, call: Callable[[], T], for_s: float) -> T:
        """Call again when it fails, a hundred times in this while."""
        end = time.monotonic() + for_s
        while True:
            try:
                return call()
            except KafkaException as error:
                if time.monotonic() > end:
                    raise StreamingError(f"Kafka at {self._settings} cannot be used: {error.args[0]}") from error
                time.sleep(for_s / 100)

    def commit(self, next_offsets: Mapping[Partition, int], *, wait: bool = False) -> None:
        """Tell Kafka how far the group has come."""
        with suppress(KafkaException):
            offsets = [TopicPartition(*partition, offset) for partition, offset in next_offsets.items()]
            commit: Any = self._consumer.commit
            commit(offsets=offsets, asynchronous=not wait)

    def close(self) -> None:
        """Leave the group and stop."""
        with suppress(KafkaException, RuntimeError):
            self._consumer.close()


def _record(message: Any) -> Record:
    return _RECORD(
        (
            *(message.topic(), message.partition(), message.offset(), message.key(), message.value()),
            *(message.headers() or [], message.timestamp()[1]),
        )
    )


_RECORD = partial(tuple.__new__, Record)
"""A record is made of every message, and its own constructor is a function of Python's."""


def _connection(settings: KafkaSettings) -> dict[str, Any]:
    options = {
        "bootstrap.servers": str(settings),
        "client.id": "slaengine",
        "security.protocol": settings.protocol,
        "reconnect.backoff.max.ms": 1_000,
        "socket.timeout.ms": REQUEST_TIMEOUT_MS,  # request.timeout.ms is only what the broker is asked to keep to
        "socket.connection.setup.timeout.ms": CONNECT_TIMEOUT_MS,
        "api.version.request.timeout.ms": CONNECT_TIMEOUT_MS,
        "log_level": 2,  # critical: failures are raised or healed, and the rest is chatter on stderr
        "ssl.ca.location": settings.ca,
        "ssl.certificate.location": settings.certificate,
        "ssl.key.location": settings.private_key,
        "sasl.mechanism": settings.sasl.upper() if settings.sasl else None,
        "sasl.username": settings.username if settings.sasl else None,
        "sasl.password": settings.password if settings.sasl else None,
    }
    return {name: value for name, value in options.items() if value is not None}


@contextmanager
def _ours(settings: KafkaSettings) -> Iterator[None]:
    try:
        yield
    except KafkaException as error:
        raise StreamingError(f"Kafka at {settings} cannot be used: {error.args[0]}") from error
