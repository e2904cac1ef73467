"""What an engine answers: reports, lists of orders, clocks. All of it judged by the policy in use, none of it stored as truth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, overload
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, or_, true

from slaengine.domain.promises import Published
from slaengine.engine.orders import Order
from slaengine.engine.published import PublishedPolicies
from slaengine.errors import UnknownWorkOrder, UsageError
from slaengine.policies.book import PolicyBook
from slaengine.policies.clock import judge
from slaengine.policies.explain import explain, explain_all
from slaengine.policies.explain_model import Explanation
from slaengine.policies.rows import ClockRow
from slaengine.projections.behind import Behind, behind
from slaengine.projections.case_file import CaseFile, micros, moment_of
from slaengine.projections.comparison import Comparison
from slaengine.projections.entry import judge_of
from slaengine.projections.kpis import Households, KpiRow, cut_for, kpi_rows
from slaengine.projections.measures import NEEDED as MEASURED
from slaengine.projections.orders import OrderItem, Wanted, order_item
from slaengine.projections.overview import BY, Overview, overview
from slaengine.projections.periods import as_period
from slaengine.projections.promises import chosen_kpis, promises_of
from slaengine.projections.report import Question, Report, tabulate
from slaengine.projections.restatement import Restatements, restated_figures
from slaengine.storage.catch_up import Progress, catch_up
from slaengine.storage.comparing import Comparing, comparison
from slaengine.storage.figures import Figures
from slaengine.storage.log import Clock, FactLog
from slaengine.storage.read_models import ReadModels


class Reading(ABC):
    """The answers. Instants are aware; without `as_of` it is now, without `known_at` all that is known.

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

    def report(  # noqa: PLR0913 - the parts of a question
        self,
        *,
        period: str | None = None,
        by: Sequence[str] = (),
        targets: Sequence[str] = (),
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        progress: Progress = lambda _: None,
    ) -> Report:
        """Return compliance and closure of all orders received by `as_of`, by group.

        Args:
            period: day, week, month, quarter, half_year or year in which the order was received, in the policy's zone.
            by: dimensions to group by: `type`, `team`, `community`… `label.NAME`, `type.1`.
            targets: which targets; all when left out.
            as_of: what was so then.
            known_at: what we knew then.
            progress: told the number of facts of each batch that has to be read first.
        """
        question = self._question(as_of, known_at, period, by, targets)
        figures = self.project(progress)
        promises = promises_of(figures.judge.book, question.as_of)
        with figures.sheet(*_instants(question), question.by) as sheet:
            return tabulate(question, promises, sheet)

    def report_orders(  # noqa: PLR0913 - the parts of a question
        self,
        figure: str,
        *,
        period: str | None = None,
        by: Sequence[str] = (),
        targets: Sequence[str] = (),
        as_of: datetime | None = None,
        known_at: datetime | None = None,
    ) -> list[Behind]:
        """Return the orders counted in one figure (`missed`, `not_measurable`, `reopened`…) of the report asked for alike.

        Raises:
            UsageError: no report counts that.
        """
        question = self._question(as_of, known_at, period, by, targets)
        figures = self.project()
        promises = promises_of(figures.judge.book, question.as_of)
        with figures.sheet(*_instants(question), question.by) as sheet:
            return [
                Behind(**place._asdict() | {"figure": figure, "orders": figures.numbers(sheet.orders.seq[place.orders].tolist())})
                for place in behind(figure, question, promises, sheet, micros(question.as_of))
            ]

    def restatements(
        self,
        known_at: datetime,
        *,
        as_of: datetime | None = None,
        period: str | None = None,
        by: Sequence[str] = (),
        targets: Sequence[str] = (),
    ) -> Restatements:
        """Return what was said of `as_of` (left out: `known_at`) at `known_at`, where it is not what is said of it now.

        Figures by group as in a report, and the orders that changed, with what has become known of them since.
        """
        at = as_of or known_at
        asked: dict[str, Any] = {"period": period, "by": by, "targets": targets, "as_of": at}
        then, now = self.report(**asked, known_at=known_at), self.report(**asked)
        orders = list(self.project().restated(micros(at), micros(known_at)))
        figures = restated_figures(then, now)
        return Restatements(as_of=at, known_at=known_at, policy=now.policy, figures=figures, orders=orders)

    def overview(
        self, *, targets: Sequence[str] = (), as_of: datetime | None = None, known_at: datetime | None = None
    ) -> Overview:
        """Return what a page shows beside a report: all orders, by month, by type, and what is open."""
        question = self._question(as_of, known_at, None, BY, targets)
        figures = self.project()
        promises = promises_of(figures.judge.book, question.as_of)
        with figures.sheet(*_instants(question), BY) as sheet:
            return overview(question, promises, sheet)

    def kpis(  # noqa: PLR0913 - the parts of a question
        self,
        *,
        names: Sequence[str] = (),
        period: str | None = None,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        households: Households | None = None,
        lang: str = "en",
    ) -> list[KpiRow]:
        """Return the KPIs of the policy, each by its own period and dimensions, over the orders received in each period.

        Args:
            names: which KPIs; all when left out.
            period: a period for all of them instead of their own.
            as_of: what was so then.
            known_at: what we knew then.
            households: households by community, for complaints per household.
            lang: the language of the titles, `en` or `zh`.
        """
        figures = self.project()
        chosen = chosen_kpis(figures.judge.book, names)
        question = self._question(as_of, known_at, period, [*MEASURED, *(name for kpi in chosen for name in kpi.by)], ())
        rows: list[KpiRow] = []
        with figures.sheet(*_instants(question), question.by) as sheet:
            for kpi in chosen:
                cut = cut_for(kpi, sheet, micros(question.as_of), question.period)
                rows += kpi_rows(kpi, cut, zone=figures.judge.zone, lang=lang, households=households)
        return rows

    def compare(
        self, target: str, *, against: str | None = None, period: str | None = None, by: Sequence[str] = ()
    ) -> Comparison:
        """Return our verdicts on `target` beside those that the source of the orders stated, by group.

        With `against`, the due times of the two targets too, by what sets them apart.
        """
        return comparison(self.project(), Comparing(target, against, as_period(period) if period else None, tuple(by)))

    def clocks(self, order: Order, *, as_of: datetime | None = None, known_at: datetime | None = None) -> list[ClockRow]:
        """Return the clocks of one order, target by target, cycle by cycle. Instants in the rows are µs UTC.

        Raises:
            UnknownWorkOrder: there is no such order.
        """
        case_file = self.case_file(order)
        return judge(self.book(), case_file.moments, as_of=micros(as_of or self.clock()), known_at=_micros(known_at))

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
        moments, now, known = self.case_file(order).moments, micros(as_of or self.clock()), _micros(known_at)
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
        instants = micros(as_of or self.clock()), _micros(known_at)
        with figures.database.reading() as connection:
            entries = figures.entries(connection, _perhaps(figures, wanted, *instants), *instants)
            return [order_item(entry) for entry in islice((entry for entry in entries if wanted.fits(entry)), limit)]

    def _question(
        self, as_of: datetime | None, known_at: datetime | None, period: str | None, by: Sequence[str], targets: Sequence[str]
    ) -> Question:
        return Question.of(as_of or self.clock(), known_at, period=period, by=by, targets=targets)

    def publications(self) -> list[tuple[Published, int]]:
        """Return what was published in the store, in order, each with the µs at which it was recorded."""
        return list(self.published.facts())


def _instants(question: Question) -> tuple[int, int | None]:
    return micros(question.as_of), _micros(question.known_at)


def _micros(instant: datetime | None) -> int | None:
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
