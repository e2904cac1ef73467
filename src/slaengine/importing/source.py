"""One file that is to be imported, read through once, and its orders in chunks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from slaengine.engine.plan import CLOCK_SKEW
from slaengine.errors import ImportingError
from slaengine.importing.cells import Row
from slaengine.importing.mapping import Mapping
from slaengine.importing.plan import OrderRefused, Plan, PlannedOrder, Reject
from slaengine.importing.survey import Survey, orders, survey
from slaengine.importing.tables import Table, open_table

Told = tuple[str, list[Row]]
"""What the source calls an order, and its rows."""


class Chunk(NamedTuple):
    """Whole orders for one transaction, none of them twice, what told of each, and the rows up to here that cannot be used."""

    told: list[Told]
    orders: list[PlannedOrder]
    rejects: list[Reject]


@dataclass(frozen=True, slots=True)
class Source:
    """A file, and how its orders are to be planned. `snapshot` is when it was taken from its system; None: not known."""

    file: str | Path
    mapping: Mapping
    table: Table
    plan: Plan
    found: Survey
    snapshot: datetime | None
    now: datetime

    @classmethod
    def read_through(cls, file: str | Path, mapping: Mapping, *, now: datetime, snapshot_at: datetime | None) -> Source:
        """Read the file to its end, so that nothing is imported from a damaged one.

        Raises:
            ImportingError: it is damaged, lacks a column, or it is needed and not known when it was taken.
        """
        table, plan = _made_ready(file, mapping, now)
        found = survey(table, plan, updates=mapping.rows == "updates")
        snapshot = snapshot_at or found.latest
        if plan.needs_snapshot and snapshot is None and found.rows:
            raise ImportingError(
                f"it is not known when {file} was taken; say so with --snapshot-at, or name `snapshot_from` columns"
            )
        return cls(file, mapping, table, plan, found, min(snapshot, now).astimezone(UTC) if snapshot else None, now)

    @classmethod
    def read_before(
        cls, file: str | Path, mapping: Mapping, *, found: Survey, snapshot: datetime | None, now: datetime
    ) -> Source:
        """Return the source that was read through elsewhere, with what was found there."""
        return cls(file, mapping, *_made_ready(file, mapping, now), found, snapshot, now)

    def chunks(self, commands_at_most: int) -> Iterator[Chunk]:
        """Yield the orders, about so many commands at a time, in the order in which the file first names them.

        Raises:
            ImportingError: the file changed since it was read through.
        """
        rejects: list[Reject] = []
        told: list[Told] = []
        planned: dict[UUID, PlannedOrder] = {}
        commands = 0
        for key, rows in orders(self.table, self.plan, self.found, rejects, updates=self.mapping.rows == "updates"):
            try:
                order = self.plan.order(key, rows, self.snapshot)
            except OrderRefused as refused:
                rejects += refused.rejects
                continue
            if order.id in planned or commands >= commands_at_most:
                yield Chunk(told, list(planned.values()), rejects.copy())
                rejects.clear()
                told, planned, commands = [], {}, 0
            told.append((key, rows))
            planned[order.id] = order
            commands += len(order.commands)
        if planned or rejects:
            yield Chunk(told, list(planned.values()), rejects)

    def again(self, told: list[Told]) -> list[PlannedOrder]:
        """Return the orders of a chunk from what told of them."""
        return [self.plan.order(key, rows, self.snapshot) for key, rows in told]


def _made_ready(file: str | Path, mapping: Mapping, now: datetime) -> tuple[Table, Plan]:
    table = open_table(file, mapping)
    return table, Plan(mapping, table.header, str(file), now=now, skew=CLOCK_SKEW)
