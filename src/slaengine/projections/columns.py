"""Orders and clocks as columns: what figures are counted from, some ns an entry."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.signedinteger[Any]]
Flags = NDArray[np.bool_]

NEVER = np.iinfo(np.int64).min
"""Stands for None in a column of instants or lengths."""

NOT_STOPPED = 0
"""Stands for None in a column of minutes."""

MINUTE = 60_000_000

NO_CADENCE = -1
"""Stands for None in a column of cadences."""

VERDICTS = ("met", "missed", "running", "overdue", "waived", "cancelled")
"""A verdict's place in this tuple is its code in columns."""

MISSED, RUNNING, OVERDUE, WAIVED = (VERDICTS.index(name) for name in ("missed", "running", "overdue", "waived"))

STATUSES = ("open", "paused", "resolved", "closed", "cancelled", "merged")
"""A status's place in this tuple is its code in columns."""


SPANS = 96
"""Quarters of doublings from the first second or so on, up to half a year; what takes longer lies in the last."""
SECOND_OR_SO = 1 << 20
_BITS_KEPT = 21
"""Of the 23 bits of a number's fraction: the other two tell in which quarter of its doubling it lies."""
_FIRST = int(np.float32(SECOND_OR_SO).view(np.int32)) >> _BITS_KEPT


def marks(verdict: Ints, elapsed: Ints) -> NDArray[np.uint16]:
    """Return the mark of each clock: its verdict, and 6 × its span.

    The span, from 1 to `SPANS`, grows with the elapsed time; it is 0 for `NEVER`.
    """
    spans = (elapsed + SECOND_OR_SO).astype(np.float32).view(np.int32) >> _BITS_KEPT
    spans -= _FIRST - 1
    np.clip(spans, 1, SPANS, out=spans)
    spans[elapsed == NEVER] = 0
    spans *= len(VERDICTS)
    spans += verdict
    return spans.astype(np.uint16)


@dataclass(frozen=True, slots=True)
class Words:
    """A column of words: `words[codes[i]]` is the word of entry i; None stands for not known."""

    codes: Ints
    words: Sequence[str | None]

    @classmethod
    def of(cls, values: Sequence[str | None]) -> Words:
        """Return the column that holds `values`."""
        words = list(dict.fromkeys(values))
        places = {word: place for place, word in enumerate(words)}
        return cls(np.fromiter(map(places.__getitem__, values), np.int32, len(values)), words)

    def only(self, wanted: Flags) -> Words:
        """Return the column of those entries of which `wanted` is true."""
        return Words(self.codes[wanted], self.words)

    def at(self, places: Ints) -> Words:
        """Return the column of the entries at these places."""
        return Words(self.codes.take(places), self.words)

    def among(self, words: Collection[str | None]) -> Flags:
        """Return which entries hold one of `words`."""
        hit = np.array([word in words for word in self.words], np.bool_)
        return hit[self.codes] if len(self.codes) else np.zeros(0, np.bool_)

    def merged(self) -> Words:
        """Return the same column with each word standing once in `words`."""
        once = Words.of(self.words)
        return Words(once.codes[self.codes], once.words)


