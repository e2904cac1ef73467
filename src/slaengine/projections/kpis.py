"""The key figures of a policy: each by its own period and dimensions, with its counts, its goal and its band."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from pydantic import BaseModel, ConfigDict

from slaengine.policies.applies import matches
from slaengine.policies.kpi import OF_CLOCKS, Cohort, Kpi
from slaengine.projections.backlog import is_open
from slaengine.projections.cohorts import dated_clocks, dated_further, local_days
from slaengine.projections.columns import NEVER, VERDICTS, ClockColumns, Flags, Further, HeldColumns, Ints, OrderColumns, Sheet
from slaengine.projections.compliance import MICROS, ratio
from slaengine.projections.goals import Band, Goal
from slaengine.projections.groups import Groups, Key, groups_of, groups_on, stored_dimensions
from slaengine.projections.measures import CLOCK_MEASURES, MEASURES, ClockParts, given_out
from slaengine.projections.percentiles import grouped
from slaengine.projections.periods import Period, first_day
from slaengine.projections.promises import goal_of
from slaengine.projections.trusted import trusted

Households = Mapping[str, int]
"""How many households each community has."""


class KpiRow(BaseModel):
    """One KPI in one group. `cohort` says by which date it is in `period`.

    `value` is a share; for `elapsed` and `held` mean seconds; for `count` and `backlog` a number of orders; for `per_household`,
    `workload` and `in_hand` orders for each household or person. `above` / `below` are the counts it is made of: `below` is
    None for a number, and where households or persons are not known; then `value` is None too. `p50_s`, `p90_s` are given
    for `elapsed`, `held`, and for `backlog`, whose they are the ages. `held` has a row for each party, the group's `holder`.
    """

    model_config = ConfigDict(frozen=True)
    kpi: str
    title: str
    measure: str
    cohort: Cohort
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


@dataclass(frozen=True)
class Cut:
    """The orders that a KPI is about, those of `sheet` of which `wanted` is true, and their groups; clocks when looked at.

    `groups.group` is that of each order. In a cut by a date of clocks, where an order may be in several,
    `of_clocks` and `of_further` are those of each clock and each entry of `further`; None: those of their orders.
    """

    sheet: Sheet
    wanted: Flags
    orders: OrderColumns
    groups: Groups
    as_of: int
    of_clocks: Ints | None = None
    of_further: Ints | None = None

    def clock_groups(self) -> Ints:
        """Return the group of each clock."""
        return self.groups.group[self.clocks.order] if self.of_clocks is None else self.of_clocks

    def further_groups(self) -> Ints:
        """Return the group of each entry of `further`."""
        return self.groups.group[self.further.order] if self.of_further is None else self.of_further

    @cached_property
    def clocks(self) -> ClockColumns:
        """The clocks of these orders."""
        return self.sheet.clocks.of(self.wanted)

    @cached_property
    def held(self) -> HeldColumns:
        """Who held these orders."""
        return self.sheet.held.of(self.wanted)

    @cached_property
    def further(self) -> Further:
        """The clocks of these orders that began by time alone."""
        return self.sheet.further.of(self.wanted)


def kpi_rows(kpi: Kpi, cut: Cut, *, zone: ZoneInfo, lang: str = "en", households: Households | None = None) -> list[KpiRow]:
    """Return the rows of one KPI over `cut`, which `cut_for` made for it."""
    keys = list(cut.groups.keys)
    figures = _held(cut) if kpi.measure == "held" else zip(keys, _figures(kpi, cut, households or {}), strict=True)
    titled = {"kpi": kpi.name, "title": kpi.title.text(lang, kpi.name), "measure": kpi.measure, "cohort": kpi.cohort}
    goals = {period: _goal(kpi, period, zone) for period in {period for period, _ in keys}}
    return [_row(titled, key, figure, goals[key[0]]) for key, figure in figures]


def cut_for(kpi: Kpi, sheet: Sheet, as_of: int, zone: ZoneInfo, period: Period | None = None) -> Cut:
    """Return the cut of a KPI: orders of its kinds and types, by the date of its cohort, in its own period unless given one."""
    wanted, per = _fitting(kpi, sheet.orders), period or kpi.period
    if kpi.cohort in OF_CLOCKS:
        return _cut_by_clocks(kpi, sheet.only(wanted), as_of, zone, per)
    if kpi.cohort == "closed":
        wanted &= sheet.orders.closed != NEVER
    orders = sheet.orders.only(wanted)
    if kpi.cohort == "closed":
        orders = replace(orders, day=local_days(orders.closed, zone))
    return Cut(sheet, wanted, orders, groups_of(orders, per, kpi.by), as_of)


def _cut_by_clocks(kpi: Kpi, sheet: Sheet, as_of: int, zone: ZoneInfo, period: Period) -> Cut:
    """Return the cut of the clocks that count by now, by a date of their own."""
    if kpi.measure in CLOCK_MEASURES:
        codes = [VERDICTS.index(name) for name in CLOCK_MEASURES[kpi.measure].below]
        counted = np.isin(sheet.clocks.verdict_at(as_of), codes)
    else:
        counted = sheet.clocks.elapsed != NEVER
    clocks, days = dated_clocks(kpi, sheet.clocks, counted, zone)
    further, more_days = dated_further(kpi, sheet.further, period, zone)
    orders, order = sheet.orders, np.concatenate((clocks.order, further.order))
    said = {name: words.at(order) for name, words in orders.dimensions.items() if name in stored_dimensions(kpi.by)}
    groups = groups_on(np.concatenate((days, more_days)), said, period, kpi.by)
    of_clocks, of_further = groups.group[: len(days)], groups.group[len(days) :]
    dated, every = replace(sheet, clocks=clocks, further=further), np.ones(len(orders), np.bool_)
    return Cut(dated, every, orders, groups, as_of, of_clocks, of_further)


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
        case "compliance" | "waived":
            return _share_of_clocks(kpi, cut, CLOCK_MEASURES[kpi.measure])
        case "elapsed":
            return _elapsed(kpi, cut)
        case "backlog":
            return _backlog(cut)
        case "workload":
            return _per_person(cut, np.ones(len(cut.orders), np.bool_))
        case "in_hand":
            return _per_person(cut, is_open(cut.orders, cut.as_of))
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


def _missed_since(kpi: Kpi, cut: Cut) -> Ints:
    """Return, by group, how many daily clocks were missed by time alone since the last rows."""
    further, missed = cut.further, np.zeros(len(cut.groups), np.int64)
    chosen = further.target.among([kpi.target]) if kpi.target else slice(None)
    np.add.at(missed, cut.further_groups()[chosen], further.missed[chosen])
    return missed


def _share_of_clocks(kpi: Kpi, cut: Cut, parts: ClockParts) -> list[Figure]:
    chosen = _clocks_of(kpi, cut)
    group, verdict = cut.clock_groups(), cut.clocks.verdict_at(cut.as_of)
    counts = {}
    for name in parts.below:
        at = group[chosen & (verdict == VERDICTS.index(name))]
        counts[name] = np.bincount(at, minlength=len(cut.groups)).tolist()
    counts["missed"] = (counts["missed"] + _missed_since(kpi, cut)).tolist()
    above, below = ([sum(at) for at in zip(*(counts[name] for name in names), strict=True)] for names in parts)
    return [Figure(up, down, ratio(up, down)) for up, down in zip(above, below, strict=True)]


def _elapsed(kpi: Kpi, cut: Cut) -> list[Figure]:
    chosen = _clocks_of(kpi, cut) & (cut.clocks.elapsed != NEVER)
    return _means(cut.clock_groups()[chosen], cut.clocks.elapsed[chosen], len(cut.groups))


def _means(group: Ints, lengths: Ints, groups: int) -> list[Figure]:
    """Return mean and percentiles of lengths (µs) by group, in seconds."""
    counts = np.bincount(group, minlength=groups).tolist()
    sums = np.bincount(group, weights=lengths / MICROS, minlength=groups).tolist()
    shares = (np.rint(grouped(group, lengths, groups, (0.5, 0.9))) / MICROS).tolist()
    return [
        Figure(count, count, round(total / count, 6), *share) if count else Figure(0, 0, None)
        for count, total, share in zip(counts, sums, shares, strict=True)
    ]


def _backlog(cut: Cut) -> list[Figure]:
    still = is_open(cut.orders, cut.as_of)
    ages = _means(cut.groups.group[still], cut.as_of - cut.orders.received[still], len(cut.groups))
    return [Figure(age.above, None, float(age.above), age.p50_s, age.p90_s) for age in ages]


def _per_person(cut: Cut, wanted: Flags) -> list[Figure]:
    """Return how many of the wanted orders were given to each of the persons who were given any order of the group."""
    persons, given = cut.orders.dimensions["person"], given_out(cut.orders)
    named = given & ~persons.among([None])
    pairs = np.unique(cut.groups.group[named].astype(np.int64) * max(len(persons.words), 1) + persons.codes[named])
    people = np.bincount(pairs // max(len(persons.words), 1), minlength=len(cut.groups)).tolist()
    return [Figure(up, down or None, ratio(up, down)) for up, down in zip(_counts(cut, given & wanted), people, strict=True)]


def _held(cut: Cut) -> Iterator[tuple[Key, Figure]]:
    """Yield mean and percentiles of the time that each party held the orders of a group."""
    parties = cut.held.party.words
    cell = cut.groups.group[cut.held.order] * np.int64(max(len(parties), 1)) + cut.held.party.codes
    figures = _means(cell, cut.held.held_at(cut.as_of), len(cut.groups) * len(parties))
    for g, (period, group) in enumerate(cut.groups.keys):
        for n in sorted((n for n, party in enumerate(parties) if party is not None), key=lambda n: parties[n] or ""):
            figure = figures[g * len(parties) + n]
            if figure.above:
                yield (period, {**group, "holder": parties[n]}), figure


def _per_household(cut: Cut, households: Households) -> list[Figure]:
    counts = _counts(cut, np.ones(len(cut.orders), np.bool_))
    figures = []
    for count, (_, group) in zip(counts, cut.groups.keys, strict=True):
        homes = households.get(group["community"] or "") if "community" in group else sum(households.values())
        figures.append(Figure(count, homes or None, ratio(count, homes or 0)))
    return figures


def _goal(kpi: Kpi, period: str | None, zone: ZoneInfo) -> Goal | None:
    """Return the goal in force when the period begins; None without a period."""
    return goal_of(kpi, datetime.combine(first_day(period), datetime.min.time(), zone)) if period else None


def _row(titled: Mapping[str, str], key: Key, figure: Figure, goal: Goal | None) -> KpiRow:
    above, below, value, p50_s, p90_s = figure
    values = {
        **titled,
        "period": key[0],
        "group": key[1],
        "above": above,
        "below": below,
        "value": value,
        "p50_s": p50_s,
        "p90_s": p90_s,
        "goal": goal.goal if goal else None,
        "band": goal.band(value) if goal else None,
    }
    return trusted(KpiRow, values)
