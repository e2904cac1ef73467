"""Compliance: for each group and target how many clocks were met, missed, running…, and the rate that follows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from pydantic import BaseModel, ConfigDict

from slaengine.projections.cells import Cells
from slaengine.projections.columns import MISSED, RUNNING, VERDICTS, ClockColumns, Ints, OrderColumns, Sheet
from slaengine.projections.goals import Band, Promised
from slaengine.projections.groups import Groups, Key
from slaengine.projections.lazy import Rows
from slaengine.projections.tally import tally
from slaengine.projections.trusted import trusted

MICROS = 1_000_000


class ComplianceRow(BaseModel):
    """One target in one group. Counts are of clocks: an order reopened into a new cycle, or on a cadence, has several.

    `not_measurable` counts the orders of the group that no rule of the target covers. `rate` is
    met / (met + missed + overdue), None when that is 0; `raw_rate` counts waived clocks as what they were before the waiver,
    breaches. `p50_s`, `p90_s` are percentiles of the elapsed time, in seconds of the target's own calendar, of the clocks
    that stopped; None when none did. `goal` and `band` are None without a goal in the policy.
    """

    model_config = ConfigDict(frozen=True)
    period: str | None
    group: dict[str, str | None]
    target: str
    promise: str
    met: int
    missed: int
    running: int
    overdue: int
    waived: int
    cancelled: int
    not_measurable: int
    rate: float | None
    raw_rate: float | None
    p50_s: float | None
    p90_s: float | None
    goal: float | None
    band: Band | None


def compliance_rows(groups: Groups, targets: Sequence[Promised], sheet: Sheet, as_of: int) -> Rows[ComplianceRow]:
    """Return the rows by group, then target in the order of `targets`; rows without any count left out."""
    orders, clocks = sheet.orders, sheet.clocks
    names = [target.name for target in targets]
    width = len(names) + 1  # the last cell of a group is for targets that were not asked for
    cells, them = _cells(groups, names, clocks), sheet.further
    found = tally(cells, clocks, as_of, (0.5, 0.9))
    further = cells.of(them.order, them.target)
    np.add.at(found.counts[:, MISSED], further, them.missed)
    np.add.at(found.counts[:, RUNNING], further, 1)
    counts = found.counts.reshape(len(groups), width, len(VERDICTS))
    shares = np.rint(found.percentiles.reshape(len(groups), width, 2)) / MICROS
    uncovered = _uncovered(groups, names, orders)
    there = np.nonzero(counts[:, :-1].any(axis=2) | (uncovered > 0))
    columns = (column[there] for column in (counts, uncovered, shares[..., 0], shares[..., 1]))
    return Rows(partial(_row, groups.keys, tuple(targets)), *there, *columns)


def _cells(groups: Groups, names: list[str], clocks: ClockColumns) -> Cells:
    """Return the cells of groups × targets; the last target of a group is any that is not among `names`."""
    places = [names.index(word) if word in names else len(names) for word in clocks.target.words]
    return Cells(groups.group, len(groups), np.array(places, np.int32), len(names) + 1)


def _uncovered(groups: Groups, names: list[str], orders: OrderColumns) -> Ints:
    """Return for each group and target how many orders of the group no rule of the target covers."""
    count = len(orders.covered.words)
    sets = [set((word or "").split(",")) for word in orders.covered.words]
    alike = np.bincount(groups.group * np.int64(count) + orders.covered.codes, minlength=len(groups) * count).reshape(
        len(groups), count
    )
    missing = np.array([[name not in covered for name in names] for covered in sets], np.int64).reshape(count, len(names))
    return alike @ missing


def _row(  # noqa: PLR0913, PLR0917 (a row's figures, by the ten thousand)
    keys: Sequence[Key],
    targets: Sequence[Promised],
    g: int,
    t: int,
    counts: list[int],
    not_measurable: int,
    p50_s: float,
    p90_s: float,
) -> ComplianceRow:
    (period, group), target = keys[g], targets[t]
    met, missed, running, overdue, waived, cancelled = counts
    rate = ratio(met, met + missed + overdue)
    values = {
        "period": period,
        "group": group,
        "target": target.name,
        "promise": target.promise,
        "met": met,
        "missed": missed,
        "running": running,
        "overdue": overdue,
        "waived": waived,
        "cancelled": cancelled,
        "not_measurable": not_measurable,
        "rate": rate,
        "raw_rate": ratio(met, met + missed + overdue + waived),
        "p50_s": _or_none(p50_s),
        "p90_s": _or_none(p90_s),
        "goal": target.goal.goal if target.goal else None,
        "band": target.goal.band(rate) if target.goal else None,
    }
    return trusted(ComplianceRow, values)


def ratio(part: int, whole: int) -> float | None:
    """Return part / whole, or None when `whole` is 0."""
    return part / whole if whole else None


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
