"""The key figures of a policy: each by its own period and dimensions, with its counts, its goal and its band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import BaseModel, ConfigDict

from slaengine.policies.kpi import Kpi
from slaengine.policies.policy import matches
from slaengine.projections.columns import NEVER, VERDICTS, ClockColumns, Flags, OrderColumns
from slaengine.projections.compliance import MICROS, ratio
from slaengine.projections.goals import Band
from slaengine.projections.groups import Groups, groups_of
from slaengine.projections.measures import MEASURES
from slaengine.projections.percentiles import grouped
from slaengine.projections.periods import Period, first_day
from slaengine.projections.promises import goal_of

Households = Mapping[str, int]
"""How many households each community has."""


class KpiRow(BaseModel):
    """One KPI in one group. `value` is a share, for `elapsed` mean seconds, for `count` a number, for `per_household` orders.

    `above` / `below` are the counts it is made of: `below` is None for a `count`, and for `per_household` where the households
    are not known; then `value` is None too. `p50_s`, `p90_s` are given for `elapsed` only.
    """

    model_config = ConfigDict(frozen=True)
    kpi: str
    title: str
    measure: str
    period: str | None
    group: dict[str, str | None]
    above: int
    below: int | None
    value: float | None
    p50_s: float | None
    p90_s: float | None
    goal: float | None
    band: Band | None


class Figure(NamedTuple):
    """A value with its counts, before its goal is looked at."""

    above: int
    below: int | None
    value: float | None
    p50_s: float | None = None
    p90_s: float | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """The orders that a KPI is about, their clocks, and their groups."""

    orders: OrderColumns
    clocks: ClockColumns
    groups: Groups
    as_of: int


def kpi_rows(kpi: Kpi, cut: Cut, *, zone: ZoneInfo, lang: str = "en", households: Households | None = None) -> list[KpiRow]:
    """Return the rows of one KPI over `cut`, which `cut_for` made for it."""
    return [
        _row(kpi, key, figure, zone, lang)
        for key, figure in zip(cut.groups.keys, _figures(kpi, cut, households or {}), strict=True)
    ]


def cut_for(kpi: Kpi, orders: OrderColumns, clocks: ClockColumns, as_of: int, period: Period | None = None) -> Cut:
    """Return the cut of a KPI: orders of its kinds and types, by when they were received, in its own period unless given one."""
    wanted = _fitting(kpi, orders)
    kept = orders.only(wanted)
    return Cut(kept, clocks.of(wanted), groups_of(kept, period or kpi.period, kpi.by), as_of)


def _fitting(kpi: Kpi, orders: OrderColumns) -> Flags:
    fits = np.ones(len(orders), np.bool_)
    if kpi.kind:
        fits &= orders.dimensions["kind"].among(kpi.kind)
    if kpi.type:
        types = orders.dimensions["type"]
        fits &= types.among([word for word in types.words if matches("type", word, kpi.type)])
    return fits


def _figures(kpi: Kpi, cut: Cut, households: Households) -> Sequence[Figure]:
    match kpi.measure:
        case "compliance":
            return _compliance(kpi, cut)
        case "elapsed":
            return _elapsed(kpi, cut)
        case "count":
            return [Figure(count, None, float(count)) for count in _counts(cut, np.ones(len(cut.orders), np.bool_))]
        case "per_household":
            return _per_household(cut, households)
        case measure:
            above, below = MEASURES[measure](kpi, cut.orders)
            pairs = zip(_counts(cut, above), _counts(cut, below), strict=True)
            return [Figure(up, down, ratio(up, down)) for up, down in pairs]


def _counts(cut: Cut, wanted: Flags) -> list[int]:
    counts: list[int] = np.bincount(cut.groups.group[wanted], minlength=len(cut.groups)).tolist()
    return counts


def _clocks_of(kpi: Kpi, cut: Cut) -> Flags:
    every = np.ones(len(cut.clocks), np.bool_)
    return cut.clocks.target.among([kpi.target]) if kpi.target else every


def _compliance(kpi: Kpi, cut: Cut) -> list[Figure]:
    chosen = _clocks_of(kpi, cut)
    group, verdict = cut.groups.group[cut.clocks.order], cut.clocks.verdict_at(cut.as_of)
    counts = {
        name: np.bincount(group[chosen & (verdict == VERDICTS.index(name))], minlength=len(cut.groups))
        for name in ("met", "missed", "overdue")
    }
    below = sum(counts.values(), np.zeros(len(cut.groups), np.int64))
    return [Figure(int(up), int(down), ratio(int(up), int(down))) for up, down in zip(counts["met"], below, strict=True)]


def _elapsed(kpi: Kpi, cut: Cut) -> list[Figure]:
    chosen = _clocks_of(kpi, cut) & (cut.clocks.elapsed != NEVER)
    group, elapsed = cut.groups.group[cut.clocks.order][chosen], cut.clocks.elapsed[chosen]
    counts = np.bincount(group, minlength=len(cut.groups)).tolist()
    sums = np.bincount(group, weights=elapsed / MICROS, minlength=len(cut.groups)).tolist()
    shares = (np.rint(grouped(group, elapsed, len(cut.groups), (0.5, 0.9))) / MICROS).tolist()
    return [
        Figure(count, count, round(total / count, 6), *share) if count else Figure(0, 0, None)
        for count, total, share in zip(counts, sums, shares, strict=True)
    ]


def _per_household(cut: Cut, households: Households) -> list[Figure]:
    counts = _counts(cut, np.ones(len(cut.orders), np.bool_))
    figures = []
    for count, (_, group) in zip(counts, cut.groups.keys, strict=True):
        homes = households.get(group["community"] or "") if "community" in group else sum(households.values())
        figures.append(Figure(count, homes or None, ratio(count, homes or 0)))
    return figures


def _row(kpi: Kpi, key: tuple[str | None, dict[str, str | None]], figure: Figure, zone: ZoneInfo, lang: str) -> KpiRow:
    period, group = key
    goal = goal_of(kpi, datetime.combine(first_day(period), datetime.min.time(), zone)) if period else None
    return KpiRow(
        kpi=kpi.name,
        title=kpi.title.text(lang, kpi.name),
        measure=kpi.measure,
        period=period,
        group=group,
        **figure._asdict(),
        goal=goal.goal if goal else None,
        band=goal.band(figure.value) if goal else None,
    )
