from __future__ import annotations

from contextlib import closing
from itertools import islice

import pytest
from stream_samples import fill, first_versions, new_topic, opened, versions_of

from slaengine.domain import events
from slaengine.errors import UsageError
from slaengine.streaming.memory import MemoryKafka
from slaengine.streaming.port import Kafka, Message
from slaengine.streaming.publisher import Publisher
from slaengine.streaming.subscribe import subscribe


def test_a_program_reads_typed_facts_in_order_and_goes_on_where_it_was(cluster: Kafka) -> None:
    topic = new_topic()
    with opened() as log:
        fill(log, 30)
        Publisher(log, cluster, "p", topic=topic).run_once()
        facts = list(subscribe(cluster, topic=topic, until_end=True))
        assert first_versions(facts) == versions_of(log)
        assert {type(fact.fact) for fact in facts if fact.version == 1} == {events.Received}
        half = facts[: len(facts) // 2]
        after = {fact.partition: fact.offset for fact in half}
        rest = list(subscribe(cluster, topic=topic, after=after, until_end=True))
        assert [*half, *rest] == facts if len(after) == 1 else first_versions([*half, *rest]) == versions_of(log)


def test_a_group_goes_on_where_it_left_off(cluster: Kafka) -> None:
    topic = new_topic()
    with opened() as log:
        count = fill(log, 30)
        Publisher(log, cluster, "p", topic=topic).run_once()
        with closing(subscribe(cluster, topic=topic, group=topic)) as stream:
            first = list(islice(stream, count // 2))
        with closing(subscribe(cluster, topic=topic, group=topic)) as stream:
            second = list(islice(stream, count - len(first) + 1))
        assert first[-1] in second, "the last one was not finished, so it comes again"
        assert first_versions([*first, *second]) == versions_of(log)


def test_what_is_no_fact_is_passed_over() -> None:
    cluster = MemoryKafka()
    with opened() as log:
        count = fill(log, 3)
        Publisher(log, cluster, "p").run_once()
        with cluster.changed:
            cluster.append(Message("slaengine.work-orders", b"?", b"?", []))
        assert len(list(subscribe(cluster, until_end=True))) == count


def test_a_group_and_a_place_of_ones_own_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="either group"):
        next(subscribe(MemoryKafka(), group="g", until_end=True))
