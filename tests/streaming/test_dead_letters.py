from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from stream_samples import Diary, fill, held_by, opened, records_of, versions_of

from slaengine.errors import UsageError
from slaengine.storage.log import FactLog
from slaengine.streaming import dead_letters
from slaengine.streaming.memory import MemoryKafka
from slaengine.streaming.port import Message, Partition
from slaengine.streaming.publisher import Publisher
from slaengine.streaming.streamed import StreamedFact
from slaengine.streaming.worker import Worker

FACTS = "slaengine.work-orders"


@pytest.fixture
def cluster() -> MemoryKafka:
    return MemoryKafka()


def streamed(log: FactLog, cluster: MemoryKafka) -> UUID:
    """Publish some orders; return one with at least five facts."""
    fill(log, 20)
    Publisher(log, cluster, "p").run_once()
    return next(order for order, versions in versions_of(log).items() if len(versions) >= 5)


def refuse(order_id: UUID, version: int) -> Callable[[StreamedFact], bool]:
    def refuses(fact: StreamedFact) -> bool:
        return (fact.order_id, fact.version) == (order_id, version)

    return refuses


def test_a_fact_that_fails_is_held_with_the_later_ones_of_its_order_and_the_others_go_on(cluster: MemoryKafka) -> None:
    diary = Diary()
    with opened() as log, opened() as view:
        order_id = streamed(log, cluster)
        diary.create(view.database).refuse = refuse(order_id, 3)
        worker = Worker(kafka=cluster, database=view.database, view=diary)
        worker.run_once()
        whole = versions_of(log)
        assert diary.pages(view.database) == whole | {order_id: [1, 2]}
        letters = dead_letters.listed(view.database)
        assert [(each.version, each.why) for each in letters] == [(3, "failed")] + [(v, "behind") for v in whole[order_id][3:]]
        assert letters[0].error is not None
        assert letters[0].error.startswith("ValueError at stream_samples.py:")
        assert "secret" not in letters[0].error
        copies = held_by(cluster, f"{FACTS}.dead-letters")
        assert [(each.order_id, each.version) for each in copies] == [(order_id, version) for version in whole[order_id][2:]]


def test_a_retry_works_the_order_off_in_order(cluster: MemoryKafka) -> None:
    diary = Diary()
    with opened() as log, opened() as view:
        order_id = streamed(log, cluster)
        diary.create(view.database).refuse = refuse(order_id, 3)
        worker = Worker(kafka=cluster, database=view.database, view=diary)
        worker.run_once()
        assert worker.processor.retry([order_id]).failed == 1
        diary.refuse = lambda _: False
        assert worker.processor.retry([order_id]).held == 0
        assert diary.pages(view.database) == versions_of(log)
        assert dead_letters.listed(view.database) == []
        worker.announcer.announce()
        assert len(records_of(cluster, f"{FACTS}.dead-letters")) == len(versions_of(log)[order_id]) - 2


def test_a_skip_leaves_one_fact_out_and_goes_on_with_those_behind_it(cluster: MemoryKafka) -> None:
    diary = Diary()
    with opened() as log, opened() as view:
        order_id = streamed(log, cluster)
        diary.create(view.database).refuse = lambda fact: (fact.order_id, fact.version) == (order_id, 3) and not fact.skipped
        worker = Worker(kafka=cluster, database=view.database, view=diary)
        worker.run_once()
        worker.processor.skip(order_id)
        assert diary.pages(view.database) == versions_of(log)
        assert dead_letters.listed(view.database) == []
        with pytest.raises(UsageError, match="nothing of work order"):
            worker.processor.skip(order_id)


def test_a_gap_is_waited_for_and_named_and_closed_by_the_fact_that_was_missing(cluster: MemoryKafka) -> None:
    diary = Diary()
    with opened() as log, opened() as view:
        order_id = streamed(log, cluster)
        missing = take_out(cluster, order_id, 2)
        worker = Worker(kafka=cluster, database=view.database, view=diary.create(view.database))
        worker.run_once()
        assert diary.pages(view.database)[order_id] == [1]
        assert {(each.why, each.waits_for) for each in dead_letters.listed(view.database)} == {("waiting", 2)}
        assert not cluster.partitions(f"{FACTS}.dead-letters"), "who waits has not failed"
        with cluster.changed:
            cluster.append(missing)
        worker.run_once()
        assert diary.pages(view.database) == versions_of(log)
        assert dead_letters.listed(view.database) == []


def test_a_gap_that_nobody_can_fill_can_be_skipped(cluster: MemoryKafka) -> None:
    diary = Diary()
    with opened() as log, opened() as view:
        order_id = streamed(log, cluster)
        take_out(cluster, order_id, 2)
        worker = Worker(kafka=cluster, database=view.database, view=diary.create(view.database))
        worker.run_once()
        worker.processor.skip(order_id)
        assert diary.pages(view.database) == versions_of(log)


def take_out(cluster: MemoryKafka, order_id: UUID, version: int) -> Message:
    """Remove a message as if it had never come, and return it."""
    wanted = f"{order_id}:{version}".encode()
    for partition, log in cluster.logs.items():
        for place, record in enumerate(log):
            if dict(record.headers).get("ce_id") == wanted and partition.topic == FACTS:
                log.pop(place)
                cluster.logs[Partition(FACTS, partition.number)] = [r._replace(offset=n) for n, r in enumerate(log)]
                return Message(FACTS, record.key, record.value, record.headers, partition.number)
    raise AssertionError("no such message")


@pytest.mark.parametrize("poison", [b"\x00\xff", b"", b"null", None])
def test_poison_bytes_in_the_middle_of_an_order_hold_the_rest_of_it_back(cluster: MemoryKafka, poison: bytes | None) -> None:
    diary = Diary()
    with opened() as log, opened() as view:
        order_id = streamed(log, cluster)
        replace_body(cluster, order_id, 2, poison)
        worker = Worker(kafka=cluster, database=view.database, view=diary.create(view.database))
        worker.run_once()
        assert diary.pages(view.database)[order_id] == [1]
        letters = dead_letters.listed(view.database)
        assert (letters[0].why, letters[0].version) == ("failed", 2)
        worker.processor.skip(order_id)
        assert diary.pages(view.database) == versions_of(log)
        assert dead_letters.listed(view.database) == []


def replace_body(cluster: MemoryKafka, order_id: UUID, version: int, body: bytes | None) -> None:
    wanted = f"{order_id}:{version}".encode()
    for log in cluster.logs.values():
        for place, record in enumerate(log):
            if dict(record.headers).get("ce_id") == wanted:
                log[place] = record._replace(value=body)


def test_a_newer_shape_of_a_known_fact_waits_for_an_upgrade(cluster: MemoryKafka) -> None:
    diary = Diary()
    with opened() as log, opened() as view:
        order_id = streamed(log, cluster)
        for records in cluster.logs.values():
            for place, record in enumerate(records):
                if dict(record.headers)["ce_id"] == f"{order_id}:2".encode():
                    newer = [(n, v.replace(b".v1", b".v9") if n == "ce_type" else v) for n, v in record.headers]
                    records[place] = record._replace(headers=newer)
        Worker(kafka=cluster, database=view.database, view=diary.create(view.database)).run_once()
        letters = dead_letters.listed(view.database)
        assert "upgrade" in (letters[0].error or "")
        assert diary.pages(view.database)[order_id] == [1]
