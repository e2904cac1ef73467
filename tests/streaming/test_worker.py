from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select
from stream_samples import Diary, fill, new_topic, opened, records_of, running, until, versions_of

from slaengine.errors import Overtaken
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog
from slaengine.streaming import tables
from slaengine.streaming.memory import MemoryKafka
from slaengine.streaming.port import Kafka, Message, Partition
from slaengine.streaming.processor import Processor, Stretch
from slaengine.streaming.publisher import Publisher
from slaengine.streaming.worker import Worker

FACTS = "slaengine.work-orders"


def published(log: FactLog, cluster: Kafka, topic: str, orders: int = 40) -> None:
    fill(log, orders)
    Publisher(log, cluster, "p", topic=topic).run_once()


def test_a_topic_becomes_a_view_each_fact_once(cluster: Kafka, shared_store_url: str) -> None:
    topic, diary = new_topic(), Diary()
    with opened() as log, closing(Database.open(shared_store_url)) as database:
        published(log, cluster, topic)
        worker = Worker(kafka=cluster, database=database, view=diary.create(database), topic=topic)
        count = log.head().position
        assert worker.run_once().done.handled == count
        assert diary.pages(database) == versions_of(log)
        assert worker.lag() == 0
        again = Worker(kafka=cluster, database=database, view=diary, topic=topic).run_once()
        assert again.done.handled == 0


def test_what_is_published_twice_is_handled_once() -> None:
    cluster, diary = MemoryKafka(), Diary()
    with opened() as log, opened() as other:
        published(log, cluster, FACTS)
        with log.database.writing() as connection:
            connection.execute(tables.publishers.update().values(position=7))
        Publisher(log, cluster, "p").run_once()
        status = Worker(kafka=cluster, database=other.database, view=diary.create(other.database)).run_once()
        assert status.done.handled == log.head().position
        assert status.done.repeated == log.head().position - 7
        assert diary.pages(other.database) == versions_of(log)


def test_three_workers_share_the_work_and_each_fact_is_handled_once(cluster: Kafka, tmp_path: Path) -> None:
    topic, diary = new_topic(), Diary()
    with opened() as log, closing(Database.open(f"sqlite:///{tmp_path / 'view.db'}")) as database:
        published(log, cluster, topic, 20)
        diary.create(database)
        workers = [Worker(kafka=cluster, database=database, view=diary, topic=topic, batch=50) for _ in range(3)]
        with running(*workers[:2]):
            until(lambda: sum(w.status.done.handled for w in workers) == log.head().position)
            with running(workers[2]):
                fill(log, 20, seed=2)
                Publisher(log, cluster, "p", topic=topic).run_once()
                until(lambda: sum(w.status.done.handled for w in workers) == log.head().position)
        assert diary.pages(database) == versions_of(log)


def test_a_worker_that_was_overtaken_changes_nothing() -> None:
    cluster, diary = MemoryKafka(), Diary()
    with opened() as log:
        published(log, cluster, FACTS)
        diary.create(log.database)
        tables.create(log.database)
        some = [record for record in records_of(cluster, FACTS) if record.partition == 0]
        stretch = {Partition(FACTS, 0): Stretch(some, None, len(some))}
        first, second = (Processor(log.database, diary, lambda: 0) for _ in range(2))
        first.take(stretch)
        before = diary.pages(log.database)
        with pytest.raises(Overtaken):
            second.take(stretch)
        assert diary.pages(log.database) == before


def test_a_view_that_lost_its_place_is_read_again_from_where_the_database_stands() -> None:
    """Kafka's own offsets are never believed: a restored view catches up from its own."""
    cluster, diary = MemoryKafka(), Diary()
    with opened() as log, opened() as view:
        published(log, cluster, FACTS)
        with running(worker := Worker(kafka=cluster, database=view.database, view=diary.create(view.database), group="g")):
            until(lambda: worker.status.done.handled == log.head().position)
        with view.database.writing() as connection:
            connection.execute(tables.offsets.update().values(next_offset=3))
            connection.execute(tables.versions.delete())
            connection.execute(diary.table.delete())
        with running(worker := Worker(kafka=cluster, database=view.database, view=diary, group="g")):
            fill(log, 5, seed=9)
            Publisher(log, cluster, "p").run_once()
            until(lambda: worker.lag() == 0)
        assert worker.status.done.handled + worker.status.done.held == log.head().position - 3 * 6


def test_an_unknown_type_is_passed_over_and_counted_and_the_order_goes_on() -> None:
    cluster, diary = MemoryKafka(), Diary()
    with opened() as log, opened() as view:
        published(log, cluster, FACTS, 5)
        retype(cluster, FACTS, b"slaengine.work_order.resolved.v1", b"slaengine.work_order.teleported.v1")
        status = Worker(kafka=cluster, database=view.database, view=diary.create(view.database)).run_once()
        assert status.done.passed_over > 0
        assert status.done.passed_over + status.done.handled == log.head().position
        assert diary.pages(view.database) == versions_of(log)
        with view.database.reading() as connection:
            counted = connection.execute(select(tables.passed_over.c.type, tables.passed_over.c.count)).all()
        assert counted == [("work_order.teleported.v1", status.done.passed_over)]


def retype(cluster: MemoryKafka, topic: str, old: bytes, new: bytes) -> None:
    for partition, log in cluster.logs.items():
        if partition.topic == topic:
            for place, record in enumerate(log):
                headers = [(name, new if value == old else value) for name, value in record.headers]
                log[place] = record._replace(headers=headers)


def test_two_views_in_one_database_read_for_themselves() -> None:
    cluster, first, second = MemoryKafka(), Diary("first"), Diary("second")
    with opened() as log, opened() as view:
        published(log, cluster, FACTS, 10)
        for diary in (first, second):
            Worker(kafka=cluster, database=view.database, view=diary.create(view.database)).run_once()
            assert diary.pages(view.database) == versions_of(log)


def test_a_foreign_message_without_an_order_is_a_dead_letter_and_the_rest_goes_on() -> None:
    cluster, diary = MemoryKafka(), Diary()
    with opened() as log, opened() as view:
        published(log, cluster, FACTS, 5)
        with cluster.changed:
            cluster.append(Message(FACTS, b"\xff", b"\x00poison", [], 0))
        worker = Worker(kafka=cluster, database=view.database, view=diary.create(view.database))
        status = worker.run_once()
        assert (status.done.failed, status.done.handled) == (1, log.head().position)
        assert worker.lag() == 0
        assert [r.value for r in records_of(cluster, f"{FACTS}.dead-letters")] == [b"\x00poison"]
