"""Which facts are due: each order's exactly once and in order of version, whatever the stream repeats or lacks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from uuid import UUID

from slaengine.streaming.streamed import StreamedFact


def verdict(version_handled: int, version: int) -> Literal["handle", "skip", "wait"]:
    """Tell what to do with fact number `version` of an order whose facts up to `version_handled` are handled."""
    if version <= version_handled:
        return "skip"
    return "handle" if version == version_handled + 1 else "wait"


@dataclass(slots=True)
class Sorted:
    """What became of some arrivals: `due` in the order to handle them, `early` to be held, `repeated` to forget."""

    due: list[StreamedFact] = field(default_factory=list)
    early: list[StreamedFact] = field(default_factory=list)
    repeated: int = 0
    versions: dict[UUID, int] = field(default_factory=dict)


def sort_out(
    arrivals: Iterable[StreamedFact],
    versions: Mapping[UUID, int],
    held: Mapping[UUID, Mapping[int, StreamedFact]],
    blocked: Collection[UUID],
) -> Sorted:
    """Sort arrivals, and what was held for their orders, by what is due.

    Args:
        arrivals: facts as they came.
        versions: the last version handled of each of their orders; 0 where there is none.
        held: for each order, the facts that wait, by version.
        blocked: orders with a fact that failed: nothing of them is due.
    """
    found, rest = _straight(arrivals, versions, held, blocked)
    waiting = {order_id: dict(facts) for order_id, facts in held.items()}
    for fact in rest:
        order_id, version = fact.order_id, fact.version
        handled = found.versions.get(order_id, versions.get(order_id, 0))
        if version <= handled or version in waiting.get(order_id, ()):
            found.repeated += 1
        elif order_id in blocked or verdict(handled, version) == "wait":
            found.early.append(fact)
            waiting.setdefault(order_id, {})[version] = fact
        else:
            found.due.append(fact)
            found.versions[order_id] = version
            if order_id in waiting:
                _follow_up(found, order_id, waiting[order_id])
    return found


def by_order(facts: Iterable[StreamedFact]) -> dict[UUID, list[StreamedFact]]:
    """Return the facts of each order, as they came."""
    found: dict[int, list[StreamedFact]] = defaultdict(list)
    for fact in facts:
        found[fact.order_id.int].append(fact)  # Python asks a UUID for its hash by a function, which takes longer than all this
    return {some[0].order_id: some for some in found.values()}


def _straight(
    arrivals: Iterable[StreamedFact],
    versions: Mapping[UUID, int],
    held: Mapping[UUID, Mapping[int, StreamedFact]],
    blocked: Collection[UUID],
) -> tuple[Sorted, list[StreamedFact]]:
    """Sort out the orders of which exactly the next facts have come, in order; return the arrivals of the others, too."""
    some = list(arrivals)
    found, others = Sorted(), set[int]()
    for order_id, facts in by_order(some).items():
        after = versions.get(order_id, 0)
        if (
            order_id in held
            or order_id in blocked
            or [fact.version for fact in facts] != [*range(after + 1, after + 1 + len(facts))]
        ):
            others.add(order_id.int)
        else:
            found.versions[order_id] = after + len(facts)
    if not others:
        found.due = some
        return found, []
    rest: list[StreamedFact] = []
    for fact in some:
        (rest if fact.order_id.int in others else found.due).append(fact)
    return found, rest


def _follow_up(found: Sorted, order_id: UUID, waiting: dict[int, StreamedFact]) -> None:
    """Add what waited for the fact that has just become due."""
    while (fact := waiting.pop(found.versions[order_id] + 1, None)) is not None:
        found.due.append(fact)
        found.versions[order_id] += 1
        if fact in found.early:
            found.early.remove(fact)
