"""The tables of a calendar: built from its rules for a span of days."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from slaengine.policies.business import DAY, Bounds, CalendarTables
from slaengine.policies.calendar_rules import CalendarRules

Array = NDArray[np.int64]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = 1_000_000
_SAMPLE_DAYS: Final = 3
"""How far apart a zone's offset is sampled: no zone on record changed it twice within that time."""
_SETTLED_SAMPLE_DAYS: Final = 30
_SETTLED_DAYS: Final = 47_500
"""From 2100 on every zone follows one yearly rule, whose spells last for months."""
_LIST_MAX: Final = 200_000
"""Beyond this length (centuries) a table is packed: a list takes five times the memory and is a third faster."""


class ZoneOffsets(NamedTuple):
    """A zone's spells of one offset: from `begins[i]` to `ends[i]`, µs UTC, the wall clock is `offsets[i]` µs ahead."""

    begins: Array
    ends: Array
    offsets: Array

    def opening(self, readings: Array) -> Array:
        """Return the first instants at which the wall clock shows `readings`, or has been put forward past them."""
        spell = np.searchsorted(self.ends + self.offsets, readings, "right")
        instants: Array = np.maximum(readings - self.offsets[spell], self.begins[spell])
        return instants

    def closing(self, readings: Array) -> Array:
        """Return the last instants before which the wall clock shows less than `readings`."""
        spell = np.searchsorted(self.begins + self.offsets, readings, "left") - 1
        instants: Array = np.minimum(readings - self.offsets[spell], self.ends[spell])
        return instants


