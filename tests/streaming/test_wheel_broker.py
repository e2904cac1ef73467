"""The broker from a wheel, for machines without Java: what it is good for is shown here, what it cannot prove is said aloud."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from stream_samples import Diary, assert_topic_is_the_log, fill, new_topic, opened, versions_of

from slaengine.streaming.connect import connect
from slaengine.streaming.publisher import Publisher
from slaengine.streaming.worker import Worker
from slaengine.testing.kafka import RunningKafka
from slaengine.testing.kafka_wheel import WheelKafka, wheel_binary


@pytest.fixture(scope="module")
def wheel() -> Iterator[WheelKafka]:
    if wheel_binary() is None:
        pytest.skip("no wheel with a broker is installed (pip install noida-db)")
    with WheelKafka() as broker:
        print(RunningKafka("wheel", broker.bootstrap).describe())  # noqa: T201 (said aloud)
        yield broker


@pytest.mark.parametrize("scheme", ["kafka", "kafka+confluent"])
def test_facts_go_through_it_and_into_a_view_once(scheme: str, wheel: WheelKafka) -> None:
    cluster, topic, diary = connect(f"{scheme}://{wheel.bootstrap}?replicas=1"), new_topic(), Diary()
    with opened() as log, opened() as other:
        fill(log, 20)
        Publisher(log, cluster, "p", topic=topic).run_once()
        assert_topic_is_the_log(cluster, topic, log)
        diary.create(other.database)
        for _ in range(2):
            Worker(kafka=cluster, database=other.database, view=diary, topic=topic, batch=30).run_once()
        assert diary.pages(other.database) == versions_of(log)
