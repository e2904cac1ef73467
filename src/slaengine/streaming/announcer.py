"""Dead letters for others to see: what a view holds back because of a failure, copied to the dead-letter topic in order.

The tables of the view are the truth: a dead letter is there in the same transaction that moves the offset. Its copy in the
topic follows, at least once.
"""

from __future__ import annotations

import logging
from contextlib import closing
from dataclasses import dataclass

from slaengine.errors import DeliveryFailed, StreamingError
from slaengine.storage.database import Database
from slaengine.streaming.ledger import HeldMessage, Ledger
from slaengine.streaming.limits import BLOCK_TIMEOUT_MS
from slaengine.streaming.port import Kafka, Message
from slaengine.streaming.topics import ensure

log = logging.getLogger(__name__)


@dataclass
class Announcer:
    """Copies one view's dead letters to `topic`. `pending`: there may be something to copy."""

    kafka: Kafka
    database: Database
    ledger: Ledger
    topic: str
    pending: bool = True

    def announce(self) -> None:
        """Copy what is not copied yet; when Kafka does not take it, it is tried again at the next call."""
        if not self.pending:
            return
        with self.database.reading() as connection:
            failed = self._unannounced(self.ledger.messages_held(connection))
        try:
            if failed:
                self._send(failed)
        except StreamingError as error:
            log.warning("dead letters are kept and not announced yet: %s", error)
        else:
            self.pending = False

    def _unannounced(self, messages: list[HeldMessage]) -> list[HeldMessage]:
        """Return failures, and what stands behind a failure of its order, not announced yet; what only waits is left out."""
        stuck = {message.order_id for message in messages if message.error is not None}
        return [message for message in messages if message.order_id in stuck and not message.announced]

    def _send(self, failed: list[HeldMessage]) -> None:
        ensure(self.kafka, self.topic)
        with closing(self.kafka.producer()) as producer:
            delivery = producer.send([self._copy(message) for message in failed])
            if not delivery.wait(BLOCK_TIMEOUT_MS / 1000):
                raise DeliveryFailed(f"Kafka did not acknowledge dead letters for {self.topic} in time")
        with self.database.writing() as connection:
            self.ledger.set_announced(connection, [message.record for message in failed])
        log.warning("%d messages went to %s; `slaengine dead-letters list` shows them", len(failed), self.topic)

    def _copy(self, message: HeldMessage) -> Message:
        record = message.record
        why = message.error or "waits behind an earlier fact of its work order that failed"
        headers = [
            *record.headers,
            ("slaengine_view", self.ledger.view.encode()),
            ("slaengine_error", why.encode()),
            ("slaengine_origin", f"{record.topic}/{record.partition}/{record.offset}".encode()),
        ]
        return Message(self.topic, record.key, record.value, headers)
