"""Putting our verdicts beside the source's own, from the read models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from slaengine.policies.moment import Moment
from slaengine.policies.settle import settled
from slaengine.projections.case_file import EPOCH, CaseFile
from slaengine.projections.comparison import Case, Comparison, DueRow, Stated, compare, compare_due, differs
from slaengine.projections.groups import check_dimensions, said_by
from slaengine.projections.order_view import OrderView, view_of
from slaengine.projections.periods import Period, label, local, local_day
from slaengine.projections.promises import promises_of
from slaengine.storage.figures import Figures
from slaengine.storage.read_models_schema import Generation

DIFFERING_NAMED = 20
MICROSECOND = timedelta(microseconds=1)


class Clock(NamedTuple):
    """What a comparison needs of a clock."""

    verdict: str
    due_at: int | None

    def at(self, instant: int) -> str:
        """Return the verdict as of `instant` (µs UTC)."""
        late = self.verdict == "running" and self.due_at is not None and instant > self.due_at
        return "overdue" if late else self.verdict


@dataclass(frozen=True, slots=True)
class Comparing:
    """What is compared: our verdicts on `target`, its due times beside those of `against` (None: not), and in which groups."""

    target: str
    against: str | None = None
    period: Period | None = None
    by: tuple[str, ...] = ()


def comparison(figures: Figures, asked: Comparing) -> Comparison:
    """Return our verdicts beside those stated by the source, by group; and the due times of two targets beside each other.

    Raises:
        UsageError: the policy has no such target, or there is no such dimension.
    """
    promises = promises_of(figures.judge.book, EPOCH)
    promises.check([asked.target, *([asked.against] if asked.against else [])])
    check_dimensions(asked.by)
    with figures.database.reading(steady=True) as connection:
        ours = _clocks(connection, figures.tables, asked.target)
        cases = list(_cases(connection, figures, asked, ours))
        due: list[DueRow] = []
        if asked.against:
            due = compare_due(_due(connection, figures.tables, ours, _clocks(connection, figures.tables, asked.against)))
    differing = [case.number for case in cases if differs(case)]
    return Comparison(
        policy=promises.policy,
        target=asked.target,
        against=asked.against,
        rows=compare(cases, asked.by),
        due=due,
        differing=differing[:DIFFERING_NAMED],
    )


def _clocks(connection: Connection, tables: Generation, target: str) -> dict[int, Clock]:
    """Return each order's clock of the target, by its place; of several cycles the last."""
    clocks = tables.clocks.c
    rows = select(clocks.seq, clocks.verdict, clocks.due_at).where(clocks.target == target).order_by(clocks.seq, clocks.cycle)
    return {seq: Clock(verdict, due_at) for seq, verdict, due_at in connection.execute(rows)}


def _cases(connection: Connection, figures: Figures, asked: Comparing, ours: dict[int, Clock]) -> Iterator[Case]:
    orders, files, zone = figures.tables.orders.c, figures.tables.case_files, figures.judge.zone
    query = select(orders.seq, orders.order_id, files.c.content).join(files, files.c.seq == orders.seq).order_by(orders.seq)
    for seq, order_id, content in connection.execute(query.execution_options(yield_per=1_000)):
        moments = settled(CaseFile.decode(order_id, content).moments)
        view = view_of(moments)
        statement = _statement(moments, asked.target)
        clock = ours.get(seq)
        at = statement.occurred_at if statement else moments[-1].occurred_at
        yield Case(
            label(local_day(view.received_at, zone), asked.period) if asked.period else None,
            tuple(said_by(view, name) for name in asked.by),
            view.number,
            _taken(view, zone),
            _stated(statement),
            clock.at(at) if clock else None,
        )


def _statement(moments: Sequence[Moment], target: str) -> Moment | None:
    """Return the last thing that the source said of the target."""
    stated = [moment for moment in moments if moment.name == "verdict_stated" and moment.fields["target"] == target]
    return stated[-1] if stated else None


def _stated(statement: Moment | None) -> Stated | None:
    return statement.fields["verdict"] if statement else None


def _taken(view: OrderView, zone: ZoneInfo) -> int | None:
    """Return the µs from receipt to closing as wall clocks read them: a clock change between them is not seen."""
    if view.closed_at is None:
        return None
    opened, closed = local(view.received_at, zone), local(view.closed_at, zone)
    return (closed.replace(tzinfo=None) - opened.replace(tzinfo=None)) // MICROSECOND


def _due(
    connection: Connection, tables: Generation, ours: dict[int, Clock], others: dict[int, Clock]
) -> Iterator[tuple[str, int | None, int | None]]:
    orders = tables.orders.c
    for seq, number in connection.execute(select(orders.seq, orders.number).order_by(orders.seq)):
        given, computed = ours.get(seq), others.get(seq)
        yield number, given.due_at if given else None, computed.due_at if computed else None
