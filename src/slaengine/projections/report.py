"""The report: compliance of each target and closure of the orders, by group, every rate with its counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from slaengine.projections.case_file import micros
from slaengine.projections.closure import ClosureRow, came_back, closure_rows
from slaengine.projections.columns import Sheet
from slaengine.projections.compliance import ComplianceRow, compliance_rows
from slaengine.projections.goals import Promised
from slaengine.projections.groups import check_dimensions, groups_of
from slaengine.projections.lazy import Rows
from slaengine.projections.periods import Period, as_period, days_of
from slaengine.projections.promises import Promises


@dataclass(frozen=True, slots=True)
class Question:
    """What a report is asked for; `of` checks it.

    `as_of` is what was so then, `known_at` what we knew then (None: all that is known). Without `period` there is one row
    for all time. `targets` empty means every target of the policy. `within` names the period (`2026-01`)
    in which orders must have been received; None: any.
    """

    as_of: datetime
    known_at: datetime | None = None
    period: Period | None = None
    by: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    within: str | None = None

    @classmethod
    def of(  # noqa: PLR0913 - the parts of a question
        cls,
        as_of: datetime,
        known_at: datetime | None = None,
        *,
        period: str | None = None,
        by: Sequence[str] = (),
        targets: Sequence[str] = (),
        within: str | None = None,
    ) -> Question:
        """Return the question; dimensions named twice count once.

        Raises:
            UsageError: a period or dimension does not exist.
        """
        check_dimensions(by)
        if within is not None:
            days_of(within)
        named = tuple(dict.fromkeys(by)), tuple(dict.fromkeys(targets))
        return cls(as_of, known_at, as_period(period) if period else None, *named, within)


class Report(BaseModel):
    """The figures. Its JSON is a public contract; `report["rows"]` is `report.rows`.

    `as_of` and `known_at` are the instants asked for; `known_at` None means all that is known.
    """

    model_config = ConfigDict(frozen=True)
    as_of: datetime
    known_at: datetime | None
    policy: str
    rows: Rows[ComplianceRow]
    closure: Rows[ClosureRow]

    def __getitem__(self, name: Literal["as_of", "known_at", "policy", "rows", "closure"]) -> Any:
        """Return a part of the report in plain JSON values."""
        return self.model_dump(mode="json")[name]


def tabulate(question: Question, promises: Promises, sheet: Sheet) -> Report:
    """Return the report on the orders of `sheet`: those received `within`, as judged for the instants of the question.

    Raises:
        UsageError: the question names a target that the policy does not have.
    """
    orders = sheet.orders
    groups = groups_of(orders, question.period, question.by)
    return Report(
        as_of=question.as_of,
        known_at=question.known_at,
        policy=promises.policy,
        rows=compliance_rows(groups, _wanted(question, promises), sheet, micros(question.as_of)),
        closure=closure_rows(groups, orders),
    )


def received_within(sheet: Sheet, name: str | None) -> Sheet:
    """Return the sheet of the orders received in the period that is called `name`; None: of all.

    Whether they came back is told by all orders.
    """
    if name is None:
        return sheet
    first, after = days_of(name)
    orders = sheet.orders
    wanted = (orders.day >= first.toordinal()) & (orders.day < after.toordinal())
    kept = sheet.only(wanted)
    return replace(kept, orders=replace(kept.orders, came_back=came_back(orders)[wanted]))


def _wanted(question: Question, promises: Promises) -> list[Promised]:
    promises.check(question.targets)
    return [target for target in promises.targets if not question.targets or target.name in question.targets]
