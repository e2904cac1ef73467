"""Verification of published figures: every row of the read models made again from the log, in bounded memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, and_, exists, not_, select

from slaengine.audit.differences import Difference, Row, clock_differences, order_differences
from slaengine.audit.irregular import LATE_AFTER, Irregularity, Known, irregularities
from slaengine.domain.events import Received
from slaengine.errors import AuditError, CorruptFact
from slaengine.policies.book import PolicyBook
from slaengine.projections.case_file import CaseFile, moment_of
from slaengine.projections.entry import Entry, Judge
from slaengine.projections.gather import tile_of_rows
from slaengine.projections.promises import fingerprint
from slaengine.projections.rows import clock_rows, order_row
from slaengine.storage.bulk import chunks
from slaengine.storage.figures import Figures
from slaengine.storage.log import FactLog, StoredFact
from slaengine.storage.mapper import FactMapper
from slaengine.storage.read_models import Build, ReadModels, rows_of
from slaengine.storage.read_models_schema import TILE_ORDERS
from slaengine.storage.schema import facts as fact_table
from slaengine.storage.verifying_kpis import KpiTally

KEYS = ("seq", "order_id")
"""Columns that only say where a row belongs."""

Progress = Callable[[int], None]


@dataclass
class Rows:
    """The rows of one order; None, or none, where there are none. Clocks are by target and cycle."""

    order: Row | None = None
    clocks: dict[tuple[str, int], Row] = field(default_factory=dict)
    case_file: bytes | None = None


@dataclass
class Verified:
    """What was looked at, and what was found. `position` is that of the read models: later facts are not published yet."""

    position: int
    orders: int = 0
    clocks: int = 0
    facts: int = 0
    kpi_values: int = 0
    differences: list[Difference] = field(default_factory=list)
    irregular: list[Irregularity] = field(default_factory=list)


def verify(
    log: FactLog,
    book: PolicyBook,
    *,
    late_after: timedelta = LATE_AFTER,
    as_of: int | None = None,
    progress: Progress = lambda _: None,
) -> Verified:
    """Make every published row of `book`'s read models again from the facts in the log, and compare.

    With `as_of` (µs), every value of the policy's KPIs at that instant too; each order then takes a few hundred bytes.

    Nothing is written, and the read models are not brought up to date: what stands there is what was published.

    Raises:
        AuditError: nothing was published by this policy, or by other texts of it.
        CalendarError: a calendar does not know the time that a limit reaches into.
    """
    build = _published(log, book)
    judge = Judge(book)
    tally = None if as_of is None else KpiTally(Figures(log.database, judge, build.tables), as_of)
    verifier = Verifier(log, build, judge, late_after, tally)
    with log.database.reading() as connection:
        orders = build.tables.orders
        rows = connection.execute(select(orders.c.order_id, orders.c.seq).order_by(orders.c.seq))
        places: dict[UUID, int] = {row.order_id: row.seq for row in rows}
        unpublished = list(_unpublished(connection, build))
        verifier.verified.differences.extend(_strays(connection, build))
    for number, some in groupby(places.items(), lambda place: place[1] // TILE_ORDERS):
        verifier.take(dict(some), number)
        progress(verifier.verified.facts)
    for lost in chunks(unpublished, TILE_ORDERS):
        verifier.take(dict.fromkeys(lost, 0), None)
        progress(verifier.verified.facts)
    if tally is not None:
        verifier.verified.differences.extend(tally.differences())
        verifier.verified.kpi_values = tally.values
    return verifier.verified


def _published(log: FactLog, book: PolicyBook) -> Build:
    models = ReadModels(log.database)
    with log.database.reading() as connection:
        live = [build for build in models.builds(connection, book.name) if build.state == "live"]
    if not live:
        raise AuditError(f"nothing was published by the policy '{book.name}' yet; `slaengine report` does")
    if not live[0].fits(fingerprint(book)):
        raise AuditError(
            f"what was published by the policy '{book.name}' was made by other texts of it, or by another version of slaengine; "
            "verify it with those, or report again"
        )
    return live[0]


def _unpublished(connection: Connection, build: Build) -> Iterator[UUID]:
    """Yield the orders that were received up to the read models' position and do not stand in them."""
    there = exists().where(build.tables.orders.c.order_id == fact_table.c.order_id)
    received = and_(fact_table.c.topic == Received.TOPIC, fact_table.c.position <= build.position)
    for (order_id,) in connection.execute(select(fact_table.c.order_id).where(received, not_(there))):
        yield order_id


def _strays(connection: Connection, build: Build) -> Iterator[Difference]:
    """Yield rows that belong to no order."""
    orders = build.tables.orders
    for table, name in ((build.tables.clocks, "clock"), (build.tables.case_files, "case file")):
        lost = not_(exists().where(orders.c.seq == table.c.seq))
        for row in connection.execute(select(table).where(lost)):
            yield Difference(
                f"#{row.seq}", None, None, _plain(row, table), None, f"a {name} was published that belongs to no order"
            )


