"""The import itself: tables in, facts of whole orders into the store, what cannot be used into the rejects file."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from slaengine.domain.commands import Command
from slaengine.domain.decide import decide
from slaengine.domain.events import Fact
from slaengine.domain.work_order import evolve, fold
from slaengine.engine import Outcome, SlaEngine
from slaengine.engine.plan import CLOCK_SKEW, Request, WhatIsSo, plan
from slaengine.errors import ImportingError, WorkOrderError
from slaengine.importing.mapping import Mapping
from slaengine.importing.plan import OrderRefused, Plan, PlannedOrder, Reject
from slaengine.importing.reconcile import news, unrecorded
from slaengine.importing.rejects import RejectsFile
from slaengine.importing.survey import Survey, orders, survey
from slaengine.importing.tables import Table, open_table

FACTS_A_CHUNK = 2_000
"""Facts in one transaction: fewer cost more commits, more cost memory and make other writers wait; measured flat from 1,000."""

Progress = Callable[[str, int, int], None]
"""Is told (file, rows done, rows in all) after each chunk."""


@dataclass(slots=True)
class ImportResult:
    """What an import did. `facts` are those the tables tell of, `new_facts` those that were not recorded before.

    `rejected` counts rows that were not imported; `rejects_file` names where they are, None when there are none.
    """

    files: list[str]
    rows: int = 0
    orders: int = 0
    facts: int = 0
    new_facts: int = 0
    rejected: int = 0
    rejects_file: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the result as plain values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class _Source:
    """One file, read through once, and how its orders are to be planned."""

    table: Table
    plan: Plan
    found: Survey
    snapshot: datetime | None


class Importer:
    """Imports tables into a store. Everything that can be found wrong without importing is found first.

    Orders are recorded whole, many to a transaction: an import that is stopped at any moment and run again ends as one
    that never was stopped.
    """

    def __init__(  # noqa: PLR0913  (options, all by name)
        self,
        engine: SlaEngine,
        mapping: Mapping,
        *,
        rejects: Path,
        snapshot_at: datetime | None = None,
        dry_run: bool = False,
        progress: Progress = lambda *_: None,
    ) -> None:
        self._engine, self._mapping, self._progress = engine, mapping, progress
        self._snapshot_at, self._dry_run = snapshot_at, dry_run
        self._updates = mapping.rows == "updates"
        self._rejects = RejectsFile(rejects)

    def run(self, files: Sequence[str | Path]) -> ImportResult:
        """Import the files, one after another.

        Raises:
            ImportingError: a file cannot be imported; then none of them was.
            StorageError, ConcurrencyError: the store failed; what was recorded stays, running it again goes on from there.
        """
        result = ImportResult([str(file) for file in files])
        now = self._engine.clock()
        sources = [self._source(file, now) for file in files]
        with closing(self._rejects):
            for source in sources:
                self._import(source, result, now)
        if self._rejects.count:
            result.rejected, result.rejects_file = self._rejects.count, str(self._rejects.path)
        return result

    def _source(self, file: str | Path, now: datetime) -> _Source:
        table = open_table(file, self._mapping)
        plan = Plan(self._mapping, table.header, str(file), now=now, skew=CLOCK_SKEW)
        found = survey(table, plan, updates=self._updates)
        snapshot = self._snapshot_at or found.latest
        if plan.needs_snapshot and snapshot is None and found.rows:
            raise ImportingError(
                f"it is not known when {file} was taken; say so with --snapshot-at, or name `snapshot_from` columns"
            )
        return _Source(table, plan, found, min(snapshot, now).astimezone(UTC) if snapshot else None)

    def _import(self, source: _Source, result: ImportResult, now: datetime) -> None:
        done = 0
        for chunk in self._chunks(source):
            result.facts += sum(len(planned.commands) for planned in chunk)
            self._record(chunk, source, result, now)
            done += sum(len(planned.all_rows) for planned in chunk)
            self._progress(source.table.name, done, source.found.rows)
        result.rows += source.found.rows

    def _chunks(self, source: _Source) -> Iterator[list[PlannedOrder]]:
        """Yield whole orders, about `FACTS_A_CHUNK` commands at a time, no order twice in one chunk."""
        chunk: dict[UUID, PlannedOrder] = {}
        commands = 0
        without_order: list[Reject] = []
        for key, rows in orders(source.table, source.plan, source.found, without_order, updates=self._updates):
            self._flush(source, without_order)
            try:
                planned = source.plan.order(key, rows, source.snapshot)
            except OrderRefused as refused:
                self._flush(source, refused.rejects)
                continue
            if planned.id in chunk or commands >= FACTS_A_CHUNK:
                yield list(chunk.values())
                chunk, commands = {}, 0
            chunk[planned.id] = planned
            commands += len(planned.commands)
        self._flush(source, without_order)
        if chunk:
            yield list(chunk.values())

    def _flush(self, source: _Source, rejects: list[Reject]) -> None:
        for reject in rejects:
            self._rejects.add(source.table.name, reject)
        rejects.clear()

    def _record(self, chunk: list[PlannedOrder], source: _Source, result: ImportResult, now: datetime) -> None:
        recorded = self._recorded([planned.id for planned in chunk])
        requests = [(planned.id, self._wanted(planned, recorded[planned.id], source, now)) for planned in chunk]
        outcomes = self._outcomes(requests, recorded, now)
        for planned, (order_id, commands), outcome in zip(chunk, requests, outcomes, strict=True):
            if outcome.refusal is None:
                result.orders += 1
                result.new_facts += len(outcome.facts)
            else:
                culprit = _culprit(planned, commands, recorded[order_id])
                self._flush(source, _refused(planned, culprit, outcome))

    def _recorded(self, orders: list[UUID]) -> dict[UUID, list[Fact]]:
        """Return what is recorded of these orders; no facts for an order that is not there."""
        stored = self._engine.log.facts_of_many(orders)
        return {order: [self._engine.work_orders.fact_of(fact) for fact in stored.get(order, ())] for order in orders}

    def _outcomes(
        self, batch: list[tuple[UUID, list[Command]]], recorded: dict[UUID, list[Fact]], now: datetime
    ) -> list[Outcome]:
        """Carry the commands out, or in a dry run only find out what would become of them."""
        if not self._dry_run:
            return self._engine.handle_many(batch, read=recorded)
        requests = [Request(order, commands) for order, commands in batch]
        return plan(requests, WhatIsSo.load(self._engine.work_orders, requests, recorded), now).outcomes

    def _wanted(self, planned: PlannedOrder, recorded: Sequence[Fact], source: _Source, now: datetime) -> list[Command]:
        if not recorded:
            return planned.commands
        if self._updates:
            return unrecorded(planned, recorded, source=self._mapping.source)
        return news(planned, recorded, source=self._mapping.source, at=source.snapshot or now)


def _culprit(planned: PlannedOrder, commands: list[Command], recorded: Sequence[Fact]) -> int:
    """Return the row that told of the command which was refused: the first one that does not lead to a fact."""
    state = fold(recorded)
    row_of = {id(command): row for command, row in zip(planned.commands, planned.rows, strict=True)}
    for command in commands:
        try:
            for fact in decide(command, state):
                state = evolve(state, fact)
        except WorkOrderError:
            return row_of.get(id(command), planned.all_rows[0])
    return planned.all_rows[0]


def _refused(planned: PlannedOrder, culprit: int, outcome: Outcome) -> list[Reject]:
    along = f"left out with row {culprit} of the same order"
    return [Reject(row, "", "", str(outcome.refusal) if row == culprit else along) for row in planned.all_rows]
