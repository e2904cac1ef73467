"""Three brokers, two publishers, three workers: one after the other is taken away, and the stream goes on within seconds."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from stream_samples import Diary, Runs, assert_topic_is_the_log, fill_slowly, new_topic, opened, until, versions_of

from slaengine.storage.database import Database
from slaengine.streaming.connect import connect
from slaengine.streaming.publisher import Publisher
from slaengine.streaming.worker import Worker
from slaengine.testing.kafka import start_kafka

TAKEOVER_S = 15


@contextmanager
def on_its_own(service: Runs) -> Iterator[threading.Event]:
    """Run a service on a thread; set the event to stop it."""
    stop = threading.Event()
    thread = threading.Thread(target=service.run, args=(stop,))
    thread.start()
    try:
        yield stop
    finally:
        stop.set()
        thread.join(60)


@pytest.mark.deep
@pytest.mark.kafka
@pytest.mark.timeout(900)
@pytest.mark.parametrize("scheme", ["kafka", "kafka+confluent"])
def test_brokers_publishers_and_workers_are_replaced_within_seconds(scheme: str, tmp_path: Path) -> None:
    with start_kafka(3) as kafka:
        if kafka.cluster is None:
            pytest.skip(kafka.describe())
        topic, diary = new_topic(), Diary()
        url = f"{scheme}://{kafka.bootstrap}?replicas=3&partitions=6"
        with opened(f"sqlite:///{tmp_path / 'log.db'}") as log, closing(Database.open(f"sqlite:///{tmp_path / 'v.db'}")) as view:
            diary.create(view)
            facts = fill_slowly(log, 300, batch=200)
            publishers = [Publisher(log, connect(url), name, topic=topic) for name in "ab"]
            workers = [Worker(kafka=connect(url), database=view, view=diary, topic=topic) for _ in range(3)]

            def flows() -> float:
                """Record some facts; return how long the view took to have them."""
                next(facts)
                head, start = log.head().position, time.monotonic()
                until(lambda: sum(worker.status.done.handled for worker in workers) == head, 60)
                return time.monotonic() - start

            with (
                on_its_own(publishers[0]) as first_publisher,
                on_its_own(publishers[1]),
                on_its_own(workers[0]),
                on_its_own(workers[1]),
                on_its_own(workers[2]) as third_worker,
            ):
                flows()
                kafka.cluster.kill(1)
                taken = {"a leader killed": flows()}
                kafka.cluster.start(1)
                first_publisher.set()
                taken["a publisher stopped"] = flows()
                third_worker.set()
                taken["a worker stopped"] = flows()
                kafka.cluster.freeze(2)
                taken["a broker cut off"] = flows()
                kafka.cluster.thaw(2)
                flows()
            sys.stdout.write(f"{scheme}: {', '.join(f'{what} {seconds:.1f} s' for what, seconds in taken.items())}\n")
            assert max(taken.values()) < TAKEOVER_S, taken
            assert diary.pages(view) == versions_of(log)
            assert_topic_is_the_log(connect(url), topic, log)