class Verifier:
    """Compares some orders at a time, and keeps what was found."""

    def __init__(
        self, log: FactLog, build: Build, judge: Judge, late_after: timedelta = LATE_AFTER, tally: KpiTally | None = None
    ) -> None:
        self._log, self._build, self._judge, self._late_after = log, build, judge, late_after
        self._mapper, self._tally = FactMapper(), tally
        self.verified = Verified(build.position)

    def take(self, places: Mapping[UUID, int], tile: int | None = None) -> None:
        """Verify orders by their places, which are those of a tile (None: of none), and that tile, if it is kept."""
        order_ids = list(places)
        stored = {
            order_id: [fact for fact in facts if fact.position <= self._build.position]
            for order_id, facts in self._log.facts_of_many(order_ids).items()
        }
        with self._log.database.reading() as connection:
            published = _published_rows(connection, self._build, order_ids)
        entries = _entries(self._judge, stored)
        for order_id in order_ids:
            replayed = _replayed(entries[order_id]) if order_id in entries else Rows()
            self._compare(order_id, published[order_id], replayed, stored.get(order_id, []))
        if tile is not None:
            self._compare_tile(tile, {places[order_id]: entries[order_id] for order_id in order_ids if order_id in entries})
        if self._tally is not None:
            self._tally.take([entry.case_file for entry in entries.values()])
        self.verified.orders += len(order_ids)
        self.verified.facts += sum(map(len, stored.values()))

    def _compare_tile(self, number: int, entries: Mapping[int, Entry]) -> None:
        """Compare a tile, if it is kept, with what its orders contribute to figures."""
        tiles, rows = self._build.tables.tiles.c, rows_of(entries)
        with self._log.database.reading() as connection:
            kept = connection.execute(select(tiles.part, tiles.content).where(tiles.tile == number)).all()
        if not kept:
            return
        published = {row.part: row.content for row in kept}
        replayed = tile_of_rows(rows.orders, rows.clocks, rows.held).encoded()
        parts = sorted(part for part in {*published, *replayed} if published.get(part) != replayed.get(part))
        if parts:
            why = f"the kept contributions of {TILE_ORDERS} orders to figures do not follow from the facts: {', '.join(parts)}"
            self.verified.differences.append(Difference(f"tile {number}", None, None, None, None, why))

    def _compare(self, order_id: UUID, published: Rows, replayed: Rows, stored: Sequence[StoredFact]) -> None:
        verified = self.verified
        number = str((published.order or replayed.order or {}).get("number", order_id))
        verified.differences.extend(order_differences(number, published.order, replayed.order))
        if published.order is not None and replayed.order is not None:
            verified.differences.extend(clock_differences(number, published.clocks, replayed.clocks))
            if published.case_file != replayed.case_file:
                why = "its case file does not hold what the log does"
                verified.differences.append(Difference(number, None, None, None, None, why))
        verified.irregular.extend(irregularities(number, list(_known(self._mapper, stored)), self._late_after))
        verified.clocks += len(replayed.clocks)


def _published_rows(connection: Connection, build: Build, order_ids: list[UUID]) -> defaultdict[UUID, Rows]:
    """Return what stands in the read models of these orders."""
    tables, found = build.tables, defaultdict[UUID, Rows](Rows)
    of_some = tables.orders.c.order_id.in_(order_ids)
    for row in connection.execute(select(tables.orders).where(of_some)):
        found[row.order_id].order = _plain(row, tables.orders)
    clocks = select(tables.orders.c.order_id, tables.clocks).join(tables.orders, tables.orders.c.seq == tables.clocks.c.seq)
    for row in connection.execute(clocks.where(of_some)):
        found[row.order_id].clocks[row.target, row.cycle] = _plain(row, tables.clocks)
    files = select(tables.orders.c.order_id, tables.case_files.c.content)
    files = files.join(tables.case_files, tables.orders.c.seq == tables.case_files.c.seq)
    for row in connection.execute(files.where(of_some)):
        found[row.order_id].case_file = row.content
    return found


def _plain(row: Any, table: Table) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in table.columns if column.name not in KEYS}


def _entries(judge: Judge, stored: Mapping[UUID, Sequence[StoredFact]]) -> dict[UUID, Entry]:
    """Return what follows from the facts, by order."""
    files = [
        CaseFile(order_id, tuple(moment_of(fact.topic, fact.state, fact.version, fact.recorded_at) for fact in facts))
        for order_id, facts in stored.items()
        if facts
    ]
    return {entry.case_file.order_id: entry for entry in judge.entries(files)}


def _replayed(entry: Entry) -> Rows:
    """Return the rows that an entry comes to."""
    row = {name: value for name, value in order_row(0, entry).items() if name not in KEYS}
    clocks: dict[tuple[str, int], Row] = {(c["target"], c["cycle"]): _without_seq(c) for c in clock_rows(0, entry)}
    return Rows(row, clocks, entry.case_file.encode())


def _without_seq(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "seq"}


def _known(mapper: FactMapper, stored: Sequence[StoredFact]) -> Iterator[Known]:
    for fact in stored:
        try:
            known = mapper.fact_of(fact.order_id, fact.version, fact.topic, fact.state)
        except CorruptFact:
            continue  # `moment_of` above has named it already, or it only lacks what judging does not need
        yield Known(fact.version, fact.recorded_at, known)
