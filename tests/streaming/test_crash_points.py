"""Every point at which a publisher or a worker can die, hit on purpose: what comes after it finds nothing lost or doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from stream_samples import Diary, assert_topic_is_the_log, fill, opened, running, until, versions_of

from slaengine.storage.database import Database
from slaengine.streaming import tenure
from slaengine.streaming.lease import Lease
from slaengine.streaming.ledger import Ledger
from slaengine.streaming.memory import MemoryConsumer, MemoryDelivery, MemoryKafka, MemoryProducer
from slaengine.streaming.publisher import Publisher
from slaengine.streaming.reader import Reader
from slaengine.streaming.worker import Worker

FACTS = "slaengine.work-orders"
BATCH, WINDOW = 10, 3


class Died(BaseException):
    """The process is gone: nothing of it runs any more."""


class Death:
    """Kills at the n-th call of a method, before or after it does its work; from then on nothing that is watched works."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self.dead = False

    def watch(self, owner: type, name: str, at: int = 0, *, after: bool = False) -> None:
        real: Callable[..., Any] = getattr(owner, name)
        calls = iter(range(1, 1_000_000))

        def method(this: Any, *args: Any, **options: Any) -> Any:
            number = next(calls)
            if self.dead or (number == at and not after):
                self.dead = True
                raise Died
            result = real(this, *args, **options)
            if number == at:
                self.dead = True
                raise Died
            return result

        self._patch.setattr(owner, name, method)


PUBLISHER = {
    "before the first send": (MemoryProducer, "send", 1, False),
    "before a later send": (MemoryProducer, "send", 5, False),
    "after a send, before it is confirmed": (MemoryProducer, "send", 5, True),
    "before the confirmation is seen": (MemoryDelivery, "wait", 3, False),
    "after the confirmation, before the position is stored": (MemoryDelivery, "wait", 3, True),
    "before the position is stored": (Lease, "beat", 4, False),
    "after the position is stored": (Lease, "beat", 4, True),
    "when it has just taken the lease": (Lease, "acquire", 1, True),
    "when it has just looked at the topic": (MemoryConsumer, "ends", 1, True),
}


@pytest.mark.parametrize("point", PUBLISHER)
def test_a_publisher_that_dies_is_followed_by_one_that_repeats_little_and_leaves_nothing_out(
    point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenure, "PUBLISH_BATCH", BATCH)
    monkeypatch.setattr(tenure, "PUBLISH_READ", 2 * BATCH + 1)
    monkeypatch.setattr(tenure, "PUBLISH_WINDOW", WINDOW)
    monkeypatch.setattr(tenure, "POSITION_EVERY_S", 0)
    cluster = MemoryKafka()
    with opened() as log:
        count = fill(log, 20)
        with monkeypatch.context() as dying:
            death = Death(dying)
            owner, name, at, after = PUBLISHER[point]
            death.watch(owner, name, at, after=after)
            if owner is not Lease or name != "beat":
                death.watch(Lease, "beat")
            with pytest.raises(Died):
                Publisher(log, cluster, "mortal").run_once()
        Publisher(log, cluster, "heir", lease_s=0.05).run_once()
        found = assert_topic_is_the_log(cluster, FACTS, log)
        assert len(found) - count <= BATCH * (WINDOW + 1)


WORKER = {
    "with records in hand": (Reader, "_take", 1, False),
    "before the offset is moved": (Ledger, "move", 3, False),
    "after the offset is moved, before the view": (Ledger, "move", 3, True),
    "in the middle of the view": (Diary, "handle", 2, False),
    "after the view, before the transaction ends": (Ledger, "set_versions", 2, True),
    "after the transaction, before Kafka is told": (MemoryConsumer, "commit", 2, False),
    "after Kafka was told": (MemoryConsumer, "commit", 2, True),
    "while it is sent back to its place": (MemoryConsumer, "seek", 1, False),
}


@pytest.mark.parametrize("point", WORKER)
def test_a_worker_that_dies_is_followed_by_one_that_handles_the_rest_once(
    point: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cluster, diary = MemoryKafka(), Diary()
    with opened() as log, closing(Database.open(f"sqlite:///{tmp_path / 'view.db'}")) as database:
        fill(log, 20)
        Publisher(log, cluster, "p").run_once()
        diary.create(database)
        with monkeypatch.context() as dying:
            owner, name, at, after = WORKER[point]
            Death(dying).watch(owner, name, at, after=after)
            worker = Worker(kafka=cluster, database=database, view=diary, batch=30)
            with pytest.raises(Died):
                worker.run(threading.Event())
        with running(heir := Worker(kafka=cluster, database=database, view=diary, batch=30)):
            until(lambda: heir.lag() == 0)
        assert diary.pages(database) == versions_of(log)


def test_partitions_that_move_to_another_worker_between_reading_and_storing_are_stored_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A rebalance falls between the poll and the transaction: the one that lost the partition stores nothing of it."""
    cluster, diary = MemoryKafka(), Diary()
    with opened() as log, closing(Database.open(f"sqlite:///{tmp_path / 'view.db'}")) as database:
        fill(log, 20)
        Publisher(log, cluster, "p").run_once()
        diary.create(database)
        slow, quick = (Worker(kafka=cluster, database=database, view=diary, batch=30) for _ in range(2))
        real = Worker.take
        overtaken = []

        def take(this: Worker, stretches: Any) -> Any:
            if this is slow and not overtaken:
                overtaken.append(True)
                quick.run_once()
            return real(this, stretches)

        monkeypatch.setattr(Worker, "take", take)
        with running(slow):
            until(lambda: overtaken and slow.lag() == 0)
        assert diary.pages(database) == versions_of(log)
        assert quick.status.done.handled == log.head().position
        assert slow.status.done.handled == 0
