from __future__ import annotations

from collections.abc import Iterator

import pytest

from slaengine.errors import StreamingError
from slaengine.streaming.connect import connect
from slaengine.streaming.memory import MemoryKafka
from slaengine.streaming.port import Kafka
from slaengine.testing.kafka import RunningKafka, start_kafka


@pytest.fixture(scope="session")
def kafka() -> Iterator[RunningKafka]:
    """One broker for the whole run; a test that kills it starts it again."""
    try:
        running = start_kafka()
        with running as broker:
            yield broker
    except StreamingError as error:
        pytest.skip(str(error))


@pytest.fixture(
    params=["memory", pytest.param("kafka", marks=pytest.mark.kafka), pytest.param("confluent", marks=pytest.mark.kafka)]
)
def cluster(request: pytest.FixtureRequest) -> Kafka:
    if request.param == "memory":
        return MemoryKafka()
    broker: RunningKafka = request.getfixturevalue("kafka")
    scheme = "kafka" if request.param == "kafka" else "kafka+confluent"
    return connect(f"{scheme}://{broker.bootstrap}?replicas=1")
