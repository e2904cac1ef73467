"""Replay: every order of a history judged again from its facts alone, bucket by bucket, on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
from slaengine.policies.waivers import Waivers
from slaengine.projections.columns import NEVER

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("order", "version", "fact", "occurred_at", "recorded_at", "fields", "own", "number", "due")
"""What is read of a history; `own` and `number` only where a policy or an order needs them."""
QUICK = ("order", "version", "fact", "occurred_at", "recorded_at", "fields", "due")


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


class Replay:
    """Judges the buckets of a history. The answers of compiled and interpreted judging are the same, by the same lines.

    Args:
        history: read only.
        question: by what to judge, and when.
        workers: threads; None takes as many as there are cores. What is compiled runs beside each other.
    """

    def __init__(self, history: History, question: Question, workers: int | None = None) -> None:
        self.history, self.question = history, question
        self._workers = workers or os.cpu_count() or 1
        self.names = names_of(question.book.known_at(question.known_at))

    def run(self, progress: Callable[[int], None] = lambda _: None) -> Iterator[Replayed]:
        """Yield the clocks of every bucket, in order of position; some buckets are held at a time, whatever there is.

        Raises:
            AuditError: the history is damaged.
            CalendarError: a calendar does not know the time that a limit reaches into.
        """
        facts = 0
        with ThreadPoolExecutor(self._workers) as pool:
            waiting = []
            buckets = iter(self.history.buckets())
            free = [Bench(self.question, self.names) for _ in range(self._workers)]
            for bucket in buckets:
                waiting.append(pool.submit(self._judge, bucket, free))
                if len(waiting) > self._workers:
                    done = waiting.pop(0).result()
                    facts += done.facts
                    progress(facts)
                    yield done
            for future in waiting:
                done = future.result()
                facts += done.facts
                progress(facts)
                yield done

    def _judge(self, bucket: int, free: list[Bench]) -> Replayed:
        bench = free.pop()
        try:
            return bench.judge(self.history, bucket)
        finally:
            free.append(bench)


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
        promises = [names.promises.index(rule.target.promise) for rule in self._compiled.rules]
        editions = [names.editions.index(edition.version.version) for edition in self._compiled.editions]
        self._promises, self._editions = np.array(promises, np.int64), np.array(editions, np.int64)

    def judge(self, history: History, bucket: int) -> Replayed:
        """Return the clocks of the bucket's orders."""
        needs_own = set(self._compiled.given_names) - {"due"}
        table = history.read(bucket, QUICK if self._quick and not needs_own else COLUMNS)
        prepared = self._preparer.prepare(table) if self._quick else None
        if prepared is None:
            whole = table if "own" in table.column_names else history.read(bucket, COLUMNS)
            return Replayed(bucket, table.num_rows, self._one_by_one(whole))
        parts = [self._compiled_clocks(table, prepared)]
        if prepared.special.any():
            whole = table if "own" in table.column_names else history.read(bucket, COLUMNS)
            parts.append(self._one_by_one(whole.filter(arrow().array(prepared.special))))
        return Replayed(bucket, table.num_rows, joined(parts))

    def _one_by_one(self, table: pa.Table) -> Clocks:
        """Judge orders from their moments: what the columns cannot say, and everything where nothing is compiled."""
        orders = moments_of(table)
        question = self._question
        judged = judge_many(question.book, [m for _, m in orders], as_of=question.as_of, known_at=question.known_at)
        return of_rows(((order, clocks) for (order, _), clocks in zip(orders, judged, strict=True)), self._names)

    def _compiled_clocks(self, table: pa.Table, prepared: Prepared) -> Clocks:
        if not len(prepared.order):
            return none()
        known, as_of = self._compiled, self._question.as_of
        first, last = int(prepared.times.min()), int(prepared.times.max())
        given = given_due(known, table, prepared.row[prepared.bounds[:-1]])
        columns = Columns(*prepared[:5], prepared.bounds, given, len(known.given_names))
        judged = judge_columns(
            lambda: known.promises(first, last if as_of is None else max(last, as_of)), known.reach_further, columns, as_of
        )
        clocks = self._clocks(judged, prepared)
        self._excuse(table, prepared, clocks, judged.rows[:, t.EDITION])
        return clocks

    def _clocks(self, judged: Judged, prepared: Prepared) -> Clocks:
        rows = judged.rows
        order = np.repeat(prepared.order, np.diff(judged.ends, prepend=0))
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

    def _excuse(self, table: pa.Table, prepared: Prepared, clocks: Clocks, edition: Ints) -> None:
        """Turn breaches that were excused into waived ones, for the few orders with waivers."""
        for order, waivers in _waivers(table, prepared):
            for at in range(*np.searchsorted(clocks.order, (order, order + 1)).tolist()):
                reasons = self._compiled.editions[edition[at]].version.waivers.reasons
                target = self._names.targets[clocks.target[at]]
                if clocks.raw[at] in BREACHED and waivers.cover(target, int(clocks.start[at]), reasons):
                    clocks.verdict[at] = WAIVED


def _waivers(table: pa.Table, prepared: Prepared) -> Iterator[tuple[int, Waivers]]:
    """Yield the waivers of the orders that have any, from the facts that count."""
    import pyarrow.compute as pc  # noqa: PLC0415 (an extra)

    counted = np.zeros(table.num_rows, np.bool_)
    counted[prepared.row] = True
    asked = pc.is_in(table["fact"].cast("string"), arrow().array(["waiver_approved", "waiver_refused"]))
    rows = table.filter(pc.and_(asked, arrow().array(counted)))
    if rows.num_rows:
        without = [name for name in ("own", "number") if name not in rows.column_names]
        for name in without:
            rows = rows.append_column(name, arrow().nulls(rows.num_rows, "string"))
        for order, moments in moments_of(rows):
            yield order, Waivers(moments)
