"""The orders behind a key figure: the ones that were counted above its line, or below it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, get_args

import numpy as np
from pydantic import BaseModel, ConfigDict

from slaengine.errors import UsageError, nearest
from slaengine.policies.kpi import OF_CLOCKS, Kpi
from slaengine.projections.backlog import is_open
from slaengine.projections.behind import AtVerdicts, Place, at_verdicts, split, with_clock
from slaengine.projections.columns import NEVER, Flags, Sheet
from slaengine.projections.kpis import Cut
from slaengine.projections.measures import CLOCK_MEASURES, MEASURES, given_out

Line = Literal["above", "below"]

ABOVE_ONLY = frozenset({"backlog", "count", "in_hand", "per_household", "workload"})
"""Measures of which nothing stands below the line, or households or persons, which are no orders."""


class BehindKpi(BaseModel):
    """The orders counted in one KPI of one group, above or below its line. `orders` are their numbers."""

    model_config = ConfigDict(frozen=True)
    kpi: str
    period: str | None
    group: dict[str, str | None]
    line: Line
    orders: list[str]


def as_line(word: str) -> Line:
    """Return `word` as a side of the line.

    Raises:
        UsageError: it is none.
    """
    for line in get_args(Line):
        if word == line:
            found: Line = line
            return found
    raise UsageError(f"a KPI has no orders '{word}' its line{nearest(word, get_args(Line))} (above, below)")


def check_line(kpis: Sequence[Kpi], line: Line) -> None:
    """Do nothing if some KPI has orders on that side of its line.

    Raises:
        UsageError: none of them has.
    """
    if line == "below" and kpis and all(kpi.measure in ABOVE_ONLY for kpi in kpis):
        names = ", ".join(kpi.name for kpi in kpis)
        raise UsageError(f"no orders stand below the line of {names}; ask for those above")


def kpi_places(kpi: Kpi, cut: Cut, line: Line) -> Iterator[Place]:
    """Yield the orders on one side of the line of a KPI, by group; an order of several clocks, or holders' times, stands once.

    Groups without any are left out, and so is what is no order: households and persons.
    """
    if kpi.measure == "held":
        yield from _held(cut)
    elif kpi.cohort in OF_CLOCKS:
        yield from _by_clocks(kpi, cut, line)
    elif line == "above" or kpi.measure not in ABOVE_ONLY:
        yield from split(cut.groups, _counted(kpi, cut, line), kpi.target)


def _by_clocks(kpi: Kpi, cut: Cut, line: Line) -> Iterator[Place]:
    """Yield the orders of which a clock is counted in a group."""
    at = _clocks_counted(kpi, cut, line)
    group = np.concatenate((cut.clock_groups()[at.clocks], cut.further_groups()[at.further]))
    order = np.concatenate((cut.clocks.order[at.clocks], cut.further.order[at.further]))
    groups, orders = np.unique(np.stack((group, order)), axis=1)
    parts = np.split(orders, np.searchsorted(groups, np.arange(1, len(cut.groups))))
    for (period, key), part in zip(cut.groups.keys, parts, strict=bool(len(cut.groups))):
        if len(part):
            yield Place(period, key, kpi.target, part)


def _clocks_counted(kpi: Kpi, cut: Cut, line: Line) -> AtVerdicts:
    if kpi.measure == "elapsed":
        return AtVerdicts(cut.clocks.elapsed != NEVER, np.zeros(len(cut.further.order), np.bool_))
    return at_verdicts(_sheet(cut), getattr(CLOCK_MEASURES[kpi.measure], line), cut.as_of)


def _sheet(cut: Cut) -> Sheet:
    return Sheet(cut.orders, cut.clocks, cut.held, cut.further)


def _counted(kpi: Kpi, cut: Cut, line: Line) -> Flags:
    orders = cut.orders
    match kpi.measure:
        case "compliance" | "waived" | "elapsed":
            return with_clock(_sheet(cut), _clocks_counted(kpi, cut, line), kpi.target)
        case "backlog":
            return is_open(orders, cut.as_of)
        case "workload":
            return given_out(orders)
        case "in_hand":
            return given_out(orders) & is_open(orders, cut.as_of)
        case "count" | "per_household":
            return np.ones(len(orders), np.bool_)
        case measure:
            flags: Flags = getattr(MEASURES[measure](kpi, orders), line)
            return flags


def _held(cut: Cut) -> Iterator[Place]:
    """Yield the orders that each party held."""
    for party in sorted(word for word in cut.held.party.words if word is not None):
        wanted = np.zeros(len(cut.orders), np.bool_)
        wanted[cut.held.order[cut.held.party.among([party])]] = True
        for place in split(cut.groups, wanted, None):
            yield place._replace(group={**place.group, "holder": party})
