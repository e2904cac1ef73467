"""One publisher's tenure: from taking the lease to losing or returning it, it moves the log to the topic."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from slaengine.errors import DeliveryFailed
from slaengine.garbage import searched_seldom
from slaengine.storage.bulk import chunks
from slaengine.storage.fact_rows import LogRow, log_after
from slaengine.storage.log import FactLog
from slaengine.streaming.addresses import Addresses
from slaengine.streaming.envelope import Address, Envelope
from slaengine.streaming.lease import Lease
from slaengine.streaming.limits import DELIVERY_TIMEOUT_S, IDLE_S, POSITION_EVERY_S, PUBLISH_BATCH, PUBLISH_READ, PUBLISH_WINDOW
from slaengine.streaming.port import Delivery, Producer


@dataclass(slots=True)
class PublisherStatus:
    """How it stands. `position` is the last one acknowledged, `head` the end of the log, `trouble` what went wrong last."""

    active: bool = False
    published: int = 0
    position: int = 0
    head: int = 0
    trouble: str | None = None

    @property
    def lag(self) -> int:
        """Facts in the log that are not acknowledged yet."""
        return max(0, self.head - self.position)


@dataclass(slots=True)
class Tenure:
    """Sends from `status.position` on, with a bounded number of batches on their way at a time."""

    facts: FactLog
    addresses: Addresses
    envelope: Envelope
    lease: Lease
    status: PublisherStatus
    clock: Callable[[], float]
    _read: deque[Sequence[LogRow]] = field(default_factory=deque)
    _where: Mapping[bytes, Address] = field(default_factory=dict)
    _on_the_way: deque[tuple[int, int, Delivery]] = field(default_factory=deque)
    _beaten: float = 0.0

    def run(self, producer: Producer, stop: threading.Event, *, until_empty: bool) -> None:
        """Send until `stop` is set, or with `until_empty` until the log's end is acknowledged.

        Raises:
            DeliveryFailed: a batch was refused or not acknowledged in time; begin again with a new producer.
            LeaseLost: another publisher has taken over.
        """
        with searched_seldom():
            self._move(producer, stop, until_empty=until_empty)
            while self._on_the_way:
                self._confirm()

    def _move(self, producer: Producer, stop: threading.Event, *, until_empty: bool) -> None:
        read_to = self.status.position
        while not stop.is_set():
            sent_to = self._send(producer, read_to) if len(self._on_the_way) < PUBLISH_WINDOW else read_to
            if sent_to > read_to:
                read_to = sent_to
            elif self._on_the_way:
                self._confirm()
            elif until_empty:
                break
            else:
                self._beat_if_due()
                stop.wait(IDLE_S)

    def _send(self, producer: Producer, after: int) -> int:
        """Hand the next batch to the client; return the position it goes to, or `after` when there is none."""
        if not self._read:
            with self.facts.database.reading() as connection:
                found = log_after(connection, after, PUBLISH_READ)
                self._where = self.addresses.of(fact[1] for fact in found)
            self._read = deque(chunks(found, PUBLISH_BATCH))
        if not self._read:
            return after
        facts = self._read.popleft()
        messages = self.envelope.messages(facts, self._where)
        position = facts[-1][0]
        self.status.head = max(self.status.head, position)
        self._beat_if_due()
        self._on_the_way.append((position, len(messages), producer.send(messages)))
        return position

    def _confirm(self) -> None:
        position, count, delivery = self._on_the_way[0]
        if not delivery.wait(DELIVERY_TIMEOUT_S):
            raise DeliveryFailed(f"Kafka did not acknowledge a message within {DELIVERY_TIMEOUT_S:.0f} s")
        self._on_the_way.popleft()
        self.status.position, self.status.trouble = position, None
        self.status.published += count
        self._beat_if_due()

    def _beat_if_due(self) -> None:
        """Store the position now and then; before sending, so that a holder that slept finds out whether it still is one."""
        if self.clock() - self._beaten >= min(POSITION_EVERY_S, self.lease.lease_s / 5):
            self.lease.beat(self.status.position)
            self._beaten = self.clock()
