"""Judging the buckets of a history: the compiled kernel over columns, and the long way for what columns cannot say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from slaengine.audit.clocks import BREACHED, WAIVED, Clocks, Ints, Names, joined, none, of_rows
from slaengine.audit.columns import Prepared, Preparer, given_due
from slaengine.audit.history import History
from slaengine.audit.history_schema import arrow, moments_of
from slaengine.policies import tables as t
from slaengine.policies.book import PolicyBook
from slaengine.policies.clock import judge_many
from slaengine.policies.compile import compiled
from slaengine.policies.compiled import Columns, Judged, available, judge_columns
from slaengine.policies.moment import Moment
from slaengine.policies.prepare import Batch
from slaengine.policies.settle import settled
from slaengine.policies.waivers import Waivers
from slaengine.projections.columns import NEVER

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("order", "version", "fact", "occurred_at", "recorded_at", "fields", "own", "number", "due")
"""What judging orders one by one reads of a history."""
JUDGED = ("order", "version", "fact", "occurred_at", "recorded_at", "fields")
"""What of it judging looks at, where orders bring no due times."""
QUICK = ("order", "fact", "occurred_at", "fields")
"""What judging by columns reads in any case."""


class Question(NamedTuple):
    """By what to judge, and when: as for `policies.clock.judge`, in µs."""

    book: PolicyBook
    as_of: int | None = None
    known_at: int | None = None


class Replayed(NamedTuple):
    """The clocks of one bucket, and how many facts they were judged from."""

    bucket: int
    facts: int
    clocks: Clocks


def names_of(book: PolicyBook) -> Names:
    """Return the words behind the codes of a replay by this book."""
    promises = ("sla", "ola", "contract")
    return Names(book.target_names(), promises, list(dict.fromkeys(edition.version.version for edition in book.editions)))


class Bench:
    """What one worker judges with: its own tables, since they grow as orders of a new kind are met."""

    def __init__(self, question: Question, names: Names) -> None:
        book = PolicyBook(question.book.name, question.book.layers)
        known = book.known_at(question.known_at)
        self._question, self._names = question._replace(book=book), names
        self._compiled = compiled(known)
        self._preparer = Preparer(self._compiled, question.as_of, question.known_at)
        self._quick = available() and bool(known.editions) and self._preparer.fits()
        further = ["recorded_at"] * (question.known_at is not None) + ["due"] * bool(self._compiled.given_names)
        further += ["own"] * bool(set(self._compiled.given_names) - {"due"})
        self._columns = (*QUICK, *further)
        promises = [names.promises.index(rule.target.promise) for rule in self._compiled.rules]
        editions = [names.editions.index(edition.version.version) for edition in self._compiled.editions]
        self._promises, self._editions = np.array(promises, np.int64), np.array(editions, np.int64)

    def judge(self, history: History, bucket: int) -> Replayed:
        """Return the clocks of the bucket's orders."""
        if not self._quick:
            table = history.read(bucket, COLUMNS)
            return Replayed(bucket, table.num_rows, self._one_by_one(table))
        table = history.read(bucket, self._columns)
        prepared = self._preparer.prepare(table)
        if prepared is None:
            return Replayed(bucket, table.num_rows, self._one_by_one(history.read(bucket, COLUMNS)))
        parts = [self._compiled_clocks(table, prepared)]
        if prepared.special.any():
            whole = history.read(bucket, COLUMNS if self._compiled.given_names else JUDGED)
            parts.append(self._one_by_one(whole.filter(arrow().array(prepared.special))))
        return Replayed(bucket, table.num_rows, joined(parts))

    def _one_by_one(self, table: pa.Table) -> Clocks:
        """Judge orders from their moments: what the columns cannot say, and everything where nothing is compiled."""
        orders, question = moments_of(table), self._question
        if self._quick:
            try:
                return self._from_moments(orders)
            except OverflowError:  # more reasons to wait in one order than the compiled kernel has bits
                pass
        judged = judge_many(question.book, [m for _, m in orders], as_of=question.as_of, known_at=question.known_at)
        return of_rows(((order, clocks) for (order, _), clocks in zip(orders, judged, strict=True)), self._names)

    def _from_moments(self, orders: list[tuple[int, list[Moment]]]) -> Clocks:
        """Judge orders, prepared as live ones are, by the compiled kernel.

        Raises:
            OverflowError: an order has too many pause reasons for it.
        """
        known, as_of = self._compiled, self._question.as_of
        whole = [(order, settled(moments, as_of, self._question.known_at)) for order, moments in orders]
        whole = [(order, moments) for order, moments in whole if moments]
        batch = Batch(known)
        for _, moments in whole:
            batch.add(moments, moments[-1].occurred_at if as_of is None else as_of)
        columns = [np.array(column, np.int64) for column in (batch.times, batch.hits, batch.life, batch.detail, batch.profiles)]
        bounds, given = np.array(batch.bounds, np.int64), np.array(batch.given, np.int64)
        numbers = np.array([order for order, _ in whole], np.int64)
        excused = [(order, Waivers(moments)) for order, moments in whole]
        return self._judged(Columns._make([*columns, bounds, given, len(known.given_names)]), numbers, excused)

    def _compiled_clocks(self, table: pa.Table, prepared: Prepared) -> Clocks:
        given = given_due(self._compiled, table, prepared.row[prepared.bounds[:-1]])
        columns = Columns(*prepared[:5], prepared.bounds, given, len(self._compiled.given_names))
        return self._judged(columns, prepared.order, _waivers(table, prepared))

    def _judged(self, columns: Columns, orders: Ints, waivers: Iterable[tuple[int, Waivers]]) -> Clocks:
        """Return the clocks of these orders, judged by the compiled kernel, and excused where waivers say so."""
        if not len(orders):
            return none()
        known, as_of = self._compiled, self._question.as_of
        first, last = int(columns.times.min()), int(columns.times.max())
        judged = judge_columns(
            lambda: known.promises(first, last if as_of is None else max(last, as_of)), known.reach_further, columns, as_of
        )
        clocks = self._clocks(judged, orders)
        self._excuse(waivers, clocks, judged.rows[:, t.EDITION])
        return clocks

    def _clocks(self, judged: Judged, orders: Ints) -> Clocks:
        rows = judged.rows
        order = np.repeat(orders, np.diff(judged.ends, prepend=0))
        raw = rows[:, t.VERDICT]
        known = [np.where(rows[:, column] == t.NONE, NEVER, rows[:, column]) for column in (t.DUE, t.STOP, t.ELAPSED)]
        columns = (
            order,
            rows[:, t.TARGET],
            self._promises[rows[:, t.RULE] // t.RULE_WIDTH],
            self._editions[rows[:, t.EDITION]],
            rows[:, t.CYCLE],
            rows[:, t.START],
            *known,
            rows[:, t.EXCLUDED],
            raw,
            raw.copy(),
        )
        return Clocks._make(columns)

    def _excuse(self, excused: Iterable[tuple[int, Waivers]], clocks: Clocks, edition: Ints) -> None:
        """Turn breaches that were excused into waived ones, for the few orders with waivers."""
        for order, waivers in excused:
            if not waivers:
                continue
            for at in range(*np.searchsorted(clocks.order, (order, order + 1)).tolist()):
                reasons = self._compiled.editions[edition[at]].version.waivers.reasons
                target = self._names.targets[clocks.target[at]]
                if clocks.raw[at] in BREACHED and waivers.cover(target, int(clocks.start[at]), reasons):
                    clocks.verdict[at] = WAIVED


def _waivers(table: pa.Table, prepared: Prepared) -> Iterator[tuple[int, Waivers]]:
    """Yield the waivers of the orders that have any, from the facts that count."""
    asked = prepared.facts.rows(("waiver_approved", "waiver_refused"))
    counted = np.zeros(table.num_rows, np.bool_)
    counted[prepared.row] = True
    rows = asked[counted[asked]]
    for order, moments in moments_of(table.take(rows)) if len(rows) else ():
        yield order, Waivers(moments)
