"""Cohorts: which date puts an order, or a clock, into a period.

By when orders were received, every figure is about the same orders and the periods add up. By another date, a figure is about
what ended, or should have, in a period: orders closed in it, clocks due in it, clocks that stopped in it.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np

from slaengine.policies.kpi import Kpi
from slaengine.projections.case_file import EPOCH
from slaengine.projections.columns import MINUTE, NEVER, NOT_STOPPED, ClockColumns, Flags, Further, Ints
from slaengine.projections.periods import Period, bounds, local, local_day, midnight

DAY = 86_400_000_000


def dated_clocks(kpi: Kpi, clocks: ClockColumns, counted: Flags, zone: ZoneInfo) -> tuple[ClockColumns, Ints]:
    """Return the counted clocks of the KPI's target (or of all) that have the date of its cohort, and these local dates."""
    instants = (
        clocks.due if kpi.cohort == "due" else np.where(clocks.stopped == NOT_STOPPED, NEVER, clocks.stopped * np.int64(MINUTE))
    )
    wanted = counted & (instants != NEVER)
    if kpi.target:
        wanted &= clocks.target.among([kpi.target])
    places = np.flatnonzero(wanted)
    return clocks.at(places), local_days(instants[places], zone)


def dated_further(kpi: Kpi, further: Further, period: Period, zone: ZoneInfo) -> tuple[Further, Ints]:
    """Return what was missed by time alone, an entry for each period in which any of it was due, and a local date in that period.

    By when clocks stopped there is nothing: no fact stopped them. The clock that runs on is not counted yet.
    """
    found, days = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    missed = [np.empty(0, np.int64)]
    wanted = further.target.among([kpi.target]) if kpi.target else np.ones(len(further.order), np.bool_)
    for cadence, passed in further.passed.items() if kpi.cohort == "due" else ():
        its = np.flatnonzero(wanted & (further.cadence == cadence))
        first = np.searchsorted(passed, further.due[its], side="right")
        for day, begin, end in _stretches(passed, period, zone):
            count = np.maximum(end - np.maximum(first, begin), 0)
            some = count > 0
            found.append(its[some])
            missed.append(count[some])
            days.append(np.full(int(some.sum()), day))
    places = np.concatenate(found)
    kept = further.at(places, further.order[places])
    return replace(kept, missed=np.concatenate(missed)), np.concatenate(days)


def _stretches(instants: Ints, period: Period, zone: ZoneInfo) -> list[tuple[int, int, int]]:
    """Return the periods of these ascending instants: a day in each, its first instant's place and that behind its last."""
    found, begin = [], 0
    while begin < len(instants):
        day = local_day(int(instants[begin]), zone)
        end = int(np.searchsorted(instants, midnight(bounds(day, period)[1], zone)))
        found.append((day, begin, end))
        begin = end
    return found


def local_days(instants: Ints, zone: ZoneInfo) -> Ints:
    """Return the local dates of instants (µs UTC), as ordinals: `periods.local_day` of many."""
    if not len(instants):
        return np.empty(0, np.int64)
    begins, offsets = _offsets(int(instants.min()), int(instants.max()), zone)
    shift = np.array(offsets)[np.searchsorted(np.array(begins), instants, side="right") - 1]
    days: Ints = (instants + shift) // DAY + EPOCH.toordinal()
    return days


def _offsets(first: int, last: int, zone: ZoneInfo) -> tuple[list[int], list[int]]:
    """Return from when on, up to `last`, which offset from UTC holds; all µs. Clocks are changed once a day at most."""
    begins, offsets = [first], [_offset(first, zone)]
    for day in range(first, last + DAY, DAY):
        if (later := _offset(day + DAY, zone)) != offsets[-1]:
            begins.append(day + 1 + bisect_left(range(day + 1, day + DAY), True, key=lambda at: _offset(at, zone) == later))
            offsets.append(later)
    return begins, offsets


def _offset(instant: int, zone: ZoneInfo) -> int:
    offset = local(instant, zone).utcoffset()
    return 0 if offset is None else offset // timedelta(microseconds=1)
