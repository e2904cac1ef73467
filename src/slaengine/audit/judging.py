"""Judging the buckets of a history: the compiled kernel over columns, and the long way for what columns cannot say."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from slaengine.audit.clocks import VERDICTS, Clocks, Ints, Names, joined, of_rows
from slaengine.audit.columns import CORRECTION, Shaped, codes, given_due, ints
from slaengine.audit.corrections import Rows, correct
from slaengine.audit.history_schema import moments_of
from slaengine.audit.layout import ALL, CLOCKS, DONE_WIDTH, EVER, KNOWN, LEARN, LONG, MANY, PART, ROWS, Desk, Source, room_for
from slaengine.audit.layout import Names as Coded
from slaengine.policies import tables as t
from slaengine.policies.book import PolicyBook
from slaengine.policies.clock import judge_many
from slaengine.policies.compile import compiled
from slaengine.policies.compiled import as_arrays, available

if TYPE_CHECKING:
    import pyarrow as pa

COLUMNS = ("order", "version", "fact", "occurred_at", "recorded_at", "fields", "own", "number", "due")
"""What judging orders one by one reads of a history."""
QUICK = ("order", "version", "fact", "occurred_at", "fields")
"""What judging by columns reads in any case."""
FACTS_AT_FIRST, CLOCKS_AT_FIRST = 256, 64
"""Room for one order; more is made when an order needs it."""
CLOCKS_AT_ONCE = 1 << 16
"""So many clocks are written before they are taken away."""
NO_COUNTS: Ints = np.empty((0, 0), np.int64)
"""Clocks are written, not counted."""


class Question(NamedTuple):
    """By what to judge, and when: as for `policies.clock.judge`, in µs."""

    book: PolicyBook
    as_of: int | None = None
    known_at: int | None = None


class Facts(Protocol):
    """What is judged: a history, or a log read as one."""

    def buckets(self) -> list[int]:
        """Return the buckets there are, ascending."""

    def read(self, bucket: int, columns: Sequence[str] | None = None, /) -> pa.Table:
        """Return the rows of the orders in a bucket, sorted by order and then as they happened."""

    def of_orders(self, bucket: int, orders: Collection[int], columns: Sequence[str] | None = None, /) -> pa.Table:
        """Return the rows of some of these orders, whole."""


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
        self._shaped = Shaped(self._compiled)
        self._quick = available() and bool(known.editions) and self._shaped.fits()
        further = ["recorded_at"] * (question.known_at is not None) + ["due"] * bool(self._compiled.given_names)
        further += ["own"] * bool(set(self._compiled.given_names) - {"due"})
        self._columns = (*QUICK, *further)
        self._desk = Desk.room(FACTS_AT_FIRST, CLOCKS_AT_FIRST, len(names.targets))
        self._clocks, self._done = room_for(CLOCKS_AT_ONCE), np.zeros(DONE_WIDTH, np.int64)
        self._rooms: dict[str, Ints] = {}

    def judge(self, history: Facts, bucket: int) -> tuple[int, Clocks]:
        """Return how many facts the bucket has, and its clocks."""
        pieces: list[Clocks] = []
        facts = self._judge(history, bucket, lambda clocks: pieces.append(_copied(clocks)), NO_COUNTS)
        return facts, joined(pieces)

    def count(self, history: Facts, bucket: int) -> tuple[int, Ints]:
        """Return how many facts the bucket has, and how many clocks by target and verdict (`VERDICTS`), as a table."""
        counts = np.zeros((len(self._names.targets), len(VERDICTS)), np.int64)
        facts = self._judge(history, bucket, lambda clocks: np.add.at(counts, (clocks.target, clocks.verdict), 1), counts)
        return facts, counts

    def _judge(self, history: Facts, bucket: int, told: Callable[[Clocks], None], counts: Ints) -> int:
        """Tell the bucket's clocks that are not counted, piece by piece, as they hold, and return how many facts it has."""
        if not self._quick:
            table = history.read(bucket, COLUMNS)
            told(self._one_by_one(table))
            return int(table.num_rows)
        table = history.read(bucket, self._columns)
        source = self._source(table)
        for clocks in self._compiled_clocks(source, counts):
            told(clocks)
        left = {*source.order[source.left_out[:-1]].tolist(), *source.order[self._done[ROWS] :].tolist()}
        if left:
            told(self._one_by_one(history.of_orders(bucket, left, COLUMNS)))
        return int(table.num_rows)

    def _one_by_one(self, table: pa.Table) -> Clocks:
        """Judge orders from their moments: what the columns cannot say, and everything where nothing is compiled."""
        orders, question = moments_of(table), self._question
        judged = judge_many(question.book, [m for _, m in orders], as_of=question.as_of, known_at=question.known_at)
        return of_rows(((order, clocks) for (order, _), clocks in zip(orders, judged, strict=True)), self._names)

    def _source(self, table: pa.Table) -> Source:
        """Return the bucket's rows as the loop takes them, corrections applied."""
        facts, fields = codes(table["fact"]), codes(table["fields"])
        order, occurred, known_at = ints(table["order"]), ints(table["occurred_at"]), self._question.known_at
        shape = self._room("shape", len(order)).view(np.int32)[: len(order)]
        self._shaped.shapes(facts, fields, shape)
        recorded = np.empty(0, np.int64) if known_at is None else self._own("recorded", ints(table["recorded_at"]))
        version = np.empty(0, np.int64)
        if facts.code(CORRECTION) >= 0:
            occurred, version = self._own("occurred", occurred), self._own("version", table["version"].to_numpy())
        left_out = correct(Rows(order, occurred, recorded, shape, version, facts, fields), self._shaped, known_at)
        given = given_due(self._compiled, table, order) if self._compiled.given_names else np.empty(0, np.int64)
        until = np.array([*left_out, len(order) + 1], np.int64)
        known = occurred if known_at is None else recorded
        return Source(order, occurred, known, shape, until, given, len(self._compiled.given_names))

    def _room(self, name: str, rows: int) -> Ints:
        """Return room for so many numbers, the same as the last time where it is enough: fresh memory costs more than its use."""
        if len(self._rooms.get(name, ())) < rows:
            self._rooms[name] = np.empty(rows, np.int64)
        return self._rooms[name][:rows]

    def _own(self, name: str, column: Any) -> Ints:
        """Return a copy that may be written to."""
        room = self._room(name, len(column))
        room[:] = column
        return room

    def _compiled_clocks(self, source: Source, counts: Ints) -> Iterator[Clocks]:
        """Judge the orders by the compiled kernel, but those that are left out, and yield clocks that hold until the next ones.

        It ends at row `_done[ROWS]`: before the last one when orders differ too much for tables to pay. With `counts`, clocks
        are counted there instead.
        """
        from slaengine.audit.loops import looping  # noqa: PLC0415 (needs an extra)

        question, known, done = self._question, self._compiled, self._done
        as_of, known_at = (EVER if at is None else at for at in (question.as_of, question.known_at))
        limits = np.array([as_of, known_at, t.NONE if question.as_of is None else question.as_of], np.int64)
        done[:], run = 0, looping()
        first, last = (int(source.occurred.min()), int(source.occurred.max())) if len(source.order) else (0, 0)
        answer = LEARN if len(source.order) else ALL
        while answer != ALL:
            shapes = self._shaped.arrays()
            if shapes is None or self._shaped.too_many():
                break
            promises = as_arrays(known.promises(first, last if question.as_of is None else max(last, question.as_of)))
            following = self._shaped.following()
            answer = run(promises, self._codes(), source, shapes, following, limits, self._desk, self._clocks, counts, done)
            if answer == LEARN:
                self._shaped.learn(int(done[KNOWN]), int(done[PART]))
            elif answer == MANY and done[CLOCKS]:
                yield self._judged()
            elif answer == MANY:
                self._clocks = room_for(len(self._clocks.order) * 2)
            elif answer in (LONG, t.FULL):
                self._desk = Desk.room(
                    len(self._desk.facts.times) * 2, len(self._desk.rows) // t.WIDTH * 2, len(self._names.targets)
                )
            elif answer < t.NO:
                known.reach_further(t.SHORT - answer)
        yield self._judged()

    def _judged(self) -> Clocks:
        """Return the clocks that stand, and make room for the next."""
        stand, self._done[CLOCKS] = int(self._done[CLOCKS]), 0
        return Clocks._make([column[:stand] for column in self._clocks])

    def _codes(self) -> Coded:
        """Return what the kernel's rules and editions are called."""
        known, names = self._compiled, self._names
        promises = [names.promises.index(rule.target.promise) for rule in known.rules]
        editions = [names.editions.index(edition.version.version) for edition in known.editions]
        repins = sorted(known.repins, key=lambda repin: repin[0])
        instants, editions_to = ([repin[n] for repin in repins] for n in (0, 1))
        columns = [np.array(column, np.int64) for column in (promises, editions, instants, editions_to)]
        return Coded(columns[0], columns[1], self._shaped.allowed(), columns[2], columns[3])


def _copied(clocks: Clocks) -> Clocks:
    return Clocks._make([column.copy() for column in clocks])
