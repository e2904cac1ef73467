"""The first build of read models: order by order, each judged once from all its facts, never read back.

It covers the facts up to a position fixed when it begins; what is recorded meanwhile is caught up with afterwards. Orders
go in by id, as many at a time as a tile holds, each chunk in one transaction with how far it has come.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, select, update

from slaengine.errors import Overtaken
from slaengine.projections.entry import Judge
from slaengine.storage.beside import Beside, Lost
from slaengine.storage.bulk import insert_rows
from slaengine.storage.fact_rows import EVERY_ORDER, NO_ORDER, FactRow, facts_between, last_of_next
from slaengine.storage.log import FactLog
from slaengine.storage.making import Chunk, Maker
from slaengine.storage.pipes import cores
from slaengine.storage.read_models import Build, ReadModels, hold, write
from slaengine.storage.read_models_schema import TILE_ORDERS

BESIDE_FACTS_MIN = 60_000
"""Facts from which a second process pays: it takes most of a second to start."""
AHEAD_MAX = 5
"""Chunks made and not yet written, some MB each."""

Progress = Callable[[int], None]


class Reached(NamedTuple):
    """How far a first build has come: it covers the log up to `until`; all orders up to `order_id` are in, in `chunk` chunks."""

    until: int
    order_id: UUID
    chunk: int


@dataclass(slots=True)
class Made:
    """A chunk on its way: its number, the last order in it (None: of all), its facts, and what they come to."""

    number: int
    last: UUID | None
    facts: list[FactRow]
    chunk: Future[Chunk]


class FirstBuild:
    """Fills the tables of a build that nothing stands in yet."""

    def __init__(self, log: FactLog, models: ReadModels, build: Build, judge: Judge) -> None:
        self._log, self._models, self._build, self._judge = log, models, build, judge
        self._maker = Maker(judge)

    def run(self, progress: Progress) -> Build:
        """Fill the tables, from where an interrupted run left off, and return the build as it then stands.

        A build that is not new, or that was filled otherwise, is returned as it is.

        Raises:
            Overtaken: another worker is at it too.
            CorruptFact, CalendarError: as `Maker.chunk`.
        """
        reached = self._begun()
        if reached is None:
            return self._build
        for made in self._chunks(reached):
            rows, tile = self._of(made)
            following = Reached(reached.until, made.last or EVERY_ORDER, made.number + 1)
            with self._models.database.writing(derived=True) as connection:
                self._advance(connection, reached, following)
                write(connection, self._build.tables, rows)
                insert_rows(connection, self._build.tables.tiles, tile)
            reached = following
            progress(len(made.facts))
        return self._ended(reached)

    # ---- how far it has come

    def _begun(self) -> Reached | None:
        """Return where to go on; None when these tables are not, or no more, filled for the first time."""
        tables, build = self._build.tables, self._build
        if build.state != "building" or build.position:
            return None
        with self._models.database.writing() as connection:
            hold(connection, build)
            row = connection.execute(select(tables.first.c.until, tables.first.c.reached, tables.first.c.chunk)).first()
            if row is not None:
                return Reached(*row)
            until = self._log.head().position
            if not until or connection.scalar(select(func.count()).select_from(tables.orders)):
                return None
            connection.execute(insert(tables.first).values(id=1, until=until, reached=NO_ORDER, chunk=0))
            return Reached(until, NO_ORDER, 0)

    def _advance(self, connection: Connection, before: Reached, after: Reached) -> None:
        hold(connection, self._build)
        first = self._build.tables.first
        moved = connection.execute(
            update(first).where(first.c.chunk == before.chunk).values(reached=after.order_id, chunk=after.chunk)
        )
        if moved.rowcount != 1:
            raise Overtaken(f"another worker is building the read models of '{self._build.policy}'; try again")

    def _ended(self, reached: Reached) -> Build:
        tables = self._build.tables
        with self._models.database.writing() as connection:
            self._models.advance(connection, self._build, reached.until)
            connection.execute(delete(tables.first))
            if connection.dialect.name == "postgresql":  # it knows nothing yet of tables that were filled so fast
                for table in (tables.orders, tables.clocks, tables.case_files, tables.tiles):
                    connection.exec_driver_sql(f"ANALYZE {table.name}")
        return replace(self._build, position=reached.until)

    # ---- making chunks

    def _chunks(self, reached: Reached) -> Iterator[Made]:
        """Yield the chunks from there on, in order; each is made here or beside, whoever is free."""
        waiting: deque[Made] = deque()
        with ExitStack() as stack:
            beside = self._beside(stack, reached)
            for number, last, facts in self._read(reached):
                if beside is not None and beside.free:
                    waiting.append(Made(number, last, facts, beside.chunk(number, facts)))
                else:
                    made = Made(number, last, facts, Future())
                    made.chunk.set_result(self._maker.chunk(number, facts))
                    waiting.append(made)
                while waiting and (waiting[0].chunk.done() or len(waiting) > AHEAD_MAX):
                    yield waiting.popleft()
            yield from waiting

    def _beside(self, stack: ExitStack, reached: Reached) -> Beside | None:
        """Return a second process if there is so much to do that it pays, and a processor for it."""
        if reached.until < BESIDE_FACTS_MIN or cores() < 2:
            return None
        try:
            return stack.enter_context(Beside(self._judge.book, fast=self._judge.fast is True))
        except OSError:
            return None

    def _read(self, reached: Reached) -> Iterator[tuple[int, UUID | None, list[FactRow]]]:
        """Yield the facts of each further chunk, with its number and its last order (None: there are no more behind)."""
        number, after, last = reached.chunk, reached.order_id, None
        while True:
            with self._log.database.reading() as connection:
                last = last_of_next(connection, after, TILE_ORDERS)
                facts = facts_between(connection, after, last, reached.until)
            if facts:
                yield number, last, facts
            if last is None:
                return
            number, after = number + 1, last

    def _of(self, made: Made) -> Chunk:
        try:
            return made.chunk.result()
        except Lost:
            return self._maker.chunk(made.number, made.facts)
