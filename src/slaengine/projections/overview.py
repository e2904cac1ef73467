"""The overview: all orders, by month, by type, and what is open. What pages show beside the report that was asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

from slaengine.projections.backlog import Flow, ageing, flow
from slaengine.projections.case_file import micros
from slaengine.projections.columns import Sheet
from slaengine.projections.periods import Period
from slaengine.projections.promises import Promises
from slaengine.projections.report import Question, Report, tabulate

BY = ("type",)
"""The dimensions that an overview needs."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The reports over everything, by month and by type; how old the open orders are, and how many came and went."""

    zone: ZoneInfo
    whole: Report
    monthly: Report
    by_type: Report
    ageing: Mapping[str, int]
    flow: Sequence[Flow]


def overview(question: Question, promises: Promises, sheet: Sheet) -> Overview:
    """Return the overview at the instants, and of the targets, of `question`; its period and dimensions do not matter."""
    as_of = micros(question.as_of)

    def report(period: Period | None = None, by: tuple[str, ...] = ()) -> Report:
        return tabulate(replace(question, period=period, by=by), promises, sheet)

    return Overview(
        promises.zone,
        report(),
        report(period="month"),
        report(by=BY),
        ageing(sheet.orders, as_of),
        flow(sheet.orders, "month", promises.zone, as_of),
    )
