"""The publisher: the log to a topic, in the order of the log, one active at a time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field

from slaengine.errors import ConcurrencyError, LeaseLost, StorageError, StreamingError
from slaengine.storage.log import FactLog
from slaengine.streaming import tables
from slaengine.streaming.addresses import Addresses
from slaengine.streaming.backoff import Backoff
from slaengine.streaming.envelope import Envelope
from slaengine.streaming.lease import Grant, Lease
from slaengine.streaming.limits import LEASE_S
from slaengine.streaming.port import Kafka, Partition
from slaengine.streaming.recovery import resume_position
from slaengine.streaming.tenure import PublisherStatus, Tenure
from slaengine.streaming.topics import FACTS, ensure

log = logging.getLogger(__name__)


@dataclass
class Publisher:
    """Publishes one store's log to one topic.

    Any number may run; the lease lets one send. What it repeats after a crash, or what a holder sends that lost the lease
    without knowing, is always a fact that is there already, under the same `ce_id`: see docs/explanation/delivery.md.

    `holder` names this process for people. `source` names the log in the stream; None makes a name from its first fact.
    `personal` True lets personal fields through, as they stand in the log. `clock` counts seconds, monotonic.
    """

    facts: FactLog
    kafka: Kafka
    holder: str
    topic: str = FACTS
    source: str | None = None
    personal: bool = False
    lease_s: float = LEASE_S
    clock: Callable[[], float] = time.monotonic
    status: PublisherStatus = field(default_factory=PublisherStatus)

    def __post_init__(self) -> None:
        tables.create(self.facts.database)
        self._lease = Lease(self.facts.database, self.topic, self.holder, lease_s=self.lease_s, clock=self.clock)

    def run(self, stop: threading.Event) -> None:
        """Publish until `stop` is set. Troubles of Kafka or the store are waited out; `status.trouble` names the last one."""
        backoff = Backoff(stop)
        while not stop.is_set():
            published = self.status.published
            try:
                if not self._serve(stop):
                    stop.wait(self.lease_s / 10)
            except LeaseLost as lost:
                log.info("%s", lost)
            except (StreamingError, StorageError, ConcurrencyError) as error:
                self.status.trouble = str(error)
                log.warning("publishing waits: %s", error)
                if self.status.published > published:
                    backoff.reset()
                backoff.wait()

    def run_once(self) -> PublisherStatus:
        """Publish what the log holds now and return.

        Raises:
            StreamingError: Kafka does not take it, or another publisher is at work.
        """
        never, end = threading.Event(), self.clock() + 2 * self.lease_s
        while not self._serve(never, until_empty=True):
            if self.clock() > end:
                raise StreamingError(f"another publisher is at work on topic {self.topic}; it publishes what this one would")
            never.wait(self.lease_s / 10)
        return self.status

    def _serve(self, stop: threading.Event, *, until_empty: bool = False) -> bool:
        """Publish for as long as the lease lasts; False when somebody else has it, or there is nothing to publish yet."""
        self.status.head = self.facts.head().position
        if not self.status.head:
            return until_empty
        grant = self._lease.acquire()
        if grant is None:
            return False
        self.status.active = True
        try:
            self._hold(grant, stop, until_empty=until_empty)
        finally:
            self.status.active = False
        return True

    def _hold(self, grant: Grant, stop: threading.Event, *, until_empty: bool) -> None:
        position = grant.position
        try:
            ensure(self.kafka, self.topic)
            partitions = self.kafka.partitions(self.topic)
            source = self.source or source_of(self.facts)
            self.status.position = position = self._start(grant, partitions, source)
            log.info("publishing to %s from position %d", self.topic, position)
            addresses = Addresses(self.facts.database, partitions)
            envelope = Envelope(source, self.topic, personal=self.personal)
            tenure = Tenure(self.facts, addresses, envelope, self._lease, self.status, self.clock)
            try:
                with closing(self.kafka.producer()) as producer:
                    tenure.run(producer, stop, until_empty=until_empty)
            finally:
                position = self.status.position
        finally:
            with suppress(LeaseLost, StorageError, ConcurrencyError):
                self._lease.beat(position, release=True)

    def _start(self, grant: Grant, partitions: int, source: str) -> int:
        """Return the position to go on from."""
        with closing(self.kafka.consumer()) as consumer:
            ends = consumer.ends([Partition(self.topic, number) for number in range(partitions)])
        if not any(ends.values()):
            return 0
        if grant.position is None:
            return resume_position(self.kafka, self.facts, self.topic, source)
        if grant.position > self.status.head:
            raise StreamingError(
                f"topic {self.topic} has facts up to position {grant.position}, and the log ends at {self.status.head}: "
                "the store is an older copy; restore a newer one, or publish to a new topic"
            )
        return grant.position


def source_of(facts: FactLog) -> str:
    """Return the name under which a log stands in the stream: made from the hash of its first fact, so it stays the same.

    Raises:
        StreamingError: the log is empty.
    """
    first = facts.read(0, 1)
    if not first:
        raise StreamingError("the log is empty: there is nothing to publish yet")
    return f"urn:slaengine:log:{first[0].hash.hex()[:16]}"
