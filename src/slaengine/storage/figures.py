"""Reading the read models: columns for figures, and the orders that a question is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import repeat
from typing import Any
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import ColumnElement, Connection, and_, false, not_, or_, select, true

from slaengine.projections.case_file import CaseFile
from slaengine.projections.columns import ClockColumns, OrderColumns
from slaengine.projections.entry import Entry, Judge
from slaengine.projections.gather import (
    ClockLine,
    OrderLine,
    clock_columns,
    clock_lines,
    order_columns,
    order_line,
    stored_dimensions,
)
from slaengine.projections.groups import LABEL, said_by
from slaengine.storage.database import Database
from slaengine.storage.read_models import chunks
from slaengine.storage.read_models_schema import Generation

FILES_AT_ONCE = 2_000
"""Case files judged at a time at the asking: it bounds the memory that a question about the past takes."""


class Figures:
    """What one build of the read models says, at any two times."""

    def __init__(self, database: Database, judge: Judge, tables: Generation) -> None:
        self.database, self.judge, self.tables = database, judge, tables

    def columns(self, as_of: int, known_at: int | None, by: Sequence[str]) -> tuple[OrderColumns, ClockColumns]:
        """Return the orders received by `as_of`, and their clocks, as known at `known_at` (µs UTC; None: all that is known).

        The orders carry the dimensions that grouping `by` reads. Rows that do not hold for these instants are not read: their
        orders are judged from their case files.
        """
        names = stored_dimensions(by)
        stale = self.stale(as_of, known_at)
        with self.database.reading() as connection:
            lines, values, places = self._stored_orders(connection, names, not_(stale))
            of_orders, clocks = self._stored_clocks(connection, not_(stale), places)
            for entry in self._judged(connection, stale, as_of, known_at):
                of_clocks = list(clock_lines(entry))
                of_orders.extend(repeat(len(lines), len(of_clocks)))
                clocks.extend(of_clocks)
                lines.append(order_line(entry))
                values.append([said_by(entry.view, name) for name in names])
        return order_columns(lines, names, values), clock_columns(of_orders, clocks)

    def stale(self, as_of: int, known_at: int | None) -> ColumnElement[bool]:
        """Return the condition on orders whose rows do not hold at these instants."""
        orders = self.tables.orders.c
        if self.judge.book.known_at(known_at) is not self.judge.book:
            return true()
        expired = and_(orders.valid_until.is_not(None), orders.valid_until < as_of)
        unknown = orders.last_recorded_at > known_at if known_at is not None else false()
        return or_(orders.last_occurred_at > as_of, expired, unknown)

    def entries(self, connection: Connection, wanted: ColumnElement[bool], as_of: int, known_at: int | None) -> Iterator[Entry]:
        """Yield the entries, judged for these instants, of the orders of which `wanted` is true; the last received come first."""
        orders = self.tables.orders
        rows = connection.execute(select(orders.c.seq).where(wanted).order_by(orders.c.received_at.desc(), orders.c.seq.desc()))
        for seqs in chunks([seq for (seq,) in rows], FILES_AT_ONCE // 4):
            files = self._files(connection, orders.c.seq.in_(seqs))
            yield from self.judge.entries([files[seq] for seq in seqs], as_of=as_of, known_at=known_at)

    def _stored_orders(
        self, connection: Connection, names: Sequence[str], fresh: ColumnElement[bool]
    ) -> tuple[list[OrderLine], list[Sequence[Any]], dict[int, int]]:
        """Return the orders' lines, their dimensions, and where each order's `seq` stands among them."""
        orders = self.tables.orders
        fields = [orders.c[name] for name in OrderLine._fields]
        wanted = [orders.c["labels" if name.startswith(LABEL) else name] for name in names]
        label_places = [(place, name.removeprefix(LABEL)) for place, name in enumerate(names) if name.startswith(LABEL)]
        lines: list[OrderLine] = []
        values: list[Sequence[Any]] = []
        places: dict[int, int] = {}
        width = 1 + len(fields)
        query = select(orders.c.seq, *fields, *(column.label(f"said_{i}") for i, column in enumerate(wanted)))
        for row in connection.execute(query.where(fresh)):
            places[row[0]] = len(lines)
            lines.append(OrderLine._make(row[1:width]))
            said = list(row[width:])
            for place, label in label_places:
                said[place] = from_json(said[place]).get(label) if said[place] else None
            values.append(said)
        return lines, values, places

    def _stored_clocks(
        self, connection: Connection, fresh: ColumnElement[bool], places: dict[int, int]
    ) -> tuple[list[int], list[ClockLine]]:
        orders, clocks = self.tables.orders, self.tables.clocks
        fields = [clocks.c[name] for name in ClockLine._fields]
        query = select(clocks.c.seq, *fields).join(orders, orders.c.seq == clocks.c.seq).where(fresh)
        of_orders: list[int] = []
        lines: list[ClockLine] = []
        for row in connection.execute(query):
            of_orders.append(places[row[0]])
            lines.append(ClockLine._make(row[1:]))
        return of_orders, lines

    def _judged(self, connection: Connection, wanted: ColumnElement[bool], as_of: int, known_at: int | None) -> Iterator[Entry]:
        rows = connection.execute(select(self.tables.orders.c.seq).where(wanted).order_by(self.tables.orders.c.seq))
        seqs = [seq for (seq,) in rows]
        for some in chunks(seqs, FILES_AT_ONCE):
            files = self._files(connection, self.tables.orders.c.seq.between(some[0], some[-1]) & wanted)
            yield from self.judge.entries(list(files.values()), as_of=as_of, known_at=known_at)

    def _files(self, connection: Connection, wanted: ColumnElement[bool]) -> dict[int, CaseFile]:
        orders, files = self.tables.orders, self.tables.case_files
        query = select(orders.c.seq, orders.c.order_id, files.c.content).join(files, files.c.seq == orders.c.seq).where(wanted)
        rows: list[tuple[int, UUID, bytes]] = [tuple(row) for row in connection.execute(query)]
        return {seq: CaseFile.decode(order_id, content) for seq, order_id, content in rows}
