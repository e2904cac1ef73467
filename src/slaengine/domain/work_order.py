"""The state of a work order that decisions need: its facts, and what they make it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from slaengine.domain import events
from slaengine.domain.events import Fact
from slaengine.domain.values import Status

NO_REASONS: frozenset[str] = frozenset()
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an order stands at one instant: its status, and the reasons it waits for (empty unless paused)."""

    status: Status = "absent"
    waits: frozenset[str] = NO_REASONS


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One work order: all its facts in the order they were recorded, and how it stands by the latest occurrence."""

    facts: tuple[Fact, ...] = ()
    standing: Standing = Standing()
    latest: datetime = LONG_AGO

    @property
    def version(self) -> int:
        """The number of facts recorded; 0 before the order exists."""
        return len(self.facts)

    @property
    def status(self) -> Status:
        """The status by the latest occurrence."""
        return self.standing.status

    @property
    def received(self) -> events.Received:
        """The fact the order began with; only for an order that exists."""
        first = self.facts[0]
        assert isinstance(first, events.Received)
        return first

    def standing_at(self, instant: datetime) -> Standing:
        """Return how the order stood at `instant`, ties included: judged by occurrence, whatever the order of arrival."""
        if instant >= self.latest:
            return self.standing
        return _fold(fact for i, fact in enumerate(self.facts) if i == 0 or fact.occurred_at <= instant)


INITIAL = WorkOrder()


def evolve(state: WorkOrder, fact: Fact) -> WorkOrder:
    """Return the order with one more fact. Never refuses: the fact already happened."""
    facts = (*state.facts, fact)
    if fact.occurred_at >= state.latest:
        return WorkOrder(facts, _after(state.standing, fact), fact.occurred_at)
    return WorkOrder(facts, _fold(facts), state.latest)


def fold(facts: Iterable[Fact]) -> WorkOrder:
    """Return the order that these facts make, first recorded first."""
    state = INITIAL
    for fact in facts:
        state = evolve(state, fact)
    return state


def _fold(facts: Iterable[Fact]) -> Standing:
    standing = Standing()
    for fact in in_order_of_occurrence(facts):
        standing = _after(standing, fact)
    return standing


def in_order_of_occurrence(facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts as they happened; ties in the order recorded; `Received` first, since it begins the order."""
    return sorted(facts, key=lambda fact: (not isinstance(fact, events.Received), fact.occurred_at))


def _after(standing: Standing, fact: Fact) -> Standing:
    match fact:
        case events.Received() | events.Reopened():
            return Standing("open")
        case events.Paused(reason=reason) if standing.status in ("open", "paused"):
            return Standing("paused", standing.waits | {reason})
        case events.Resumed(reason=reason) if standing.status == "paused":
            waits = standing.waits - {reason} if reason else NO_REASONS
            return Standing("paused", waits) if waits else Standing("open")
        case events.Resolved() if standing.status in ("open", "paused"):
            return Standing("resolved")
        case events.Closed() if standing.status in ("open", "paused", "resolved"):
            return Standing("closed")
        case events.Cancelled() if standing.status in ("open", "paused"):
            return Standing("cancelled")
        case events.Merged() if standing.status in ("open", "paused"):
            return Standing("merged")
        case _:
            return standing
