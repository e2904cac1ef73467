from __future__ import annotations

import uuid

import pytest
from sqlalchemy import delete
from stream_samples import assert_topic_is_the_log, fill, new_topic, opened, running, until

from slaengine.errors import LeaseLost, StreamingError
from slaengine.storage.log import FactLog
from slaengine.streaming import tables
from slaengine.streaming.lease import Lease
from slaengine.streaming.memory import MemoryKafka
from slaengine.streaming.port import Kafka
from slaengine.streaming.publisher import Publisher


def test_every_fact_of_the_log_arrives_once_and_in_order(cluster: Kafka, shared_store_url: str) -> None:
    topic = new_topic()
    with opened(shared_store_url) as log:
        count = fill(log, 100)
        status = Publisher(log, cluster, "p", topic=topic).run_once()
        assert (status.published, status.position, status.lag) == (count, count, 0)
        found = assert_topic_is_the_log(cluster, topic, log)
    assert len(found) == count
    assert len({fact.number for fact in found}) == 100


def test_publishing_goes_on_where_it_left_off(cluster: Kafka) -> None:
    topic = new_topic()
    with opened() as log:
        first = fill(log, 20, seed=1)
        Publisher(log, cluster, "p", topic=topic).run_once()
        more = fill(log, 20, seed=2)
        assert Publisher(log, cluster, "q", topic=topic).run_once().published == more
        assert len(assert_topic_is_the_log(cluster, topic, log)) == first + more


def test_a_lost_record_of_the_position_is_found_again_in_the_topic(cluster: Kafka) -> None:
    topic = new_topic()
    with opened() as log:
        first = fill(log, 60, seed=1)
        Publisher(log, cluster, "p", topic=topic).run_once()
        with log.database.writing() as connection:
            connection.execute(delete(tables.publishers))
        more = fill(log, 5, seed=2)
        assert Publisher(log, cluster, "p", topic=topic).run_once().published == more
        assert len(assert_topic_is_the_log(cluster, topic, log)) == first + more


def test_a_topic_that_was_made_anew_is_filled_from_the_start() -> None:
    with opened() as log:
        count = fill(log, 10)
        Publisher(log, MemoryKafka(), "p").run_once()
        fresh = MemoryKafka()
        assert Publisher(log, fresh, "p").run_once().published == count


def test_facts_recorded_while_it_runs_are_published_soon(cluster: Kafka) -> None:
    topic = new_topic()
    with opened() as log:
        publisher = Publisher(log, cluster, "p", topic=topic)
        with running(publisher):
            count = fill(log, 10)
            until(lambda: publisher.status.position == count)
            count += fill(log, 10, seed=2)
            until(lambda: publisher.status.position == count)
        assert len(assert_topic_is_the_log(cluster, topic, log)) == count


def test_only_one_publisher_is_active_and_the_other_takes_over_when_it_stops() -> None:
    cluster = MemoryKafka()
    with opened() as log:
        first, second = (Publisher(log, cluster, name, lease_s=0.5) for name in ("first", "second"))
        fill(log, 5)
        with running(second):
            with running(first):
                until(lambda: first.status.active or second.status.active)
                for seed in range(2, 6):
                    fill(log, 5, seed=seed)
                    assert not (first.status.active and second.status.active)
            until(lambda: second.status.position == log.head().position)
        assert first.status.published + second.status.published == log.head().position
        assert_topic_is_the_log(cluster, "slaengine.work-orders", log)


def test_a_silent_publisher_is_replaced_and_cannot_move_the_position_when_it_wakes() -> None:
    now = [0.0]
    with opened() as log:
        tables.create(log.database)
        sleeper, heir = (Lease(log.database, "t", name, lease_s=5, clock=lambda: now[0]) for name in ("sleeper", "heir"))
        assert sleeper.acquire() is not None
        sleeper.beat(10)
        assert heir.acquire() is None
        now[0] = 4.9
        assert heir.acquire() is None
        sleeper.beat(12)
        now[0] = 9
        assert heir.acquire() is None, "it beat in between"
        now[0] = 14.1
        grant = heir.acquire()
        assert grant is not None
        assert grant.position == 12
        heir.beat(30)
        with pytest.raises(LeaseLost):
            sleeper.beat(13)
        heir.beat(30, release=True)
        assert sleeper.acquire() is not None


def test_a_second_publisher_that_is_told_to_finish_says_who_is_in_the_way() -> None:
    with opened() as log:
        fill(log, 3)
        with running(Publisher(log, MemoryKafka(), "first", lease_s=0.2)) as _:
            until(lambda: log.database and _active(log))
            with pytest.raises(StreamingError, match="another publisher is at work"):
                Publisher(log, MemoryKafka(), "second", lease_s=0.6).run_once()


def _active(log: FactLog) -> bool:
    with log.database.reading() as connection:
        return bool(connection.execute(tables.publishers.select().where(tables.publishers.c.holder == "first")).first())


def test_a_store_older_than_the_topic_is_refused() -> None:
    cluster = MemoryKafka()
    with opened() as log, opened() as older:
        fill(log, 10)
        Publisher(log, cluster, "p").run_once()
        fill(older, 5)
        tables.create(older.database)
        with older.database.writing() as connection:
            connection.execute(
                tables.publishers.insert().values(topic="slaengine.work-orders", epoch=1, beat=1, position=log.head().position)
            )
        with pytest.raises(StreamingError, match="older copy"):
            Publisher(older, cluster, "p").run_once()


def test_an_empty_log_is_published_at_once() -> None:
    with opened() as log:
        assert Publisher(log, MemoryKafka(), str(uuid.uuid4())).run_once().published == 0
