"""Reading the read models: columns for figures, and the orders that a question is about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from uuid import UUID

import numpy as np
from sqlalchemy import ColumnElement, Connection, and_, false, or_, select, true

from slaengine.garbage import searched_seldom
from slaengine.policies.compiled import available
from slaengine.policies.compiled import loaded as kernel_loaded
from slaengine.projections.case_file import CaseFile
from slaengine.projections.columns import NEVER, Flags, OrderColumns, Sheet
from slaengine.projections.entry import Entry, Judge, judge_of
from slaengine.projections.gather import tile_of_entries
from slaengine.projections.groups import stored_dimensions
from slaengine.projections.restatement import RestatedOrder, restated_order
from slaengine.projections.sheets import side_by_side, with_instead
from slaengine.projections.tile import Tile
from slaengine.storage.bulk import chunks
from slaengine.storage.database import Database
from slaengine.storage.kept import kept_sheets
from slaengine.storage.kernel_code import compiled_before
from slaengine.storage.read_models import IDS_A_STATEMENT
from slaengine.storage.read_models_schema import Generation

FILES_AT_ONCE = 2_000
"""Case files judged at a time at the asking: it bounds the memory that a question about the past takes."""

LOADED_ORDERS_MIN = 3_000
"""Orders to be judged at the asking that pay for loading the compiled kernel, half a second or so, if it was compiled before."""

Instants = tuple[int, int | None]
"""`as_of` and `known_at` of a question, µs UTC."""


class Figures:
    """What one build of the read models says, at any two times."""

    def __init__(self, database: Database, judge: Judge, tables: Generation) -> None:
        self.database, self.judge, self.tables = database, judge, tables

    @contextmanager
    def sheet(self, as_of: int, known_at: int | None, by: Sequence[str]) -> Iterator[Sheet]:
        """Give the orders received by `as_of`, with their clocks, as known at `known_at` (µs UTC; None: all that is known).

        The orders carry the dimensions that grouping `by` reads. What is kept of an order is used if it holds for these
        instants; else the order is judged from its case file. The sheet holds for the length of the block, in which other
        threads wait for theirs. Not to be called within a transaction.
        """
        names = stored_dimensions(by)
        with searched_seldom(), kept_sheets(self.database).of(self.tables) as kept:
            with self.database.reading(steady=True) as connection:
                newer = partial(self._expired, connection, as_of) if known_at is None else None
                whole = kept.sheet(connection, names, newer)
                holds = self.fresh(whole.orders, as_of, known_at)
                seqs = whole.orders.seq[~holds & ~self._to_come(whole.orders, as_of, known_at)]
                again = partial(self._tiles, connection, instants=(as_of, known_at))
                judged = kept.judged((as_of, known_at, self.judge.book), sorted(seqs.tolist()), again) if len(seqs) else []
            others = side_by_side([tile.with_only(names) for tile in judged], names)
            sheet = whole if holds.all() else with_instead(whole, holds, others)
            yield sheet.at(as_of, self.judge.deadlines)

    def _tiles(self, connection: Connection, seqs: Sequence[int], *, instants: Instants) -> list[Tile]:
        """Return the orders at these places, ascending, judged for these instants."""
        (as_of, known_at), judge, judged = instants, self._judge_for(len(seqs)), []
        for some in chunks(seqs, FILES_AT_ONCE):
            files = self._files(connection, some)
            entries = judge.entries(list(files.values()), as_of=as_of, known_at=known_at)
            judged.append(tile_of_entries(entries, None, _places(files)))
        return judged

    def _judge_for(self, orders: int) -> Judge:
        """Return the judge for so many orders: with the compiled kernel if it is loaded, or if they pay for loading it."""
        pays = orders >= LOADED_ORDERS_MIN and available() and compiled_before()
        return judge_of(self.judge.book, fast=True) if pays or kernel_loaded() else self.judge

    def _expired(self, connection: Connection, as_of: int, orders: OrderColumns) -> list[Tile]:
        """Return, judged as of then, the orders of which time alone has changed more than running into overdue."""
        expired = (orders.valid_until != NEVER) & (orders.valid_until < as_of) & (orders.holds_from <= as_of)
        return self._tiles(connection, sorted(orders.seq[expired].tolist()), instants=(as_of, None))

    def fresh(self, orders: OrderColumns, as_of: int, known_at: int | None) -> Flags:
        """Return of which orders what is kept holds at these instants; the same as not `stale`."""
        if self.judge.book.known_at(known_at) is not self.judge.book:
            return np.zeros(len(orders), np.bool_)
        holds: Flags = (orders.holds_from <= as_of) & ((orders.valid_until == NEVER) | (orders.valid_until >= as_of))
        return holds if known_at is None else holds & (orders.last_recorded <= known_at)

    def _to_come(self, orders: OrderColumns, as_of: int, known_at: int | None) -> Flags:
        """Return which orders were received after `as_of`, as all that is known has it."""
        if known_at is not None:
            return np.zeros(len(orders), np.bool_)
        later: Flags = orders.received > as_of
        return later

    def stale(self, as_of: int, known_at: int | None) -> ColumnElement[bool]:
        """Return the condition on orders whose rows do not hold at these instants."""
        orders = self.tables.orders.c
        if self.judge.book.known_at(known_at) is not self.judge.book:
            return true()
        expired = and_(orders.valid_until.is_not(None), orders.valid_until < as_of)
        unknown = orders.last_recorded_at > known_at if known_at is not None else false()
        return or_(orders.holds_from > as_of, expired, unknown)

    def entries(self, connection: Connection, wanted: ColumnElement[bool], as_of: int, known_at: int | None) -> Iterator[Entry]:
        """Yield the entries, judged for these instants, of the orders of which `wanted` is true; the last received come first."""
        orders = self.tables.orders
        rows = connection.execute(
            select(orders.c.seq).where(wanted).order_by(orders.c.received_at.desc(), orders.c.number.desc())
        )
        for seqs in chunks([seq for (seq,) in rows], IDS_A_STATEMENT):
            yield from self._judged(connection, seqs, as_of, known_at)

    def _judged(self, connection: Connection, seqs: Sequence[int], as_of: int, known_at: int | None) -> Iterator[Entry]:
        """Yield the entries of the orders at these places, in their order."""
        yield from self.judge.entries(list(self._files(connection, seqs).values()), as_of=as_of, known_at=known_at)

    def _files(self, connection: Connection, seqs: Sequence[int]) -> dict[int, CaseFile]:
        """Return the case files at these places, in their order."""
        orders, files = self.tables.orders, self.tables.case_files
        query = select(orders.c.seq, orders.c.order_id, files.c.content).join(files, files.c.seq == orders.c.seq)
        found: dict[int, CaseFile] = {}
        for some in chunks(seqs, IDS_A_STATEMENT):
            for seq, order_id, content in connection.execute(query.where(orders.c.seq.in_(some))):
                found[seq] = CaseFile.decode(order_id, content)
        return {seq: found[seq] for seq in seqs}

    def numbers(self, seqs: Sequence[int]) -> list[str]:
        """Return the numbers of the orders at these places, in their order."""
        orders = self.tables.orders.c
        found: dict[int, str] = {}
        with self.database.reading() as connection:
            for some in chunks(seqs, IDS_A_STATEMENT):
                rows = connection.execute(select(orders.seq, orders.number).where(orders.seq.in_(some)))
                found.update((row.seq, row.number) for row in rows)
        return [found[seq] for seq in seqs]

    def restated(self, as_of: int, known_at: int) -> Iterator[RestatedOrder]:
        """Yield the orders counted otherwise now than as known at `known_at`, both at `as_of`; the last received come first."""
        orders = self.tables.orders
        late = true() if self.judge.book.known_at(known_at) is not self.judge.book else orders.c.last_recorded_at > known_at
        with self.database.reading() as connection:
            rows = connection.execute(
                select(orders.c.seq).where(late).order_by(orders.c.received_at.desc(), orders.c.number.desc())
            )
            for seqs in chunks([seq for (seq,) in rows], IDS_A_STATEMENT):
                files = list(self._files(connection, seqs).values())
                then, now = (
                    {entry.case_file.order_id: entry for entry in self.judge.entries(files, as_of=as_of, known_at=known)}
                    for known in (known_at, None)
                )
                for file in files:
                    found = restated_order(then.get(file.order_id), now.get(file.order_id), as_of, known_at)
                    if found is not None:
                        yield found


def _places(files: Mapping[int, CaseFile]) -> dict[UUID, int]:
    return {file.order_id: seq for seq, file in files.items()}
