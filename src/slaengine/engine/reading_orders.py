"""What an engine answers about single orders: lists of them, their facts, their clocks and why these stand as they do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import overload
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, true

from slaengine.engine.orders import Order
from slaengine.engine.published import PublishedPolicies
from slaengine.errors import UnknownWorkOrder, UsageError
from slaengine.policies.book import PolicyBook
from slaengine.policies.clock import judge
from slaengine.policies.explain import explain, explain_all
from slaengine.policies.explain_model import Explanation
from slaengine.policies.rows import ClockRow
from slaengine.projections.case_file import CaseFile, micros, moment_of
from slaengine.projections.entry import judge_of
from slaengine.projections.orders import OrderItem, Wanted, order_item
from slaengine.storage.catch_up import Progress, catch_up
from slaengine.storage.figures import Figures
from slaengine.storage.log import Clock, FactLog
from slaengine.storage.read_models import ReadModels


class ReadingOrders(ABC):
    """The answers about orders. Instants are aware; without `as_of` it is now, without `known_at` all that is known.

    Raises, all of them:
        UsageError: the question makes no sense, or it is not clear which policy is meant.
        PolicyError: the policy or one of its calendars cannot be used.
        ConcurrencyError, StorageError: as `Database`.
    """

    log: FactLog
    clock: Clock
    policy: PolicyBook | None
    published: PublishedPolicies

    @abstractmethod
    def order_id(self, order: Order) -> UUID:
        """Return the id of an order that may be named by its number."""

    def book(self) -> PolicyBook:
        """Return the policy in use: the one the engine was opened with, else the only one published in its store."""
        if self.policy is not None:
            return self.policy
        names = self.published.names()
        if len(names) != 1:
            there = f"several are published in this store ({', '.join(names)})" if names else "none is published in this store"
            raise UsageError(f"which policy? {there}; name one with --policy, or open the engine with policy=…")
        return self.published.book(names[0])

    def project(self, progress: Progress = lambda _: None) -> Figures:
        """Bring the read models up to the end of the log and return them. `progress` is told the facts of each batch."""
        book = self.book()
        build = catch_up(self.log, ReadModels(self.log.database), book, progress=progress)
        return Figures(self.log.database, judge_of(book), build.tables)

    def clocks(self, order: Order, *, as_of: datetime | None = None, known_at: datetime | None = None) -> list[ClockRow]:
        """Return the clocks of one order, target by target, cycle by cycle. Instants in the rows are µs UTC.

        Raises:
            UnknownWorkOrder: there is no such order.
        """
        case_file = self.case_file(order)
        return judge(self.book(), case_file.moments, as_of=micros(as_of or self.clock()), known_at=micros_or_none(known_at))

    @overload
    def explain(
        self,
        order: Order,
        target: None = None,
        cycle: int | None = None,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
    ) -> list[Explanation]: ...

    @overload
    def explain(
        self,
        order: Order,
        target: str,
        cycle: int | None = None,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
    ) -> Explanation: ...

    def explain(
        self,
        order: Order,
        target: str | None = None,
        cycle: int | None = None,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
    ) -> Explanation | list[Explanation]:
        """Say why the clocks of one order stand where they stand, every second with its cause.

        Args:
            order: its number or id.
            target: the clock of this target; all clocks of the order when left out.
            cycle: which of the target's clocks, from 1; the last one when left out.
            as_of: what was so then.
            known_at: what we knew then.

        Raises:
            UnknownWorkOrder: there is no such order.
            UsageError: it has no such clock; the text names those it has.
        """
        moments, now, known = self.case_file(order).moments, micros(as_of or self.clock()), micros_or_none(known_at)
        if target is None:
            if cycle is not None:
                raise UsageError(f"clock {cycle} of which target? name the target too")
            return explain_all(self.book(), moments, as_of=now, known_at=known)
        return explain(self.book(), moments, target, cycle=cycle, as_of=now, known_at=known)

    def case_file(self, order: Order) -> CaseFile:
        """Return one order's facts in compact form, without personal data.

        Raises:
            UnknownWorkOrder: there is no such order.
        """
        order_id = self.order_id(order)
        stored = self.log.facts_of(order_id)
        if not stored:
            raise UnknownWorkOrder(str(order))
        return CaseFile(order_id, tuple(moment_of(f.topic, f.state, f.version, f.recorded_at) for f in stored))

    def orders(  # noqa: PLR0913 - what a list can be narrowed by
        self,
        *,
        status: Sequence[str] = (),
        target: Sequence[str] = (),
        verdict: Sequence[str] = (),
        where: Mapping[str, str] | None = None,
        limit: int | None = 50,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
    ) -> list[OrderItem]:
        """Return orders with their clocks, the last received first.

        Args:
            status: any of these; open, paused, resolved, closed, cancelled or merged.
            target: with a clock of any of these targets…
            verdict: …that stands at any of these verdicts; `not_measurable`: not covered by one of the targets.
            where: dimensions and the value each must have: `{"team": "lifts", "type.1": "facility"}`.
            limit: how many at most; None for all.
            as_of: what was so then.
            known_at: what we knew then.
        """
        wanted = Wanted.of(statuses=status, targets=target, verdicts=verdict, where=where)
        figures = self.project()
        instants = micros(as_of or self.clock()), micros_or_none(known_at)
        with figures.database.reading() as connection:
            entries = figures.entries(connection, _perhaps(figures, wanted, *instants), *instants)
            return [order_item(entry) for entry in islice((entry for entry in entries if wanted.fits(entry)), limit)]


def micros_or_none(instant: datetime | None) -> int | None:
    """Return an aware instant as µs since the epoch, UTC; None for None."""
    return None if instant is None else micros(instant)


def _perhaps(figures: Figures, wanted: Wanted, as_of: int, known_at: int | None) -> ColumnElement[bool]:
    """Return a condition that leaves out most orders that are not wanted, and none that are."""
    orders, clocks = figures.tables.orders.c, figures.tables.clocks.c
    parts: list[ColumnElement[bool]] = [true()]
    if wanted.statuses:
        parts.append(orders.status.in_(wanted.statuses))
    if wanted.verdicts and "not_measurable" not in wanted.verdicts:
        stored = {*wanted.verdicts, *({"running"} if {"overdue", "waived"} & set(wanted.verdicts) else ())}
        told = clocks.verdict.in_(sorted(stored)) | clocks.cadence.is_not(None)
        parts.append(exists().where(clocks.seq == orders.seq, told))
    return or_(figures.stale(as_of, known_at), and_(*parts))
