"""Reading a topic into a database, each record exactly once: what the worker and the intake have in common."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field

from slaengine.errors import ConcurrencyError, Overtaken, StorageError, StreamingError
from slaengine.garbage import searched_seldom
from slaengine.storage.database import Database
from slaengine.streaming import tables
from slaengine.streaming.backoff import Backoff
from slaengine.streaming.ledger import Ledger
from slaengine.streaming.limits import CONSUME_BATCH, POLL_S, SILENCE_S
from slaengine.streaming.port import Consumer, Kafka, Partition, Record
from slaengine.streaming.processor import Handled, Stretch
from slaengine.streaming.topics import ensure

log = logging.getLogger(__name__)


@dataclass(slots=True)
class ReaderStatus:
    """How it stands: what became of the records read, the offset behind each partition, and what went wrong last."""

    done: Handled = field(default_factory=Handled)
    next_offsets: dict[Partition, int] = field(default_factory=dict)
    trouble: str | None = None


@dataclass(kw_only=True)
class Reader(ABC):
    """Brings one topic into one database.

    The offset of each partition is stored in the transaction that changes the database, and only if it still stands where
    this reader read from: a reader that was cut off, and whose partitions others have by now, changes nothing. Kafka's own
    offsets are written for monitoring and never believed.

    `group` None makes a group of its own for what `ledger` stands for in this database.
    """

    kafka: Kafka
    database: Database
    topic: str
    group: str | None = None
    batch: int = CONSUME_BATCH
    status: ReaderStatus = field(default_factory=ReaderStatus)

    def __post_init__(self) -> None:
        tables.create(self.database)
        self._expected: dict[Partition, int | None] = {}
        self._sought: dict[Partition, int] = {}
        self._whole = False

    @property
    @abstractmethod
    def ledger(self) -> Ledger:
        """Where offsets are kept."""

    @abstractmethod
    def take(self, stretches: Mapping[Partition, Stretch]) -> Handled:
        """Handle records and move the offsets in one transaction."""

    @abstractmethod
    def follow_up(self) -> None:
        """Send what handling left to be sent; called between records, outside a transaction. Must not raise for Kafka."""

    @abstractmethod
    def caught_up(self) -> None:
        """Called when everything is handled that the topic held a moment ago."""

    def run(self, stop: threading.Event) -> None:
        """Read and handle until `stop` is set, sharing the partitions with the group's other members."""
        backoff = Backoff(stop)
        while not stop.is_set():
            try:
                ensure(self.kafka, self.topic)
                with searched_seldom(), closing(self.kafka.consumer(self._group())) as consumer:
                    consumer.subscribe([self.topic])
                    self._follow(consumer, stop, backoff)
            except (StreamingError, StorageError, ConcurrencyError) as error:
                self.status.trouble = str(error)
                log.warning("consuming waits: %s", error)
                backoff.wait()

    def run_once(self, share: tuple[int, int] | None = None) -> ReaderStatus:
        """Read what the topic holds now, without a group, and return.

        Args:
            share: `(n, of)` reads every partition whose number leaves n when divided by `of`; None reads all of them, and
                only then can it be said that the view has caught up.

        Raises:
            StreamingError, StorageError: Kafka or the database cannot be used.
            Overtaken: workers of the group are at it.
        """
        ensure(self.kafka, self.topic)
        this, of = share or (0, 1)
        partitions = [Partition(self.topic, number) for number in range(this, self.kafka.partitions(self.topic), of)]
        with searched_seldom(), closing(self.kafka.consumer()) as consumer:
            ends = consumer.ends(partitions)
            self._look_up(partitions)
            consumer.assign({partition: self._expected[partition] or 0 for partition in partitions})
            silent_since = time.monotonic()
            while any((self._expected[partition] or 0) < end for partition, end in ends.items()):
                records = consumer.poll(POLL_S, self.batch)
                self._take(consumer, records)
                silent_since = time.monotonic() if records else silent_since
                if time.monotonic() - silent_since > SILENCE_S:
                    raise StreamingError(f"topic {self.topic} cannot be read to its end: nothing came for {SILENCE_S:.0f} s")
        self.follow_up()
        if share is None:
            self.caught_up()
        return self.status

    def lag(self) -> int:
        """Return how many records of the topic are not handled yet."""
        return lag(self.kafka, self.database, self.topic, self.ledger)

    def _group(self) -> str:
        if self.group is not None:
            return self.group
        with self.database.writing() as connection:
            return f"slaengine.{self.ledger.view}.{self.ledger.identity(connection)}"

    def _follow(self, consumer: Consumer, stop: threading.Event, backoff: Backoff) -> None:
        rebalances = -1
        while not stop.is_set():
            try:
                records = consumer.poll(POLL_S, self.batch)
                if consumer.rebalances != rebalances:
                    rebalances = consumer.rebalances
                    self._start_again(consumer)
                    continue
                self._take(consumer, records)
                self.follow_up()
                if not records and not self._whole and self.lag() == 0:
                    self.caught_up()
                    self._whole = True
            except Overtaken as error:
                log.info("%s", error)
                self._start_again(consumer)
            except (ConcurrencyError, StorageError, StreamingError) as error:
                self.status.trouble = str(error)
                log.warning("consuming waits: %s", error)
                backoff.wait()
                self._start_again(consumer)
            else:
                backoff.reset()

    def _take(self, consumer: Consumer, records: list[Record]) -> None:
        """Handle records, each partition from where the database stands."""
        by_partition: dict[Partition, list[Record]] = defaultdict(list)
        for record in records:
            by_partition[Partition(record.topic, record.partition)].append(record)
        self._look_up(partition for partition in by_partition if partition not in self._expected)
        stretches = {}
        for partition, some in by_partition.items():
            before = self._expected[partition]
            if self._is_elsewhere(consumer, partition, some[0].offset):
                continue
            fresh = [record for record in some if record.offset >= (before or 0)]
            if fresh:
                stretches[partition] = Stretch(fresh, before, fresh[-1].offset + 1)
        if stretches:
            self._store(consumer, stretches)

    def _is_elsewhere(self, consumer: Consumer, partition: Partition, offset: int) -> bool:
        """Send the client back when it reads on somewhere else than the database stands.

        Once for each place: when it then comes with a later offset again, there is nothing in between to be had.
        """
        wanted = self._expected[partition] or 0
        if offset <= wanted or self._sought.get(partition) == wanted:
            return False
        self._sought[partition] = wanted
        consumer.seek(partition, wanted)
        return True

    def _store(self, consumer: Consumer, stretches: dict[Partition, Stretch]) -> None:
        self.status.done.add(self.take(stretches))
        moved = {partition: stretch.after for partition, stretch in stretches.items()}
        self._expected.update(moved)
        self.status.next_offsets.update(moved)
        self.status.trouble = None
        consumer.commit(moved)

    def _look_up(self, partitions: Iterable[Partition]) -> None:
        """Ask the database where the database stands."""
        wanted = list(partitions)
        if wanted:
            with self.database.reading() as connection:
                self._expected.update(self.ledger.starts(connection, wanted))

    def _start_again(self, consumer: Consumer) -> None:
        """Read on from where the database stands, wherever the client stands: what was read and not stored is read again."""
        partitions = consumer.assignment()
        self._expected.clear()
        self._sought.clear()
        self._look_up(partitions)
        for partition in partitions:
            consumer.seek(partition, self._expected[partition] or 0)


def lag(kafka: Kafka, database: Database, topic: str, ledger: Ledger) -> int:
    """Return how many records of the topic stand behind where `ledger` has come to.

    Raises:
        StreamingError, StorageError: Kafka or the database cannot be used.
    """
    partitions = [Partition(topic, number) for number in range(kafka.partitions(topic))]
    with closing(kafka.consumer()) as consumer, database.reading() as connection:
        starts = ledger.starts(connection, partitions)
        return sum(end - (starts[partition] or 0) for partition, end in consumer.ends(partitions).items())


def now() -> int:
    """Return the present instant, µs UTC."""
    return time.time_ns() // 1_000
