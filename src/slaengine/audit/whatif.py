"""What if: the same history judged twice, by other policies or at other instants, and every clock whose verdict changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from slaengine.audit.clocks import VERDICTS, Clocks, Ints, Names
from slaengine.audit.history import History
from slaengine.audit.history_schema import arrow, moments_of
from slaengine.audit.judging import COLUMNS, Facts, Question
from slaengine.audit.replay import Replay, Replayed
from slaengine.policies.settle import settled
from slaengine.projections.columns import NEVER
from slaengine.projections.order_view import view_of

BREACHES = ("missed", "overdue")
TARGET_BITS, CYCLE_BITS = 8, 16
"""Of a clock's key: room for 256 targets and 65,536 cycles, beside 5 × 10^11 positions."""
ABSENT = -1


class Change(NamedTuple):
    """A clock whose verdict differs. A verdict is None where there is no such clock; due instants are µs, None for unknown."""

    order: str
    type: str | None
    team: str | None
    target: str
    cycle: int
    before: str | None
    after: str | None
    due_before: int | None
    due_after: int | None

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return self._asdict()


@dataclass
class Changes:
    """What differs.

    `before` and `after` count verdicts by target; `changes` lists the clocks whose verdict changes; `moved` counts those that
    are due at another time, whether their verdict changes or not.
    """

    clocks: int = 0
    moved: int = 0
    before: Counter[tuple[str, str]] = field(default_factory=Counter)
    after: Counter[tuple[str, str]] = field(default_factory=Counter)
    changes: list[Change] = field(default_factory=list)

    def cost(self) -> int:
        """Return how many more clocks are breached after than before; fewer is negative."""
        return _breaches(self.after) - _breaches(self.before)

    def by(self, *dimensions: str) -> list[dict[str, Any]]:
        """Return the changes counted by these fields of `Change` and by the two verdicts, most first."""
        counted: Counter[tuple[Any, ...]] = Counter(
            (*(getattr(change, name) for name in dimensions), change.before, change.after) for change in self.changes
        )
        names = (*dimensions, "before", "after")
        ranked = sorted(counted.items(), key=lambda entry: (-entry[1], str(entry[0])))
        return [{**dict(zip(names, key, strict=True)), "clocks": count, "cost": count * _cost(key)} for key, count in ranked]

    def totals(self) -> list[dict[str, Any]]:
        """Return each target's counts and breaches, before and after."""
        targets = dict.fromkeys(target for target, _ in (*self.before, *self.after))
        return [
            {
                "target": target,
                **{verdict: [self.before[target, verdict], self.after[target, verdict]] for verdict in VERDICTS},
                "cost": sum(self.after[target, verdict] - self.before[target, verdict] for verdict in BREACHES),
            }
            for target in targets
        ]


