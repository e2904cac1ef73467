"""Kafka in memory: the same port within one process, for tests and for services that run without a broker."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Mapping, Sequence
from typing import ClassVar

from slaengine.errors import DeliveryFailed, StreamingError
from slaengine.streaming.partition import partition_of
from slaengine.streaming.port import Message, Partition, Record, TopicSpec

PARTITIONS = 6


class MemoryKafka:
    """A cluster in memory. `named` gives the same one for the same name, as a URL does."""

    _named: ClassVar[dict[str, MemoryKafka]] = {}

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.logs: dict[Partition, list[Record]] = {}
        self.groups: dict[str, list[MemoryConsumer]] = {}
        self.committed: dict[tuple[str, Partition], int] = {}

    @classmethod
    def named(cls, name: str) -> MemoryKafka:
        """Return the cluster of this name, made when it is asked for first."""
        return cls._named.setdefault(name, cls())

    def producer(self) -> MemoryProducer:
        """Return a new producer."""
        return MemoryProducer(self)

    def consumer(self, group: str | None = None) -> MemoryConsumer:
        """Return a new consumer."""
        return MemoryConsumer(self, group)

    def ensure_topics(self, topics: Collection[TopicSpec]) -> None:
        """Create the topics that are not there."""
        with self.changed:
            for topic in topics:
                if not self.partitions(topic.name):
                    self.logs.update({Partition(topic.name, n): [] for n in range(topic.partitions or PARTITIONS)})

    def partitions(self, topic: str) -> int:
        """Return how many partitions the topic has."""
        return sum(partition.topic == topic for partition in self.logs)

    def append(self, message: Message) -> None:
        """Add a message behind the last one of its partition; the caller holds `changed`."""
        count = self.partitions(message.topic)
        number = partition_of(message.key or b"", count) if message.partition is None and count else message.partition or 0
        log = self.logs.get(Partition(message.topic, number))
        if log is None:
            raise DeliveryFailed(f"there is no topic {message.topic} with a partition {number}")
        now = int(time.time() * 1000)
        log.append(Record(message.topic, number, len(log), message.key, message.value, list(message.headers), now))

    def share_out(self, group: str) -> None:
        """Give the group's members their partitions anew; the caller holds `changed`."""
        members = self.groups.get(group, [])
        for place, member in enumerate(members):
            wanted = sorted(partition for partition in self.logs if partition.topic in member.topics)
            mine = wanted[place :: len(members)]
            member.positions = {partition: self.committed.get((group, partition), 0) for partition in mine}
            member.rebalances += 1


class MemoryProducer:
    """Sends into memory; what is sent is acknowledged at once."""

    def __init__(self, cluster: MemoryKafka) -> None:
        self._cluster = cluster

    def send(self, messages: Sequence[Message]) -> MemoryDelivery:
        """Append the messages."""
        with self._cluster.changed:
            for message in messages:
                self._cluster.append(message)
            self._cluster.changed.notify_all()
        return MemoryDelivery()

    def close(self) -> None:
        """Do nothing: nothing is on its way."""


class MemoryDelivery:
    """Messages that have arrived."""

    def wait(self, timeout_s: float) -> bool:  # noqa: ARG002 (the port's signature)
        """Return True: they are there."""
        return True


class MemoryConsumer:
    """Reads from memory."""

    def __init__(self, cluster: MemoryKafka, group: str | None) -> None:
        self._cluster = cluster
        self._group = group
        self.topics: frozenset[str] = frozenset()
        self.positions: dict[Partition, int] = {}
        self.rebalances = 0

    def subscribe(self, topics: Collection[str]) -> None:
        """Join the group."""
        if self._group is None:
            raise StreamingError("only a consumer with a group can subscribe; assign partitions instead")
        with self._cluster.changed:
            self.topics = frozenset(topics)
            self._cluster.groups.setdefault(self._group, []).append(self)
            self._cluster.share_out(self._group)

    def assign(self, starts: Mapping[Partition, int]) -> None:
        """Read exactly these partitions."""
        self.positions = dict(starts)
        self.rebalances += 1

    def poll(self, timeout_s: float, records_max: int) -> list[Record]:
        """Return what is there, waiting up to `timeout_s` for something."""
        with self._cluster.changed:
            self._cluster.changed.wait_for(self._ready, timeout_s)
            found: list[Record] = []
            for partition, position in self.positions.items():
                some = self._cluster.logs.get(partition, [])[position : position + records_max - len(found)]
                self.positions[partition] = position + len(some)
                found += some
            return found

    def _ready(self) -> bool:
        return any(len(self._cluster.logs.get(partition, [])) > position for partition, position in self.positions.items())

    def seek(self, partition: Partition, offset: int) -> None:
        """Go on reading at `offset`."""
        self.positions[partition] = offset

    def assignment(self) -> set[Partition]:
        """Return the partitions that are read at present."""
        return set(self.positions)

    def ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """Return the offset behind the last record of each partition."""
        return {partition: len(self._cluster.logs.get(partition, [])) for partition in partitions}

    def begins(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """Return 0 for each: nothing is ever removed."""
        return dict.fromkeys(partitions, 0)

    def commit(self, next_offsets: Mapping[Partition, int], *, wait: bool = False) -> None:  # noqa: ARG002 (the port's signature)
        """Remember how far the group has come."""
        if self._group is not None:
            self._cluster.committed.update({(self._group, partition): offset for partition, offset in next_offsets.items()})

    def close(self) -> None:
        """Leave the group."""
        with self._cluster.changed:
            members = self._cluster.groups.get(self._group or "", [])
            if self in members:
                members.remove(self)
                self._cluster.share_out(self._group or "")
