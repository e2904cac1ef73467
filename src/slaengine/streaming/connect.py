"""From a URL to a Kafka: a cluster by either client, or one in memory."""

from __future__ import annotations

import os

from slaengine.streaming.memory import MemoryKafka
from slaengine.streaming.port import Kafka
from slaengine.streaming.settings import parse


def connect(url: str) -> Kafka:
    """Return the Kafka at `url`; nothing is sent to it yet.

    `HOST:PORT[,HOST:PORT…]` or `kafka://…` go by kafka-python, `kafka+confluent://…` by confluent-kafka, and
    `memory:NAME` is a cluster in this process, the same one for the same name.

    Raises:
        UsageError: the URL cannot be understood.
        MissingExtra: the client it asks for is not installed.
    """
    if url.startswith("memory:"):
        return MemoryKafka.named(url.removeprefix("memory:"))
    settings = parse(url, os.environ)
    if settings.client == "confluent":
        from slaengine.streaming.confluent import ConfluentKafka  # noqa: PLC0415 (an extra)

        return ConfluentKafka(settings)
    from slaengine.streaming.kafka_python import PythonKafka  # noqa: PLC0415 (half a second that a memory: URL need not pay)

    return PythonKafka(settings)
