"""The state of a work order that decisions need: its facts, and what they make it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from slaengine.domain import events
from slaengine.domain.corrections import corrected
from slaengine.domain.events import Fact
from slaengine.domain.values import Status
from slaengine.errors import InvalidCommand

NO_REASONS: frozenset[str] = frozenset()
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Standing:
    """How an order stands at one instant: its status, and the reasons it waits for (empty unless paused)."""

    status: Status = "absent"
    waits: frozenset[str] = NO_REASONS


OPEN = Standing("open")


@dataclass(frozen=True, slots=True)
class WorkOrder:
    """One work order: its facts in the order they were recorded, and how it stands by the latest occurrence.

    `facts` are as they were recorded; `known` are the same ones, place by place, with all corrections applied.
    `latest` is the last instant at which any of them occurred.
    """

    facts: tuple[Fact, ...] = ()
    known: tuple[Fact, ...] = ()
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
        """The fact the order began with, as corrected; only for an order that exists."""
        first = self.known[0]
        assert isinstance(first, events.Received)
        return first

    def standing_at(self, instant: datetime) -> Standing:
        """Return how the order stood at `instant`, facts of that very instant included.

        Judged by occurrence, whatever the order of arrival. Before its receipt an order stands as just received:
        work may begin before the desk registers it.
        """
        if instant >= self.latest:
            return self.standing
        return _fold(fact for i, fact in enumerate(self.known) if i == 0 or fact.occurred_at <= instant)

    def last(self, instant: datetime, *kinds: type[Fact]) -> Fact | None:
        """Return the last fact of these kinds that occurred at or before `instant`; of a tie the one recorded last."""
        found: Fact | None = None
        for fact in self.known:
            if type(fact) in kinds and fact.occurred_at <= instant and (not found or fact.occurred_at >= found.occurred_at):
                found = fact
        return found


INITIAL = WorkOrder()


def evolve(state: WorkOrder, fact: Fact) -> WorkOrder:
    """Return the order with one more fact. Never refuses: the fact already happened."""
    facts = (*state.facts, fact)
    known = facts if state.known is state.facts else (*state.known, fact)
    if type(fact) is events.Corrected:
        known = _with_correction(known, fact)
        return WorkOrder(facts, known, _fold(known), max(one.occurred_at for one in known))
    if fact.occurred_at < state.latest:
        return WorkOrder(facts, known, _fold(known), state.latest)
    return WorkOrder(facts, known, _after(state.standing, fact), fact.occurred_at)


def fold(facts: Iterable[Fact]) -> WorkOrder:
    """Return the order that these facts make, first recorded first."""
    state = INITIAL
    for fact in facts:
        state = evolve(state, fact)
    return state


def in_order_of_occurrence(facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts as they happened; ties in the order recorded; `Received` first, since it begins the order."""
    return sorted(facts, key=lambda fact: (type(fact) is not events.Received, fact.occurred_at))


def _with_correction(known: tuple[Fact, ...], correction: events.Corrected) -> tuple[Fact, ...]:
    place = correction.version - 1
    try:
        right = corrected(known[place], correction)
    except (InvalidCommand, IndexError):
        return known  # recorded under other rules than today's: the fact stays as it was
    return (*known[:place], right, *known[place + 1 :])


def _fold(facts: Iterable[Fact]) -> Standing:
    standing = Standing()
    for fact in in_order_of_occurrence(facts):
        standing = _after(standing, fact)
    return standing


def _after(standing: Standing, fact: Fact) -> Standing:
    change = CHANGES.get(type(fact))
    return change(standing, fact) if change else standing


def _reopened(standing: Standing, _: events.Reopened) -> Standing:
    return standing if standing.status in ("open", "paused") else OPEN


def _paused(standing: Standing, fact: events.Paused) -> Standing:
    return Standing("paused", standing.waits | {fact.reason}) if standing.status in ("open", "paused") else standing


def _resumed(standing: Standing, fact: events.Resumed) -> Standing:
    if standing.status != "paused":
        return standing
    waits = standing.waits - {fact.reason} if fact.reason else NO_REASONS
    return Standing("paused", waits) if waits else OPEN


def _ended(status: Status, *before: Status) -> Callable[[Standing, Fact], Standing]:
    ended = Standing(status)
    return lambda standing, _: ended if standing.status in before else standing


CHANGES: dict[type[Fact], Callable[[Standing, Any], Standing]] = {
    events.Received: lambda _, __: OPEN,
    events.Reopened: _reopened,
    events.Paused: _paused,
    events.Resumed: _resumed,
    events.Resolved: _ended("resolved", "open", "paused"),
    events.Closed: _ended("closed", "open", "paused", "resolved"),
    events.Cancelled: _ended("cancelled", "open", "paused"),
    events.Merged: _ended("merged", "open", "paused"),
}
"""What each fact does to the standing; facts that are not here leave it as it is."""