@dataclass(frozen=True, slots=True)
class OrderColumns:
    """One entry an order; all columns are of one length. Instants are µs UTC, `NEVER` for None.

    `seq` is its place in the tables. `day` is the local date of receipt as an ordinal, `ended` when it ceased to be open,
    `resolved` and `closed` when it was, as far as that stands. `matter` is its place and type (`recurrence.matter_of`). `covered`
    holds, comma-separated, the names of the targets that some rule lays on the order. `revisits_asked` counts the revisit
    clocks of its last resolution, `revisits_open` those not yet stopped; `revisited` is when a revisit followed it.
    `reopened` and `visits` count, `escalated` is the highest level. `came_back` is `recurrence.recurred` of these orders,
    where it is known. `latest`, `holds_from`, `last_recorded`, `valid_until`: as in `Entry`.
    """

    seq: Ints
    day: Ints
    received: Ints
    responded: Ints
    resolved: Ints
    closed: Ints
    revisited: Ints
    ended: Ints
    matter: Ints
    status: Ints
    reopened: Ints
    escalated: Ints
    visits: Ints
    revisits_asked: Ints
    revisits_open: Ints
    latest: Ints
    holds_from: Ints
    last_recorded: Ints
    valid_until: Ints
    covered: Words
    dimensions: Mapping[str, Words]
    came_back: Flags | None = None

    def __len__(self) -> int:
        return len(self.day)

    def stands(self, *statuses: str) -> Flags:
        """Return which orders stand at one of these statuses."""
        hit = np.array([status in statuses for status in STATUSES], np.bool_)
        return hit[self.status] if len(self) else np.zeros(0, np.bool_)

    def only(self, wanted: Flags) -> OrderColumns:
        """Return the orders of which `wanted` is true."""
        if wanted.all():
            return self
        places = np.flatnonzero(wanted)
        kept = {field.name: getattr(self, field.name) for field in fields(self)}
        kept = {name: column.take(places) if isinstance(column, np.ndarray) else column for name, column in kept.items()}
        kept["covered"], kept["came_back"] = self.covered.at(places), None
        kept["dimensions"] = {name: words.at(places) for name, words in self.dimensions.items()}
        return OrderColumns(**kept)


@dataclass(frozen=True, slots=True)
class ClockColumns:
    """One entry a clock. `order` is the entry of its order in the `OrderColumns` beside it.

    `verdict` is a code into `VERDICTS`, as judged without an end: a running clock may be overdue by now, or waived where a
    breach is `excused`. `due` and `elapsed` are µs, `NEVER` for None; `elapsed` is that of clocks that their fact stopped,
    `NEVER` for the others, and `stopped` is in which minute since 1970 (UTC) it did, `NOT_STOPPED` for the others: that tells
    the day in half of the room. `cadence` is the rule by which a daily clock goes on by itself when its due time has passed
    (`policies.daily`), `NO_CADENCE` for the others. `mark` is `marks(verdict, elapsed)`.
    """

    order: Ints
    target: Words
    verdict: Ints
    due: Ints
    elapsed: Ints
    stopped: Ints
    excused: Flags
    cadence: Ints
    mark: Ints

    def __len__(self) -> int:
        return len(self.order)

    def of(self, wanted: Flags) -> ClockColumns:
        """Return the clocks of the orders of which `wanted` is true, as entries of those orders alone."""
        if wanted.all():
            return self
        kept = self.at(np.flatnonzero(wanted[self.order]))
        return replace(kept, order=_places(wanted)[kept.order])

    def at(self, places: Ints) -> ClockColumns:
        """Return the clocks at these places."""
        columns = {name: getattr(self, name).take(places) for name in _CLOCK_ARRAYS}
        return ClockColumns(target=self.target.at(places), **columns)

    def late(self, as_of: int) -> Ints:
        """Return the places of the running clocks whose due instant has passed by `as_of` (µs UTC)."""
        running = np.flatnonzero(self.verdict == RUNNING)
        due = self.due[running]
        late: Ints = running[(due != NEVER) & (due < as_of)]
        return late

    def verdict_at(self, as_of: int) -> Ints:
        """Return the verdicts at `as_of` (µs UTC): a running clock is overdue once its due instant has passed.

        A daily one is missed then; the cycles that follow it are `Further`.
        """
        verdicts = self.verdict.copy()
        late = self.late(as_of)
        verdicts[late] = np.where(self.excused[late], WAIVED, np.where(self.cadence[late] != NO_CADENCE, MISSED, OVERDUE))
        return verdicts

    def further(self, as_of: int, deadlines: Deadlines) -> Further:
        """Return the clocks that began by `as_of` (µs UTC) by themselves, behind the daily ones of which these tell."""
        gone_on = np.flatnonzero(self.cadence != NO_CADENCE)
        gone_on = gone_on[self.due[gone_on] < as_of]
        cadences, due = self.cadence[gone_on], self.due[gone_on]
        missed, passed = np.zeros(len(gone_on), np.int64), {}
        for cadence in np.unique(cadences).tolist():
            its = cadences == cadence
            known = deadlines(cadence, int(due[its].min()), as_of)
            passed[cadence] = known[: np.searchsorted(known, as_of)]
            missed[its] = len(passed[cadence]) - np.searchsorted(passed[cadence], due[its], side="right")
        return Further(self.order[gone_on], self.target.at(gone_on), missed, due, cadences, passed)


