"""What makes policies, calendars and holiday lists a store's own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from slaengine.domain.events import Fact
from slaengine.domain.promises import PolicyPublished, Published, Scope
from slaengine.engine.plan import refuse_future
from slaengine.engine.publishing import is_published, not_published, publication_id, publications_of
from slaengine.policies.book import PolicyBook
from slaengine.storage.log import Clock, FactLog
from slaengine.storage.mapper import Recorded
from slaengine.storage.recorder import own_errors
from slaengine.storage.work_orders import WorkOrders


class Adopting:
    """Publishes in a store."""

    log: FactLog
    clock: Clock
    work_orders: WorkOrders

    def publish(self, fact: Published) -> list[Fact]:
        """Record that a policy, calendar or holiday list was published; nothing when this version was, with the same contents.

        Raises:
            PolicyError: this version was published with other contents.
            FutureFact: it is said to be published later than now; `effective_from` may lie in the future.
            ConcurrencyError, StorageError: the store could not take it; sending it again is safe.
        """
        refuse_future(fact.occurred_at, self.clock())
        own_id = publication_id(type(fact), fact.name)
        with self.log.locked(), own_errors():
            before = self.work_orders.facts(own_id)
            if is_published(fact, before):
                return []
            self.work_orders.save(Recorded(own_id, len(before) + 1, fact))
        return [fact]

    def adopt(  # noqa: PLR0913 - the fields of the facts
        self,
        policy: PolicyBook | str | Path,
        *,
        by: str | None = None,
        channel: str | None = None,
        scope: Scope | None = None,
        effective_from: datetime | None = None,
        dry_run: bool = False,
    ) -> list[PolicyPublished]:
        """Make a policy the store's own: publish its versions that are not published yet, all or none, and return those facts.

        Done again it changes nothing. A version that is published stays as it was published.

        Args:
            policy: a shipped pack's name, a policy file, or a book that was read from one.
            by: who publishes it.
            channel: through what.
            scope: for the new versions, instead of their own.
            effective_from: when the new version comes into force, aware, instead of its own date.
            dry_run: publish nothing, only return what would be.

        Raises:
            UnknownPolicy: there is no such pack or file.
            PolicyError: the policy cannot be used, or one of its versions is published with other contents.
            UsageError: one `effective_from` for several new versions.
            ConcurrencyError, StorageError: the store could not take it; sending it again is safe.
        """
        book = PolicyBook.load(policy) if isinstance(policy, (str, Path)) else policy
        wanted = publications_of(book, self.clock(), by=by, channel=channel, scope=scope, effective_from=effective_from)
        own_id = publication_id(PolicyPublished, book.name)
        with self.log.locked(), own_errors():
            before = self.work_orders.facts(own_id)
            new = not_published(wanted, before)
            for version, fact in enumerate([] if dry_run else new, len(before) + 1):
                self.work_orders.save(Recorded(own_id, version, fact))
        return new
