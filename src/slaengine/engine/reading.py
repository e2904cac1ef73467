"""What an engine answers: reports and key figures. All of it judged by the policy in use, none of it stored as truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from slaengine.domain.promises import Published
from slaengine.engine.reading_orders import ReadingOrders, micros_or_none
from slaengine.garbage import searched_seldom
from slaengine.policies.kpi import Kpi
from slaengine.projections.behind import Behind, behind
from slaengine.projections.case_file import micros
from slaengine.projections.comparison import Comparison
from slaengine.projections.kpi_orders import BehindKpi, as_line, check_line, kpi_places
from slaengine.projections.kpis import Cut, Households, KpiRow, cut_for, kpi_rows
from slaengine.projections.measures import needed
from slaengine.projections.overview import BY, Overview, overview
from slaengine.projections.periods import as_period
from slaengine.projections.promises import chosen_kpis, promises_of
from slaengine.projections.report import Question, Report, received_within, tabulate
from slaengine.projections.restatement import Restatements, restated_figures
from slaengine.projections.stock import BY as STOCK_BY
from slaengine.projections.stock import Stock, stock_of
from slaengine.storage.catch_up import Progress
from slaengine.storage.comparing import Comparing, comparison
from slaengine.storage.figures import Figures


class Reading(ReadingOrders):
    """The answers. Instants and errors are as for those about orders."""

    def report(  # noqa: PLR0913 - the parts of a question
        self,
        *,
        period: str | None = None,
        by: Sequence[str] = (),
        targets: Sequence[str] = (),
        within: str | None = None,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        progress: Progress = lambda _: None,
    ) -> Report:
        """Return compliance and closure of all orders received by `as_of`, by group.

        Args:
            period: day, week, month, quarter, half_year or year in which the order was received, in the policy's zone.
            by: dimensions to group by: `type`, `team`, `community`… `label.NAME`, `type.1`.
            targets: which targets; all when left out.
            within: only orders received in the period of this name, such as `2026-Q1`, `2026-01` or `2026-01-31`.
            as_of: what was so then.
            known_at: what we knew then.
            progress: told the number of facts of each batch that has to be read first.
        """
        question = self._question(as_of, known_at, period, by, targets, within)
        figures = self.project(progress)
        promises = promises_of(figures.judge.book, question.as_of)
        with figures.sheet(*_instants(question), question.by) as sheet:
            return tabulate(question, promises, received_within(sheet, question.within))

    def report_orders(  # noqa: PLR0913 - the parts of a question
        self,
        figure: str,
        *,
        period: str | None = None,
        by: Sequence[str] = (),
        targets: Sequence[str] = (),
        within: str | None = None,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
    ) -> list[Behind]:
        """Return the orders counted in one figure (`missed`, `not_measurable`, `reopened`…) of the report asked for alike.

        Raises:
            UsageError: no report counts that.
        """
        question = self._question(as_of, known_at, period, by, targets, within)
        figures = self.project()
        promises = promises_of(figures.judge.book, question.as_of)
        with figures.sheet(*_instants(question), question.by) as whole:
            sheet = received_within(whole, question.within)
            return [
                Behind(**place._asdict() | {"figure": figure, "orders": figures.numbers(sheet.orders.seq[place.orders].tolist())})
                for place in behind(figure, question, promises, sheet, micros(question.as_of))
            ]

    def stock(self, *, as_of: datetime | None = None, known_at: datetime | None = None) -> Stock:
        """Return every open order with who is responsible for it, and every clock that is overdue."""
        question = self._question(as_of, known_at, None, STOCK_BY, ())
        figures = self.project()
        with figures.sheet(*_instants(question), question.by) as sheet:
            return stock_of(sheet, micros(question.as_of), figures.numbers)

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
        self,
        *,
        targets: Sequence[str] = (),
        within: str | None = None,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
    ) -> Overview:
        """Return what a page shows beside a report: all orders, by month, by type, and what is open."""
        question = self._question(as_of, known_at, None, BY, targets, within)
        figures = self.project()
        promises = promises_of(figures.judge.book, question.as_of)
        with figures.sheet(*_instants(question), BY) as sheet:
            return overview(question, promises, received_within(sheet, within))

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
        rows: list[KpiRow] = []
        with searched_seldom(), self._cuts(names, period, as_of, known_at) as (figures, kpis, cut):
            for kpi in kpis:
                rows += kpi_rows(kpi, cut(kpi), zone=figures.judge.zone, lang=lang, households=households)
        return rows

    def kpi_orders(
        self,
        line: str,
        *,
        names: Sequence[str] = (),
        period: str | None = None,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
    ) -> list[BehindKpi]:
        """Return the orders counted `above` or `below` the line of the KPIs asked for alike.

        Households and persons, which stand below the line of some, are no orders and are left out.

        Raises:
            UsageError: there is no such line, or none of these KPIs has orders there.
        """
        side, rows = as_line(line), []
        with self._cuts(names, period, as_of, known_at) as (figures, kpis, cut):
            check_line(kpis, side)
            for kpi in kpis:
                its = cut(kpi)
                for place in kpi_places(kpi, its, side):
                    numbers = figures.numbers(its.orders.seq[place.orders].tolist())
                    rows.append(BehindKpi(kpi=kpi.name, period=place.period, group=place.group, line=side, orders=numbers))
        return rows

    @contextmanager
    def _cuts(
        self, names: Sequence[str], period: str | None, as_of: datetime | None, known_at: datetime | None
    ) -> Iterator[tuple[Figures, Sequence[Kpi], Callable[[Kpi], Cut]]]:
        """Give the KPIs asked for, and what says which orders each is about, for the length of the block."""
        figures = self.project()
        chosen = chosen_kpis(figures.judge.book, names)
        question = self._question(as_of, known_at, period, [name for kpi in chosen for name in needed(kpi)], ())
        with figures.sheet(*_instants(question), question.by) as sheet:
            yield (
                figures,
                chosen,
                partial(cut_for, sheet=sheet, as_of=micros(question.as_of), zone=figures.judge.zone, period=question.period),
            )

    def compare(
        self, target: str, *, against: str | None = None, period: str | None = None, by: Sequence[str] = ()
    ) -> Comparison:
        """Return our verdicts on `target` beside those that the source of the orders stated, by group.

        With `against`, the due times of the two targets too, by what sets them apart.
        """
        return comparison(self.project(), Comparing(target, against, as_period(period) if period else None, tuple(by)))

    def _question(  # noqa: PLR0913, PLR0917 - the parts of a question
        self,
        as_of: datetime | None,
        known_at: datetime | None,
        period: str | None,
        by: Sequence[str],
        targets: Sequence[str],
        within: str | None = None,
    ) -> Question:
        return Question.of(as_of or self.clock(), known_at, period=period, by=by, targets=targets, within=within)

    def publications(self) -> list[tuple[Published, int]]:
        """Return what was published in the store, in order, each with the µs at which it was recorded."""
        return list(self.published.facts())


def _instants(question: Question) -> tuple[int, int | None]:
    return micros(question.as_of), micros_or_none(question.known_at)
