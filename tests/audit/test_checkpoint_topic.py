"""Checkpoints in a topic: each once, in order, whatever Kafka refused before."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest
from audit_logs import NOON, ListLog, facts

from slaengine.audit.seal import SealFolder, seal
from slaengine.audit.signing import SigningKey
from slaengine.errors import StreamingError
from slaengine.streaming.checkpoints import CHECKPOINTS, CheckpointTopic
from slaengine.streaming.memory import MemoryDelivery, MemoryKafka, MemoryProducer
from slaengine.streaming.port import Message, Partition

KEY = SigningKey.new("example.org/orders")


@pytest.fixture
def kafka() -> MemoryKafka:
    return MemoryKafka.named(str(uuid.uuid4()))


@pytest.fixture
def notes(tmp_path: Path) -> list[str]:
    folder = SealFolder(tmp_path)
    for count in (3, 6, 9):
        with folder.opened(create=True) as so_far:
            made = seal(ListLog(facts(count)), so_far, KEY, NOON)
        assert made is not None
        folder.add(made.note)
    return folder.notes()


def there(kafka: MemoryKafka) -> list[str]:
    consumer = kafka.consumer()
    consumer.assign({Partition(CHECKPOINTS, 0): 0})
    return [(record.value or b"").decode() for record in consumer.poll(0, 100)]


def test_what_the_topic_lacks_is_sent_and_nothing_twice(kafka: MemoryKafka, notes: list[str]):
    assert CheckpointTopic(kafka).send(notes[:1]) == 1
    topic = CheckpointTopic(kafka)
    assert topic.send(notes) == 2
    assert topic.send(notes) == 0
    assert there(kafka) == notes


class Refusing(MemoryKafka):
    """Takes so many messages, and then none until it is mended."""

    takes = 1

    def producer(self) -> MemoryProducer:
        return RefusingProducer(self)


class RefusingProducer(MemoryProducer):
    def __init__(self, cluster: Refusing) -> None:
        super().__init__(cluster)
        self._refusing = cluster

    def send(self, messages: Sequence[Message]) -> MemoryDelivery:
        if not self._refusing.takes:
            raise StreamingError("no broker answers")
        self._refusing.takes -= 1
        return super().send(messages)


def test_what_was_refused_is_sent_when_kafka_takes_it_again(notes: list[str]):
    kafka = Refusing()
    topic = CheckpointTopic(kafka)
    with pytest.raises(StreamingError, match="no broker"):
        topic.send(notes)
    assert there(kafka) == notes[:1]
    kafka.takes = 9
    assert topic.send(notes) == 2
    assert there(kafka) == notes


def test_sealing_outlasts_a_kafka_that_is_not_there(tmp_path: Path):
    from slaengine.engine import SlaEngine
    from slaengine.storage.sealing import recorded_notes

    store = f"sqlite:///{tmp_path}/orders.db"
    KEY.save(tmp_path / "seal.key")
    words = (sys.executable, "-m", "slaengine", "audit", "seal", "--store", store, "--key", str(tmp_path / "seal.key"))
    words += ("--seal", str(tmp_path / "seal"), "--every", "0.01", "--kafka", "127.0.0.1:1")
    with SlaEngine.open(store) as engine:
        engine.receive(kind="repair", number="R-1")
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as sealing:
            try:
                assert sealing.stderr is not None
                said = next(line for line in sealing.stderr if "will be" in line or "in the log" in line)
                assert said
                engine.receive(kind="repair", number="R-2")
                while len(recorded_notes(engine.log)) < 2:
                    assert sealing.poll() is None
            finally:
                sealing.terminate()
    assert len(SealFolder(tmp_path / "seal").notes()) == 2
