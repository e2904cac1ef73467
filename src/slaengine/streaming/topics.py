"""The topics of the stream: their names, and what they are created with."""

from __future__ import annotations

from collections.abc import Collection

from slaengine.streaming.port import Kafka, TopicSpec
from slaengine.streaming.settings import KafkaSettings

FACTS = "slaengine.work-orders"
VERDICTS = "slaengine.verdicts"
COMMANDS = "slaengine.commands"
REPLIES = "slaengine.replies"

PARTITIONS = 6
"""Enough for six workers; chosen once, since another number would put an order's later facts elsewhere."""

KEPT_FOR_EVER = {"retention.ms": "-1", "cleanup.policy": "delete"}
"""Facts are history: a topic that forgets them cannot be replayed."""


def dead_letters_of(topic: str) -> str:
    """Return the name of the topic for what could not be handled from `topic`."""
    return f"{topic}.dead-letters"


def ensure(kafka: Kafka, *names: str) -> None:
    """Create those of these topics that are not there, with the number of partitions and replicas that the URL asks for."""
    settings: object = getattr(kafka, "settings", None)
    partitions, replicas = PARTITIONS, None
    if isinstance(settings, KafkaSettings):
        partitions, replicas = settings.partitions or PARTITIONS, settings.replicas
    kafka.ensure_topics(specs(names, partitions, replicas))


def specs(names: Collection[str], partitions: int = PARTITIONS, replicas: int | None = None) -> list[TopicSpec]:
    """Return what these topics are created with."""
    return [TopicSpec(name, partitions, replicas, KEPT_FOR_EVER) for name in names]
