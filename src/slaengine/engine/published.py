"""What is published in a store: read once, and gone on with when there is more."""

from __future__ import annotations

from typing import NamedTuple

from slaengine.domain.codec import decode
from slaengine.domain.promises import PUBLICATIONS, PolicyPublished, Published
from slaengine.policies.book import PolicyBook
from slaengine.storage.log import FactLog

MANY = 1_000
"""Publications read at a time."""
TOPICS = [kind.TOPIC for kind in PUBLICATIONS]


class _Seen(NamedTuple):
    """What stands in the log up to `position`; replaced whole, never changed, so that threads may share it."""

    position: int
    facts: tuple[tuple[Published, int], ...]
    books: dict[str, PolicyBook]


class PublishedPolicies:
    """The publications in a log, and the policy books they make."""

    def __init__(self, log: FactLog) -> None:
        self._log = log
        self._seen = _Seen(0, (), {})

    def facts(self) -> tuple[tuple[Published, int], ...]:
        """Return what is published now, in the log's order, each with the µs at which it was recorded."""
        return self._now().facts

    def names(self) -> list[str]:
        """Return the names of the published policies, sorted."""
        return sorted({fact.name for fact, _ in self.facts() if isinstance(fact, PolicyPublished)})

    def book(self, name: str) -> PolicyBook:
        """Return the book of a published policy, the same one until something further is published.

        Raises:
            UnknownPolicy: no policy of this name is published.
            PolicyError: it cannot be used.
        """
        seen = self._now()
        if name not in seen.books:
            seen.books[name] = PolicyBook.published(name, seen.facts)
        return seen.books[name]

    def _now(self) -> _Seen:
        seen, end = self._seen, self._log.head().position
        while seen.position < end:
            found = self._log.read(seen.position, MANY, topics=TOPICS, until=end)
            new = [(fact, one.recorded_at) for one in found if isinstance(fact := decode(one.topic, one.state), Published)]
            reached = end if len(found) < MANY else found[-1].position
            seen = _Seen(reached, (*seen.facts, *new), {} if new else seen.books)
            self._seen = seen
        return seen