Deadlines = Callable[[int, int, int], Ints]
"""Returns the deadlines of a cadence in `(after, until]`, ascending, µs UTC: `policies.daily.deadlines`."""


@dataclass(frozen=True, slots=True)
class Further:
    """Clocks that no row tells of: the cycles of daily clocks that ended and began by time alone, since their last row.

    One entry stands for `missed` clocks of an order and target that were missed, and one that runs. No breach of them is excused.
    Those missed were due at the deadlines of `cadence` behind `due` (µs UTC); `passed` has all of each cadence, ascending.
    """

    order: Ints
    target: Words
    missed: Ints
    due: Ints
    cadence: Ints
    passed: Mapping[int, Ints]

    @classmethod
    def none(cls) -> Further:
        """Return no clocks."""
        none = np.empty(0, np.int64)
        return cls(none.astype(np.int32), Words(none.astype(np.int32), ()), none, none, none, {})

    def of(self, wanted: Flags) -> Further:
        """Return the clocks of the orders of which `wanted` is true, as entries of those orders alone."""
        if wanted.all():
            return self
        kept = np.flatnonzero(wanted[self.order])
        return self.at(kept, _places(wanted)[self.order[kept]])

    def at(self, places: Ints, order: Ints) -> Further:
        """Return the entries at these places, as entries of these orders."""
        return Further(order, self.target.at(places), self.missed[places], self.due[places], self.cadence[places], self.passed)


@dataclass(frozen=True, slots=True)
class HeldColumns:
    """One entry an order and party that held it: for `held` µs, and since `since` (`NEVER`: no more). `order`: as for clocks."""

    order: Ints
    party: Words
    held: Ints
    since: Ints

    def of(self, wanted: Flags) -> HeldColumns:
        """Return the entries of the orders of which `wanted` is true, as entries of those orders alone."""
        if wanted.all():
            return self
        kept = wanted[self.order]
        return HeldColumns(_places(wanted)[self.order[kept]], self.party.only(kept), self.held[kept], self.since[kept])

    def held_at(self, as_of: int) -> Ints:
        """Return for how long, in µs, each party had held its order at `as_of` (µs UTC)."""
        going = self.since != NEVER
        return self.held + np.where(going, np.maximum(as_of - np.where(going, self.since, 0), 0), 0)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Orders, with their clocks and holders: all that figures are counted from.

    `further` are the clocks that began by time alone by the instant that is asked about.
    """

    orders: OrderColumns
    clocks: ClockColumns
    held: HeldColumns
    further: Further = field(default_factory=Further.none)

    def only(self, wanted: Flags) -> Sheet:
        """Return the sheet of the orders of which `wanted` is true."""
        return Sheet(self.orders.only(wanted), self.clocks.of(wanted), self.held.of(wanted), self.further.of(wanted))

    def at(self, as_of: int, deadlines: Deadlines) -> Sheet:
        """Return the sheet with what time alone has begun by `as_of` (µs UTC)."""
        return replace(self, further=self.clocks.further(as_of, deadlines))


def _places(wanted: Flags) -> Ints:
    places: Ints = np.cumsum(wanted, dtype=np.int32) - 1
    return places


def joined(columns: Sequence[Words]) -> Words:
    """Return columns of words as one, each word standing once."""
    places: dict[str | None, int] = {}
    codes = []
    for column in columns:
        here = np.array([places.setdefault(word, len(places)) for word in column.words], np.int32)
        codes.append(here[column.codes])
    return Words(np.concatenate(codes) if codes else np.empty(0, np.int32), list(places))


_CLOCK_ARRAYS = tuple(one.name for one in fields(ClockColumns) if one.name != "target")
