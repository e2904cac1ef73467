"""When a command asks for nothing new: the same was recorded before, or what it asks is already so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slaengine.domain import events
from slaengine.domain.events import Fact
from slaengine.domain.work_order import Standing, WorkOrder

IDS = frozenset({"correlation_id", "causation_id"})
STAMP = IDS | {"occurred_at", "by", "channel"}


def recorded(fact: Fact, state: WorkOrder) -> bool:
    """Whether the very same thing was recorded before; correlation and causation do not make it another."""
    kind, occurred_at = type(fact), fact.occurred_at
    for old in state.facts:
        if type(old) is kind and old.occurred_at == occurred_at and _without(IDS, old) == _without(IDS, fact):
            return True
    return False


def already_so(fact: Fact, standing: Standing, state: WorkOrder) -> bool:
    """Whether the order, standing so when `fact` occurred, was already what the fact would make it."""
    rule = RULES.get(type(fact))
    return rule is not None and rule(fact, standing, state)


def _waits_already(fact: events.Paused, standing: Standing, _: WorkOrder) -> bool:
    return fact.reason in standing.waits


def _resumed_already(fact: events.Resumed, standing: Standing, state: WorkOrder) -> bool:
    """A wait that ended has ended; one that never was is not 'already so': its pause may be yet to come."""
    if fact.reason is None:
        return standing.status == "open" and state.last(fact.occurred_at, events.Paused) is not None
    if standing.status not in ("open", "paused") or fact.reason in standing.waits:
        return False
    pauses = (old for old in state.known if isinstance(old, events.Paused) and old.occurred_at <= fact.occurred_at)
    return any(old.reason == fact.reason for old in pauses)


def _classified_already(fact: events.Classified, standing: Standing, state: WorkOrder) -> bool:
    return standing.status in ("open", "paused", "resolved") and _same(fact, state.last(fact.occurred_at, events.Classified))


def _dispatched_already(fact: events.Dispatched, standing: Standing, state: WorkOrder) -> bool:
    """A refusal or a reopening ends an assignment: the same one afterwards is a new attempt."""
    latest = state.last(fact.occurred_at, events.Dispatched, events.Declined, events.Reopened)
    return standing.status in ("open", "paused") and _same(fact, latest)


def _ended_already(fact: Fact, standing: Standing, state: WorkOrder) -> bool:
    return standing.status == fact.NAME and _same(fact, state.last(fact.occurred_at, type(fact)))


RULES: dict[type[Fact], Callable[[Any, Standing, WorkOrder], bool]] = {
    events.Paused: _waits_already,
    events.Resumed: _resumed_already,
    events.Classified: _classified_already,
    events.Dispatched: _dispatched_already,
    events.Resolved: _ended_already,
    events.Closed: _ended_already,
    events.Cancelled: _ended_already,
    events.Merged: _ended_already,
}
"""How each fact can be already so; the others say something new each time, unless the very same was recorded."""


def _same(fact: Fact, old: Fact | None) -> bool:
    """Whether both are of one kind and say the same; who said it, when and where does not matter."""
    return type(old) is type(fact) and _without(STAMP, old) == _without(STAMP, fact)


def _without(names: frozenset[str], fact: Fact) -> dict[str, object]:
    return {name: value for name, value in fact.__dict__.items() if name not in names}
