"""Verification of published figures: every row of the read models made again from the log, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Table, and_, exists, func, not_, select

from slaengine.audit.differences import Difference
from slaengine.audit.irregular import LATE_AFTER, Irregularity, irregularities
from slaengine.domain.events import Received
from slaengine.errors import AuditError
from slaengine.garbage import searched_seldom
from slaengine.policies.book import PolicyBook
from slaengine.policies.compiled import available
from slaengine.projections.case_file import CaseFile
from slaengine.projections.entry import Judge
from slaengine.projections.promises import fingerprint
from slaengine.projections.reading import Reader
from slaengine.storage.bulk import chunks
from slaengine.storage.fact_rows import FactRow, facts_of_orders
from slaengine.storage.figures import Figures
from slaengine.storage.log import FactLog
from slaengine.storage.read_models import Build, ReadModels, Rows, rows_of
from slaengine.storage.read_models_schema import TILE_ORDERS
from slaengine.storage.schema import facts as fact_table
from slaengine.storage.typed_facts import TypedFacts
from slaengine.storage.verifying_kpis import KpiTally
from slaengine.storage.verifying_tiles import KEYS, NOTHING, differences, kept_tile, published, tile_difference

FAST_FACTS_MIN = 150_000
"""Facts from which the compiled kernel pays, though it takes some seconds to load."""

Progress = Callable[[int], None]


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
    judge = Judge(book, fast=True if available() and build.position >= FAST_FACTS_MIN else None)
    tally = None if as_of is None else KpiTally(Figures(log.database, judge, build.tables), as_of)
    verifier = Verifier(log, build, judge, late_after, tally)
    verified = verifier.verified
    with log.database.reading() as connection:
        last = connection.scalar(select(func.max(build.tables.orders.c.seq)))
        unpublished = list(_unpublished(connection, build))
        verified.differences.extend(_strays(connection, build))
    with searched_seldom():
        for number in range(0 if last is None else last // TILE_ORDERS + 1):
            verifier.take_tile(number)
            progress(verified.facts)
        for lost in chunks(unpublished, TILE_ORDERS):
            verifier.take_unpublished(lost)
            progress(verified.facts)
        if tally is not None:
            verified.differences.extend(tally.differences())
            verified.kpi_values = tally.values
    return verified


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


def _unpublished(connection: Connection, build: Build) -> Iterator[bytes]:
    """Yield the ids of the orders that were received up to the read models' position and do not stand in them."""
    there = exists().where(build.tables.orders.c.order_id == fact_table.c.order_id)
    received = and_(fact_table.c.topic == Received.TOPIC, fact_table.c.position <= build.position)
    for (order_id,) in connection.execute(select(fact_table.c.order_id).where(received, not_(there))):
        yield order_id.bytes


def _strays(connection: Connection, build: Build) -> Iterator[Difference]:
    """Yield rows that belong to no order."""
    orders = build.tables.orders
    for table, name in ((build.tables.clocks, "clock"), (build.tables.case_files, "case file")):
        lost = not_(exists().where(orders.c.seq == table.c.seq))
        for row in connection.execute(select(table).where(lost)):
            yield Difference(
                f"#{row.seq}", None, None, _plain(row, table), None, f"a {name} was published that belongs to no order"
            )


def _plain(row: Any, table: Table) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in table.columns if column.name not in KEYS}


class Verifier:
    """Compares some orders at a time, and keeps what was found."""

    def __init__(
        self, log: FactLog, build: Build, judge: Judge, late_after: timedelta = LATE_AFTER, tally: KpiTally | None = None
    ) -> None:
        self._log, self._build, self._judge, self._late_after = log, build, judge, late_after
        self._typed, self._reader, self._tally = TypedFacts(), Reader(), tally
        self.verified = Verified(build.position)

    def take_tile(self, number: int) -> None:
        """Verify the orders of a tile, and the tile itself, if it is kept.

        Raises:
            CorruptFact: a fact cannot be read.
            CalendarError: a calendar does not know the time that a limit reaches into.
        """
        new = self.take(range(number * TILE_ORDERS, (number + 1) * TILE_ORDERS))
        with self._log.database.reading() as connection:
            kept = kept_tile(connection, self._build.tables, number)
        if difference := tile_difference(number, kept, new):
            self.verified.differences.append(difference)

    def take(self, places: range) -> Rows:
        """Verify the orders at these places, and return the rows that follow from their facts; raises as `take_tile`."""
        with self._log.database.reading() as connection:
            old = published(connection, self._build.tables, places)
            seqs = {row[1]: row[0] for row in old.orders}
            facts = facts_of_orders(connection, list(seqs), self._build.position)
        return self._compared(seqs, facts, old)

    def take_unpublished(self, order_ids: Sequence[bytes]) -> None:
        """Name orders of which nothing was published, though their facts are in the log."""
        with self._log.database.reading() as connection:
            facts = facts_of_orders(connection, order_ids, self._build.position)
        self._compared({order_id: seq for seq, order_id in enumerate(order_ids)}, facts, NOTHING)

    def _compared(self, seqs: Mapping[bytes, int], facts: Sequence[FactRow], old: Rows) -> Rows:
        new = self._made(seqs, facts)
        self.verified.differences.extend(differences(old, new))
        self.verified.orders += len(seqs)
        self.verified.clocks += len(new.clocks)
        return new

    def _made(self, seqs: Mapping[bytes, int], facts: Sequence[FactRow]) -> Rows:
        """Return the rows that orders come to by their places, and note what is irregular in their facts."""
        of_order = {key: list(some) for key, some in groupby(facts, itemgetter(0))}
        files = [
            CaseFile(
                UUID(bytes=key), tuple([self._reader.moment(topic, state, version, at) for _, version, topic, state, at in some])
            )
            for key, some in of_order.items()
        ]
        entries = {seqs[entry.case_file.order_id.bytes]: entry for entry in self._judge.entries(files)}
        if self._tally is not None:
            self._tally.take([entry.case_file for entry in entries.values()])
        numbers = {entry.case_file.order_id.bytes: entry.view.number for entry in entries.values()}
        for key, some in of_order.items():
            number = numbers.get(key, str(UUID(bytes=key)))
            self.verified.irregular.extend(irregularities(number, list(self._typed.known(some)), self._late_after))
        self.verified.facts += len(facts)
        return rows_of(dict(sorted(entries.items())))
