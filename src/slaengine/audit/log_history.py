"""A log read as a history, without a history being written: what judging asks for, straight from the store into columns.

The log is read in position; of each order only numbers are kept, some thirty bytes a fact. When that is too much, the orders
that begin further on are left to a next reading of the log from there on, so that memory stays bounded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from importlib.util import find_spec
from threading import Lock
from typing import TYPE_CHECKING
from uuid import UUID

import numpy as np

from slaengine.audit.columns import Shaped
from slaengine.audit.history import BUCKET
from slaengine.audit.history_schema import arrow, schema, sorted_table
from slaengine.audit.judging import Question
from slaengine.audit.log_tables import COLUMNS, Taken, table_of
from slaengine.audit.packed import Packed, PackedLog
from slaengine.audit.shapes import Shaper, stored
from slaengine.policies.book import PolicyBook
from slaengine.policies.compile import Compiled, compiled
from slaengine.policies.compiled import available

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK = 1 << 14
"""Facts read at a time."""
AHEAD = 2
"""Stretches read before they are needed."""
ORDERS_AT_ONCE = 1_000
"""Orders whose facts are read whole at a time."""
ROWS_MAX = 1 << 24
"""Facts behind which no more orders are begun with in one reading; some thirty bytes each."""
SHAPES_MAX = 1 << 20
"""The same of different facts, some hundred bytes each."""
EVERYWHERE = ("reason", "target", "version", "field", "value")
"""Fields that judging looks at under any policy: those of pauses, waivers and corrections."""


def log_history(log: PackedLog, question: Question, progress: Callable[[int], None] = lambda _: None) -> LogHistory | None:
    """Return the log as a history for this question; None where judging must look at facts whole, or nothing is compiled."""
    known = PolicyBook(question.book.name, question.book.layers).known_at(question.known_at)
    if not (available() and find_spec("pyarrow") and known.editions):
        return None
    tables = compiled(known)
    asked = _asked(tables)
    if (
        "place" in {condition.field for trigger in tables.triggers for condition in trigger.conditions}
        or not Shaped(tables).fits()
    ):
        return None
    return LogHistory(log, asked, tables.given_names, progress)


def _asked(tables: Compiled) -> set[str]:
    """Return the names of the fields that judging by these tables looks at."""
    conditions = {condition.field for trigger in tables.triggers for condition in trigger.conditions}
    told = {"place" if name in ("community", "building") else name.partition(".")[0] for name in tables.dimensions}
    return {*EVERYWHERE, *conditions, *told}


class LogHistory:
    """What `History` gives, for one question, of the facts that the log held when this was made. Safe for threads."""

    def __init__(
        self, log: PackedLog, asked: set[str], given: Sequence[str], progress: Callable[[int], None] = lambda _: None
    ) -> None:
        """Read `log` for the fields `asked` and the due times `given`; `progress` is told the positions reached."""
        self._log, self._asked, self._given, self._progress = log, asked, given, progress
        self._head: int = log.head().position
        self._alone = Lock()
        self._ready: dict[int, Taken] = {}

    def buckets(self) -> list[int]:
        """Return the buckets that orders may have begun in, ascending."""
        return list(range(-(-self._head // BUCKET)))

    def read(self, bucket: int, columns: Sequence[str] | None = None) -> pa.Table:
        """Return the facts of the orders in a bucket, as `History.read` does; `fields` holds what judging looks at.

        A bucket is held from when its part of the log was read until it was asked for, so they are best read in order.

        Raises:
            CorruptFact: a fact cannot be read.
            StorageError: the log cannot be read.
        """
        if columns is None or not set(columns) <= set(COLUMNS):
            return self.of_orders(bucket, self._begun_in(bucket), columns)
        with self._alone:
            if bucket not in self._ready:
                self._load(bucket)
            taken = self._ready.pop(bucket)
        return table_of(taken, columns)

    def of_orders(self, _: int, orders: Collection[int], columns: Sequence[str] | None = None) -> pa.Table:
        """Return whole facts of some orders, by the positions at which they began; as `read`, but slowly."""
        first = ((self._log.columns(position - 1, 1), position) for position in orders)
        begun = {facts.order_id[0]: position for facts, position in first if facts is not None}
        shaper, tables = Shaper(), [schema().empty_table()]
        for some in _slices(list(begun), ORDERS_AT_ONCE):
            found = self._log.facts_of_many([UUID(bytes=order_id) for order_id in some]).values()
            facts = [fact for facts in found for fact in facts if fact.position <= self._head]
            tables.append(shaper.table(stored(facts), begun))
        whole = sorted_table(arrow().concat_tables(tables).unify_dictionaries())
        return whole if columns is None else whole.select(list(columns))

    def _begun_in(self, bucket: int) -> list[int]:
        begun: dict[bytes, int] = {}
        for after, last in _stretches(bucket * BUCKET, min((bucket + 1) * BUCKET, self._head)):
            facts = self._log.columns(after, last - after)
            for position, order_id, version in zip(*facts[:3], strict=True) if facts else ():
                if version <= 1 and position <= last:
                    begun.setdefault(order_id, position)
        return list(begun.values())

    def _load(self, first: int) -> None:
        """Read the log from where a bucket begins: that bucket, and as many behind it as there is room for."""
        from slaengine.audit.cutter import Cutter  # noqa: PLC0415 (needs an extra)

        cutter = Cutter(self._asked, self._given)
        taken: list[Taken] = []
        rows, until = 0, self._head
        for after, packed in self._ahead(first * BUCKET):
            if after % BUCKET == 0 and until == self._head:
                if taken and (rows > ROWS_MAX or len(cutter.shapes) > SHAPES_MAX):
                    until = after
                else:
                    taken.append(Taken(cutter, []))
            found = cutter.read(packed, until)
            rows += len(found.order)
            of_bucket = (cutter.begun[found.order] - 1) // BUCKET - first
            for number in np.unique(of_bucket).tolist():
                taken[number].pieces.append(found.only(of_bucket == number))
            self._progress(after + packed.facts)
        self._ready.update(enumerate(taken, first))

    def _ahead(self, after: int) -> Iterator[tuple[int, Packed]]:
        """Yield the stretches of the log behind a position, each with the position before it, while the next one is read."""
        with ThreadPoolExecutor(1) as reader:
            waiting: deque[tuple[int, Future[Packed]]] = deque()
            for before, last in _stretches(after, self._head):
                waiting.append((before, reader.submit(self._log.packed, before, last)))
                if len(waiting) > AHEAD:
                    begun, packed = waiting.popleft()
                    yield begun, packed.result()
            for begun, packed in waiting:
                yield begun, packed.result()


def _stretches(after: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches to read at a time, as what they lie behind and where they end; none lies in two buckets."""
    while after < last:
        end = min(after + CHUNK, (after // BUCKET + 1) * BUCKET, last)
        yield after, end
        after = end


def _slices(items: list[bytes], size: int) -> Iterator[list[bytes]]:
    for first in range(0, len(items), size):
        yield items[first : first + size]