def what_if(
    history: History,
    before: Question,
    after: Question,
    *,
    workers: int | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Changes:
    """Judge a history by two questions, and return what differs; some buckets are held at a time.

    Raises:
        AuditError: the history is damaged.
        CalendarError: a calendar does not know the time that a limit reaches into.
    """
    one, other = Replay(history, before, workers), Replay(history, after, workers)
    targets = tuple(dict.fromkeys((*one.names.targets, *other.names.targets)))
    found = Changes()
    for old, new in zip(one.run(progress), other.run(), strict=True):
        pair = _Pair(_recoded(old, one.names, targets), _recoded(new, other.names, targets))
        pair.count(found, targets)
        found.changes.extend(_changes(history, after, old.bucket, pair, targets))
    return found


class _Pair:
    """The clocks of one bucket under both questions, matched by order, target and cycle."""

    def __init__(self, old: Clocks, new: Clocks) -> None:
        self.old, self.new = old, new
        old_keys, new_keys = _keys(old), _keys(new)
        self.keys = np.union1d(old_keys, new_keys)
        self.at_old, self.at_new = _places(old_keys, self.keys), _places(new_keys, self.keys)
        self.verdict_old, self.verdict_new = _taken(old.verdict, self.at_old, ABSENT), _taken(new.verdict, self.at_new, ABSENT)
        self.due_old, self.due_new = _taken(old.due, self.at_old, NEVER), _taken(new.due, self.at_new, NEVER)

    def count(self, found: Changes, targets: Sequence[str]) -> None:
        both = (self.at_old != ABSENT) & (self.at_new != ABSENT)
        found.clocks += len(self.keys)
        found.moved += int(np.sum(both & (self.due_old != self.due_new)))
        for clocks, counter in ((self.old, found.before), (self.new, found.after)):
            codes, counts = np.unique(clocks.target * len(VERDICTS) + clocks.verdict, return_counts=True)
            for code, count in zip(codes.tolist(), counts.tolist(), strict=True):
                counter[targets[code // len(VERDICTS)], VERDICTS[code % len(VERDICTS)]] += count

    def changed(self) -> Iterator[tuple[int, int, int, int, int, int, int]]:
        """Yield order, target, cycle, both verdicts and both due instants of every clock whose verdict differs."""
        for at in np.flatnonzero(self.verdict_old != self.verdict_new).tolist():
            key = int(self.keys[at])
            order, rest = divmod(key, 1 << TARGET_BITS + CYCLE_BITS)
            target, cycle = divmod(rest, 1 << CYCLE_BITS)
            verdicts = int(self.verdict_old[at]), int(self.verdict_new[at])
            yield order, target, cycle, *verdicts, int(self.due_old[at]), int(self.due_new[at])


def _changes(history: History, question: Question, bucket: int, pair: _Pair, targets: Sequence[str]) -> Iterator[Change]:
    changed = list(pair.changed())
    if not changed:
        return
    said = said_of(history, question, bucket, {order for order, *_ in changed})
    for order, target, cycle, before, after, due_before, due_after in changed:
        yield Change(*said[order], targets[target], cycle, _word(before), _word(after), _or_none(due_before), _or_none(due_after))


def said_of(history: Facts, question: Question, bucket: int, orders: set[int]) -> dict[int, tuple[str, str | None, str | None]]:
    """Return the number, type and team of some orders of a bucket."""
    table = history.read(bucket, COLUMNS)
    chosen = np.isin(table["order"].to_numpy(), np.fromiter(orders, np.int64, len(orders)))
    found = {}
    for order, moments in moments_of(table.filter(arrow().array(chosen))):
        view = view_of(settled(moments, None, question.known_at))
        found[order] = (view.number, view.type, view.team)
    return found


def _recoded(replayed: Replayed, names: Names, targets: Sequence[str]) -> Clocks:
    codes = np.array([targets.index(name) for name in names.targets] or [0], np.int64)
    clocks = replayed.clocks
    return clocks._replace(target=codes[clocks.target])


def _keys(clocks: Clocks) -> Ints:
    return (clocks.order << TARGET_BITS + CYCLE_BITS) | (clocks.target << CYCLE_BITS) | clocks.cycle


def _places(keys: Ints, wanted: Ints) -> Ints:
    """Return where each wanted key stands in `keys`; `ABSENT` where it does not."""
    if not len(keys):
        return np.full(len(wanted), ABSENT, np.int64)
    order = np.argsort(keys, kind="stable")
    at = np.minimum(np.searchsorted(keys, wanted, sorter=order), len(keys) - 1)
    places = order[at]
    return np.where(keys[places] == wanted, places, ABSENT).astype(np.int64)


def _taken(column: Ints, places: Ints, absent: int) -> Ints:
    if not len(column):
        return np.full(len(places), absent, np.int64)
    return np.where(places == ABSENT, absent, column[places]).astype(np.int64)


def _word(code: int) -> str | None:
    return None if code == ABSENT else VERDICTS[code]


def _or_none(value: int) -> int | None:
    return None if value == NEVER else value


def _breaches(counts: Counter[tuple[str, str]]) -> int:
    return sum(count for (_, verdict), count in counts.items() if verdict in BREACHES)


def _cost(key: tuple[Any, ...]) -> int:
    before, after = key[-2:]
    return int(after in BREACHES) - int(before in BREACHES)
