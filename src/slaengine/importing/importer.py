"""The import itself: tables in, facts of whole orders into the store, what cannot be used into the rejects file."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from slaengine.domain.commands import Command
from slaengine.domain.events import Fact
from slaengine.engine import Outcome, SlaEngine
from slaengine.engine.plan import Request, WhatIsSo, plan
from slaengine.errors import Overtaken
from slaengine.importing.ahead import Draft, Lost, drafts
from slaengine.importing.mapping import Mapping
from slaengine.importing.plan import PlannedOrder, Reject
from slaengine.importing.reconcile import news, unrecorded
from slaengine.importing.refusals import rejects_of
from slaengine.importing.rejects import RejectsFile
from slaengine.importing.source import Source
from slaengine.storage.pipes import cores

FACTS_A_CHUNK = 2_000
"""Facts in one transaction: fewer cost more commits, more cost memory and make other writers wait; measured flat from 1,000."""

ROWS_WORTH_A_PROCESS = 20_000
"""Starting a process takes one to three seconds; below, it saves nothing."""

log = logging.getLogger(__name__)

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


class Importer:
    """Imports tables into a store. Everything that can be found wrong without importing is found first.

    Orders are recorded whole, many to a transaction: an import that is stopped at any moment and run again ends as one
    that never was stopped.

    Args:
        engine: the store.
        mapping: which column is which field of which fact.
        rejects: where rows go that cannot be used.
        snapshot_at: when the tables were taken from their system, aware; None: as the mapping says.
        dry_run: only find out what would be recorded.
        ahead: whether rows are read and decided on by a process of its own; None: for tables that are worth it.
        progress: is told how far it is.
    """

    def __init__(  # noqa: PLR0913  (options, all by name)
        self,
        engine: SlaEngine,
        mapping: Mapping,
        *,
        rejects: Path,
        snapshot_at: datetime | None = None,
        dry_run: bool = False,
        ahead: bool | None = None,
        progress: Progress = lambda *_: None,
    ) -> None:
        self._engine, self._mapping, self._progress = engine, mapping, progress
        self._snapshot_at, self._dry_run, self._ahead = snapshot_at, dry_run, ahead
        self._rejects = RejectsFile(rejects)

    def run(self, files: Sequence[str | Path]) -> ImportResult:
        """Import the files, one after another.

        Raises:
            ImportingError: a file cannot be imported; then none of them was.
            StorageError, ConcurrencyError: the store failed; what was recorded stays, running it again goes on from there.
        """
        result = ImportResult([str(file) for file in files])
        now = self._engine.clock()
        read = partial(Source.read_through, mapping=self._mapping, now=now, snapshot_at=self._snapshot_at)
        sources = list(map(read, files))
        with closing(self._rejects):
            for source in sources:
                self._import(source, result)
        if self._rejects.count:
            result.rejected, result.rejects_file = self._rejects.count, str(self._rejects.path)
        return result

    def _import(self, source: Source, result: ImportResult) -> None:
        done = 0
        for rows in self._steps(source, result):
            done += rows
            self._progress(source.table.name, done, source.found.rows)
        result.rows += source.found.rows

    def _steps(self, source: Source, result: ImportResult) -> Iterator[int]:
        """Record chunk by chunk, and yield how many rows each had."""
        if not self._plans_ahead(source):
            yield from self._without_help(source, result, recorded=0)
            return
        recorded = 0
        try:
            for draft in drafts(source, FACTS_A_CHUNK):
                self._record_draft(draft, source, result)
                recorded += 1
                yield draft.rows
        except Lost:
            log.warning("the process that read ahead was stopped; the import goes on more slowly without it")
            yield from self._without_help(source, result, recorded)

    def _without_help(self, source: Source, result: ImportResult, recorded: int) -> Iterator[int]:
        """Plan and record here, behind so many chunks that are recorded."""
        for chunk in islice(source.chunks(FACTS_A_CHUNK), recorded, None):
            self._reject(source, chunk.rejects)
            self._record(chunk.orders, source, result)
            yield sum(len(planned.all_rows) for planned in chunk.orders)

    def _plans_ahead(self, source: Source) -> bool:
        if self._dry_run or self._engine.work_orders.conceals:
            return False
        worth_it = source.found.rows >= ROWS_WORTH_A_PROCESS and cores() > 1
        return worth_it if self._ahead is None else self._ahead

    def _record_draft(self, draft: Draft, source: Source, result: ImportResult) -> None:
        """Record a chunk as it was planned beside; plan it here when an order or number of it is recorded already."""
        self._reject(source, map(Reject._make, draft.rejects))
        if draft.orders is not None:
            try:
                new = draft.new_facts
                self._engine.log.append(new, named=draft.named)
            except Overtaken:
                pass
            else:
                self._reject(source, map(Reject._make, draft.refused))
                result.facts += draft.commands
                result.orders += len(draft.orders)
                result.new_facts += len(new)
                return
        self._record(source.again(draft.rows_told), source, result)

    def _reject(self, source: Source, rejects: Iterable[Reject]) -> None:
        for reject in rejects:
            self._rejects.add(source.table.name, reject)

    def _record(self, orders: list[PlannedOrder], source: Source, result: ImportResult) -> None:
        result.facts += sum(len(planned.commands) for planned in orders)
        recorded = self._recorded([planned.id for planned in orders])
        requests = [(planned.id, self._wanted(planned, recorded[planned.id], source)) for planned in orders]
        outcomes = self._outcomes(requests, recorded, source.now)
        for planned, (order_id, commands), outcome in zip(orders, requests, outcomes, strict=True):
            if outcome.refusal is None:
                result.orders += 1
                result.new_facts += len(outcome.facts)
            else:
                self._reject(source, rejects_of(planned, commands, recorded[order_id], outcome.refusal))

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

    def _wanted(self, planned: PlannedOrder, recorded: Sequence[Fact], source: Source) -> list[Command]:
        if not recorded:
            return planned.commands
        name = self._mapping.source
        if self._mapping.rows == "updates":
            return unrecorded(planned, recorded, source=name)
        return news(planned, recorded, source=name, at=source.snapshot or source.now)
