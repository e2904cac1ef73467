"""The small port behind which a Kafka client stands: what the publisher and the consumers ask of one, and no more."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, Protocol, overload

Headers = list[tuple[str, bytes]]


class Partition(NamedTuple):
    """One partition of a topic, from 0."""

    topic: str
    number: int


class Message(NamedTuple):
    """A message to be sent. `partition` None lets Kafka's own rule choose from the key."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    partition: int | None = None


class Messages(Sequence[Message]):
    """Many messages, column by column: who hands them on one by one needs no object for each. Columns are of one length."""

    __slots__ = ("columns",)

    def __init__(self, *columns: Sequence[Any]) -> None:
        """Hold messages whose fields are these columns, in the order of the fields."""
        self.columns = columns

    @classmethod
    def of(cls, messages: Sequence[Message]) -> Messages:
        """Return these messages column by column."""
        if isinstance(messages, cls):
            return messages
        return cls(*zip(*messages, strict=True)) if messages else cls(*[()] * len(Message._fields))

    def __len__(self) -> int:
        return len(self.columns[0])

    @overload
    def __getitem__(self, place: int) -> Message: ...
    @overload
    def __getitem__(self, place: slice) -> Messages: ...
    def __getitem__(self, place: int | slice) -> Message | Messages:
        found = [column[place] for column in self.columns]
        return Messages(*found) if isinstance(place, slice) else Message._make(found)

    def __iter__(self) -> Iterator[Message]:
        return map(_MESSAGE, zip(*self.columns, strict=True))


_MESSAGE = partial(tuple.__new__, Message)
"""Quicker than the class by itself, which is a function of Python's."""


class Record(NamedTuple):
    """A message as it was read. `offset` counts the partition from 0, perhaps with gaps; `timestamp` is Kafka's, in ms."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int


class Delivery(Protocol):
    """Messages on their way."""

    def wait(self, timeout_s: float) -> bool:
        """Return True as soon as every one of them is acknowledged by all in-sync replicas, False when time is up.

        Raises:
            DeliveryFailed: one was refused.
        """


class Producer(Protocol):
    """Sends messages, idempotently: the client's own retries neither double nor reorder them."""

    def send(self, messages: Sequence[Message]) -> Delivery:
        """Hand messages to the client, in this order, and return at once."""

    def close(self) -> None:
        """Stop within a second; what is not acknowledged by then may or may not have arrived."""


class Consumer(Protocol):
    """Reads messages, from offsets that the caller decides. Not for use by several threads."""

    @property
    def rebalances(self) -> int:
        """How often partitions were assigned; a change means that every start must be looked up again."""

    def subscribe(self, topics: Collection[str]) -> None:
        """Share these topics' partitions with the other members of the group."""

    def assign(self, starts: Mapping[Partition, int]) -> None:
        """Read exactly these partitions, each from its offset, without a group."""

    def poll(self, timeout_s: float, records_max: int) -> list[Record]:
        """Return records as they come, in order within each partition; empty after `timeout_s`."""

    def seek(self, partition: Partition, offset: int) -> None:
        """Go on reading an assigned partition at `offset`."""

    def assignment(self) -> set[Partition]:
        """Return the partitions that are read at present."""

    def ends(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """Return the offset behind the last record of each partition."""

    def begins(self, partitions: Collection[Partition]) -> dict[Partition, int]:
        """Return the offset of the first record that each partition still holds."""

    def commit(self, next_offsets: Mapping[Partition, int], *, wait: bool = False) -> None:
        """Tell Kafka how far the group has come; with `wait`, for a few seconds at most, until it knows.

        Failures are passed over in silence: what was not committed is read again, and whoever reads knows how to.
        """

    def close(self) -> None:
        """Leave the group and stop, within a few seconds."""


class Kafka(Protocol):
    """One Kafka cluster, by one client. Every failure of it is a StreamingError."""

    def producer(self) -> Producer:
        """Return a new producer."""

    def consumer(self, group: str | None = None) -> Consumer:
        """Return a new consumer; with `group`, one that may subscribe. It starts at the earliest record unless told."""

    def ensure_topics(self, topics: Collection[TopicSpec]) -> None:
        """Create the topics that are not there; those that are stay as they are."""

    def partitions(self, topic: str) -> int:
        """Return how many partitions the topic has; 0 when there is no such topic."""


class TopicSpec(NamedTuple):
    """A topic to create. `partitions` and `replicas` None leave it to the cluster; `settings` are Kafka's own words."""

    name: str
    partitions: int | None = None
    replicas: int | None = None
    settings: Mapping[str, str] = {}
