"""Two stores beside each other: their orders by number, and every clock whose verdict is not the same in both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from slaengine.audit.clocks import Clock
from slaengine.audit.replay import Replay
from slaengine.audit.whatif import Change, Changes, said_of

ByTarget = dict[tuple[str, int], Clock]


class Case(NamedTuple):
    """An order of a history: where it stands there, and its clocks by target and cycle."""

    bucket: int
    order: int
    clocks: ByTarget


def between(before: Replay, after: Replay, *, progress: Callable[[int], None] = lambda _: None) -> Changes:
    """Judge two histories and return what differs, orders matched by number; the clocks of one of them are held in memory.

    Raises:
        AuditError: a history is damaged.
        CalendarError: a calendar does not know the time that a limit reaches into.
    """
    found, known = Changes(), dict(_cases(before, progress))
    unlike: list[tuple[Replay, Case, ByTarget, ByTarget]] = []
    for number, case in _cases(after, lambda _: None):
        old = known.pop(number, None)
        _count(found, old.clocks if old else {}, case.clocks)
        if old is None or _verdicts(old.clocks) != _verdicts(case.clocks):
            unlike.append((after, case, old.clocks if old else {}, case.clocks))
    for case in known.values():
        _count(found, case.clocks, {})
        unlike.append((before, case, case.clocks, {}))
    for replay, case, old_clocks, new_clocks in unlike:
        found.changes.extend(_changes(replay, case, old_clocks, new_clocks))
    return found


def _cases(replay: Replay, progress: Callable[[int], None]) -> Iterator[tuple[str, Case]]:
    for replayed in replay.run(progress):
        table = replay.history.read(replayed.bucket, ("order", "number"))
        receipts = table.filter(table["number"].is_valid())
        numbers = dict(zip(receipts["order"].to_pylist(), receipts["number"].to_pylist(), strict=True))
        for order, clocks in replayed.clocks.by_order(replay.names):
            yield numbers[order], Case(replayed.bucket, order, {(clock.target, clock.cycle): clock for clock in clocks})


def _count(found: Changes, old: ByTarget, new: ByTarget) -> None:
    found.clocks += len({*old, *new})
    found.moved += sum(old[key].due != new[key].due for key in old.keys() & new.keys())
    for clocks, counter in ((old, found.before), (new, found.after)):
        counter.update((clock.target, clock.verdict) for clock in clocks.values())


def _verdicts(clocks: ByTarget) -> dict[tuple[str, int], str]:
    return {key: clock.verdict for key, clock in clocks.items()}


def _changes(replay: Replay, case: Case, old: ByTarget, new: ByTarget) -> Iterator[Change]:
    said = said_of(replay.history, replay.question, case.bucket, {case.order})[case.order]
    for key in sorted({*old, *new}):
        one, other = old.get(key), new.get(key)
        verdicts = (one.verdict if one else None, other.verdict if other else None)
        if verdicts[0] != verdicts[1]:
            yield Change(*said, *key, *verdicts, one.due if one else None, other.due if other else None)