def zone_offsets(zone: str, days: range) -> ZoneOffsets:
    """Return the zone's spells around `days`, with some days to spare on either side."""
    tz = ZoneInfo(zone)

    def offset(second: int) -> int:
        shown = (_EPOCH + timedelta(seconds=second)).astimezone(tz).utcoffset()
        return (shown // timedelta(microseconds=1)) if shown is not None else 0

    first, last = days.start - 2, days.stop + 2
    samples = [
        *range(first, min(last, _SETTLED_DAYS), _SAMPLE_DAYS),
        *range(max(first, _SETTLED_DAYS), last, _SETTLED_SAMPLE_DAYS),
        last,
    ]
    shifts, offsets = [first * 86_400], [offset(first * 86_400)]
    for before, day in pairwise(samples):
        low, high = before * 86_400, day * 86_400
        if (after := offset(high)) == offsets[-1]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if offset(middle) == after else (middle, high)
        shifts.append(high)
        offsets.append(after)
    begins = np.array(shifts, np.int64) * _SECOND
    return ZoneOffsets(begins, np.append(begins[1:], last * 86_400 * _SECOND), np.array(offsets, np.int64))


def build(rules: CalendarRules, days: range) -> tuple[int, int, CalendarTables]:
    """Return the horizon, from the first midnight of `days` to the last, µs UTC, and its tables as int64 arrays."""
    zone = zone_offsets(rules.zone, days)
    begins, ends = (int(instant) for instant in zone.opening(np.array([days.start * DAY, days.stop * DAY], np.int64)))
    opens, closes = _windows(rules, range(days.start - 1, days.stop))
    edges, opened = _edges(*_segments(*_union(opens, closes), zone), begins, ends)
    shifts, offsets = _shifts(zone, begins, ends)
    return begins, ends, CalendarTables(edges, opened, shifts, offsets, *_workdays(opens, closes, zone, days.start))


def bounds_of(tables: CalendarTables) -> Bounds:
    """Return the bounds of tables that hold one calendar."""
    return Bounds(0, len(tables.edges), 0, len(tables.shifts), 0, len(tables.workdays))


def searchable(tables: CalendarTables) -> CalendarTables:
    """Return the tables in the form that the interpreter searches fastest: lists, or packed when they are very long."""
    columns = (np.asarray(column, np.int64) for column in tables)
    return CalendarTables(*(c.tolist() if len(c) <= _LIST_MAX else array("q", c.tobytes()) for c in columns))


def join(calendars: Sequence[CalendarTables]) -> tuple[CalendarTables, list[Bounds]]:
    """Return several calendars' array tables as one set, and which part of it belongs to each."""
    columns: list[Any] = [np.concatenate([np.asarray(column) for column in same]) for same in zip(*calendars, strict=True)]
    bounds, edge, shift, day = [], 0, 0, 0
    for one in calendars:
        here = Bounds(edge, edge + len(one.edges), shift, shift + len(one.shifts), day, day + len(one.workdays))
        bounds.append(here)
        _, edge, _, shift, _, day = here
    return CalendarTables(*columns), bounds


def _windows(rules: CalendarRules, days: range) -> tuple[Array, Array]:
    """Return the opening and closing readings of all windows that open on `days`, in order of opening."""
    every = np.arange(days.start, days.stop, dtype=np.int64)
    special = np.array([day for day, _ in rules.special], np.int64)
    ordinary = every[~np.isin(every, special)]
    weekday = (ordinary + 3) % 7  # 1970-01-01 was a Thursday
    opens, closes = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for number, windows in enumerate(rules.weekly):
        midnights = ordinary[weekday == number] * DAY
        for opening, closing in windows:
            opens.append(midnights + opening)
            closes.append(midnights + closing)
    single = [(day * DAY + w[0], day * DAY + w[1]) for day, windows in rules.special if day in days for w in windows]
    listed = np.array(single, np.int64).reshape(-1, 2)
    all_opens, all_closes = np.concatenate([*opens, listed[:, 0]]), np.concatenate([*closes, listed[:, 1]])
    order = np.argsort(all_opens, kind="stable")
    return all_opens[order], all_closes[order]


def _union(opens: Array, closes: Array) -> tuple[Array, Array]:
    """Return ordered spans with those that overlap or touch made one."""
    if not len(opens):
        return opens, closes
    reach = np.maximum.accumulate(closes)
    apart = opens[1:] > reach[:-1]
    return opens[np.append(True, apart)], reach[np.append(apart, True)]


def _segments(opens: Array, closes: Array, zone: ZoneOffsets) -> tuple[Array, Array]:
    """Return the instants at which the wall clock's reading lies in one of the spans, as spans of instants.

    Each span is cut by each spell of the zone's offset, so an hour that comes twice is open twice and one that never
    comes is never open.
    """
    first = np.searchsorted(zone.ends + zone.offsets, opens, "right")
    last = np.searchsorted(zone.begins + zone.offsets, closes, "left") - 1
    counts = np.maximum(last - first + 1, 0)
    span = np.repeat(np.arange(len(opens)), counts)
    spell = np.arange(len(span)) - np.repeat(np.cumsum(counts) - counts, counts) + first[span]
    begins = np.maximum(opens[span] - zone.offsets[spell], zone.begins[spell])
    ends = np.minimum(closes[span] - zone.offsets[spell], zone.ends[spell])
    order = np.argsort(begins, kind="stable")
    order = order[ends[order] > begins[order]]
    return _union(begins[order], ends[order])


def _edges(opens: Array, closes: Array, begins: int, ends: int) -> tuple[Any, Any]:
    """Return edges and open time before each, cut to the horizon and with an empty segment at either end of it."""
    inside = (closes > begins) & (opens < ends)
    opens = np.concatenate(([begins], np.maximum(opens[inside], begins), [ends]))
    closes = np.concatenate(([begins], np.minimum(closes[inside], ends), [ends]))
    after = np.cumsum(closes - opens)
    return np.stack((opens, closes), 1).ravel(), np.stack((after - (closes - opens), after), 1).ravel()


def _shifts(zone: ZoneOffsets, begins: int, ends: int) -> tuple[Any, Any]:
    """Return the zone's changes within the horizon, its two ends among them."""
    inside = (zone.ends > begins) & (zone.begins < ends)
    shifts = np.append(np.maximum(zone.begins[inside], begins), ends)
    offsets = zone.offsets[inside]
    return shifts, np.append(offsets, offsets[-1])


def _workdays(opens: Array, closes: Array, zone: ZoneOffsets, first_day: int) -> tuple[Any, Any, Any]:
    """Return the days on which a window truly opens, with their first opening and last closing instants."""
    begins, ends = zone.opening(opens), zone.closing(closes)
    real = (ends > begins) & (opens >= first_day * DAY)
    days, begins, ends = opens[real] // DAY, begins[real], ends[real]
    if not len(days):
        return days, begins, ends
    workdays, first = np.unique(days, return_index=True)
    return workdays, np.minimum.reduceat(begins, first), np.maximum.reduceat(ends, first)
