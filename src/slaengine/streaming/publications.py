"""Policies that are published in the stream: they are facts of the log, and travel with the others."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from slaengine.domain.codec import decode
from slaengine.domain.promises import PUBLICATIONS, PolicyPublished, Published
from slaengine.errors import UsageError
from slaengine.policies.book import PolicyBook
from slaengine.streaming.port import Kafka
from slaengine.streaming.streamed import StreamedFact
from slaengine.streaming.subscribe import subscribe

TOPICS = frozenset(kind.TOPIC for kind in PUBLICATIONS)


class Publications(NamedTuple):
    """What a topic's publications are, each with the µs at which it was recorded, and which messages they came in."""

    facts: tuple[tuple[Published, int], ...]
    ids: frozenset[tuple[UUID, int]]

    def book(self, topic: str) -> PolicyBook:
        """Return the book of the one policy that is published in `topic`.

        Raises:
            UsageError: none is, or several are.
            PolicyError: it cannot be used.
        """
        names = sorted({fact.name for fact, _ in self.facts if isinstance(fact, PolicyPublished)})
        if len(names) != 1:
            there = (
                f"several are published in topic {topic} ({', '.join(names)})" if names else f"none is published in topic {topic}"
            )
            raise UsageError(f"which policy? {there}; name one with --policy")
        return PolicyBook.published(names[0], self.facts)


def is_publication(fact: StreamedFact) -> bool:
    """Tell whether a fact publishes a policy, a calendar or holidays."""
    return fact.type in TOPICS


def publications(kafka: Kafka, topic: str) -> Publications:
    """Return what is published in the topic now. The whole topic is read for it, some 40,000 messages a second.

    Raises:
        StreamingError: Kafka cannot be used.
    """
    found = {
        (fact.order_id, fact.version): fact for fact in subscribe(kafka, topic=topic, until_end=True) if is_publication(fact)
    }
    in_order = sorted(found.values(), key=lambda fact: (fact.recorded_at, fact.source, fact.position))
    read = [(decode(fact.type, fact.state), fact.recorded_at) for fact in in_order]
    return Publications(tuple((fact, at) for fact, at in read if isinstance(fact, Published)), frozenset(found))
