"""Checkpoints of a sealed log in a topic: what the topic lacks is sent, however often it was refused before."""

from __future__ import annotations

import time
from collections.abc import Sequence

from slaengine.audit.check import read_note
from slaengine.errors import StreamingError
from slaengine.streaming.port import Kafka, Message, Partition, TopicSpec

CHECKPOINTS = "slaengine.checkpoints"
HEADERS = [("content-type", b"text/plain; charset=utf-8")]
TIMEOUT_S = 30
RECORDS_MAX = 500


class CheckpointTopic:
    """The topic of checkpoints, kept for ever, keyed by the log's name. Use one for as long as there are checkpoints to send.

    Args:
        kafka: asked for nothing yet.
        timeout_s: how long to wait for what the topic holds, and for each sending to be acknowledged.
    """

    def __init__(self, kafka: Kafka, timeout_s: float = TIMEOUT_S) -> None:
        self._kafka, self._timeout_s = kafka, timeout_s
        self._there: set[bytes] | None = None

    def send(self, notes: Sequence[str]) -> int:
        """Send those of these signed checkpoints that the topic lacks, in their order, and return how many they were.

        Raises:
            StreamingError: Kafka cannot be reached, or does not take them; what it did take is not sent again.
        """
        if self._there is None:
            self._kafka.ensure_topics([TopicSpec(CHECKPOINTS, 1, settings={"retention.ms": "-1"})])
            self._there = self._read()
        lacking = [note for note in notes if note.encode() not in self._there]
        if lacking:
            producer = self._kafka.producer()
            try:
                for note in lacking:
                    message = Message(CHECKPOINTS, read_note(note).origin.encode(), note.encode(), HEADERS)
                    if not producer.send([message]).wait(self._timeout_s):
                        raise StreamingError(f"Kafka did not take a checkpoint within {self._timeout_s:g} s")
                    self._there.add(note.encode())
            finally:
                producer.close()
        return len(lacking)

    def _read(self) -> set[bytes]:
        """Return what stands in the topic."""
        found: set[bytes] = set()
        consumer = self._kafka.consumer()
        try:
            begins = consumer.begins([Partition(CHECKPOINTS, n) for n in range(self._kafka.partitions(CHECKPOINTS))])
            ends = {partition: end for partition, end in consumer.ends(begins).items() if end > begins[partition]}
            if ends:
                consumer.assign({partition: begins[partition] for partition in ends})
            give_up = time.monotonic() + self._timeout_s
            while ends:
                for record in consumer.poll(1, RECORDS_MAX):
                    found.add(record.value or b"")
                    partition = Partition(record.topic, record.partition)
                    if record.offset + 1 >= ends.get(partition, 0):
                        ends.pop(partition, None)
                if ends and time.monotonic() > give_up:
                    raise StreamingError(f"Kafka did not show within {self._timeout_s:g} s what the topic {CHECKPOINTS} holds")
        finally:
            consumer.close()
        return found
