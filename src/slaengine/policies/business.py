"""Business time over plain integers: every question about a calendar is a binary search in its tables.

Instants are µs since the epoch, UTC; readings are what a wall clock shows, in µs since 1970-01-01T00:00 on that clock;
days count from 1970-01-01 on the wall clock. The sequences are lists when interpreted and int64 arrays when compiled,
and `lo`, `hi` bound the part of them that belongs to one calendar, so that one set of sequences can hold many. A question
that the tables do not reach far enough to answer is answered with `BEYOND`: widen them and ask again.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

Ints = Sequence[int]

DAY: Final = 86_400_000_000
BEYOND: Final = -(1 << 62)
"""The answer lies outside the tables' horizon; far below any instant and any length."""

END_OF_DAY: Final = 0
END_OF_DATE: Final = 1
SAME_TIME_THEN_ROLL: Final = 2
ROLL_THEN_SAME_TIME: Final = 3
LEAVE_CLOSED_DAY: Final = 4
SKIP_CLOSED_DAYS: Final = 5
ROLL_LATE_START: Final = 6

DAY_RULES: Final[dict[str, int]] = {
    "end_of_day": END_OF_DAY,
    "end_of_date": END_OF_DATE,
    "same_local_time_then_roll_forward": SAME_TIME_THEN_ROLL,
    "roll_start_forward_then_same_local_time": ROLL_THEN_SAME_TIME,
    "roll_to_opening": ROLL_THEN_SAME_TIME,
    "skip_non_working_keep_local_time": LEAVE_CLOSED_DAY,
    "skip_closed_days_keep_local_time": SKIP_CLOSED_DAYS,
    "roll_late_start_then_same_local_time": ROLL_LATE_START,
}
"""The names of the day rules and their codes; what each means is said at `due_on`."""


class CalendarTables(NamedTuple):
    """One or more calendars as sorted tables.

    `edges[2k]` and `edges[2k + 1]` are the opening and closing instant of segment k; a segment of no length stands at
    either end of a calendar's horizon. `opened[i]` is the open time, µs, between the start of the horizon and `edges[i]`.
    `shifts[i]` is the instant from which the zone's offset is `offsets[i]` µs; the last one ends the horizon.
    `workdays` are the days that have a window opening on them; `opens` and `closes` the first opening and the last closing
    instant of the windows that open on that day (which may close on the next).
    """

    edges: Ints
    opened: Ints
    shifts: Ints
    offsets: Ints
    workdays: Ints
    opens: Ints
    closes: Ints


class Bounds(NamedTuple):
    """Which part of the tables belongs to one calendar: `[edge_lo, edge_hi)` of `edges` and `opened`, and so on."""

    edge_lo: int
    edge_hi: int
    shift_lo: int
    shift_hi: int
    day_lo: int
    day_hi: int


def open_time(instant: int, edges: Ints, opened: Ints, lo: int, hi: int) -> int:
    """Return the open µs from the start of the horizon to `instant`, or `BEYOND`. `lo` is even."""
    i = bisect_right(edges, instant, lo, hi)
    if not lo < i < hi:
        return BEYOND
    if i & 1:
        return opened[i - 1] + instant - edges[i - 1]
    return opened[i - 1]


def open_instant(position: int, edges: Ints, opened: Ints, lo: int, hi: int, later: bool) -> int:
    """Return the instant by which `position` open µs have passed since the start of the horizon, or `BEYOND`.

    Where that happens exactly at a closing time every instant until the next opening qualifies: `later` takes the last
    of them, the opening; otherwise the answer is the first, the closing time.
    """
    if later:
        i = bisect_right(opened, position, lo, hi)
        if not lo < i < hi:
            return BEYOND
        return edges[i - 1] + position - opened[i - 1]
    i = bisect_left(opened, position, lo, hi)
    if not lo < i < hi:
        return BEYOND
    return edges[i] - opened[i] + position


def is_open(instant: int, edges: Ints, lo: int, hi: int) -> bool:
    """Return whether `instant`, which must lie inside the horizon, is open. Windows are half-open: closing time is not."""
    return bisect_right(edges, instant, lo, hi) & 1 == 1


def elapsed(start: int, end: int, edges: Ints, opened: Ints, lo: int, hi: int) -> int:
    """Return the open µs in `[start, end)`, negative when `end` comes first, or `BEYOND`."""
    i = bisect_right(edges, start, lo, hi)
    j = bisect_right(edges, end, lo, hi)
    if not (lo < i < hi and lo < j < hi):
        return BEYOND
    before = opened[i - 1] + start - edges[i - 1] if i & 1 else opened[i - 1]
    after = opened[j - 1] + end - edges[j - 1] if j & 1 else opened[j - 1]
    return after - before


def due_at(start: int, limit: int, edges: Ints, opened: Ints, lo: int, hi: int, later: bool) -> int:
    """Return the instant at which `limit` open µs have passed since `start`, or `BEYOND`.

    A negative limit walks backwards, and the boundary is mirrored: having walked exactly to an opening, the answer is
    that opening, or, when `later`, the closing before it. A limit of zero is due at `start` itself, or, when `later`,
    at the first open instant from `start` on.
    """
    if limit == 0 and not later:
        return start
    i = bisect_right(edges, start, lo, hi)
    if not lo < i < hi:
        return BEYOND
    position = (opened[i - 1] + start - edges[i - 1] if i & 1 else opened[i - 1]) + limit
    return BEYOND if position < 0 else open_instant(position, edges, opened, lo, hi, later == (limit >= 0))


def local_time(instant: int, shifts: Ints, offsets: Ints, lo: int, hi: int) -> int:
    """Return the wall clock's reading at `instant`, or `BEYOND`."""
    i = bisect_right(shifts, instant, lo, hi)
    if not lo < i < hi:
        return BEYOND
    return instant + offsets[i - 1]


def utc_time(reading: int, shifts: Ints, offsets: Ints, lo: int, hi: int) -> int:
    """Return the instant at which the wall clock shows `reading`, or `BEYOND`.

    A reading that comes twice means its first coming. One that never comes, because the clock was put forward over it,
    is read with the offset before the change, so it falls as long after the change as it says.
    """
    i = bisect_right(shifts, reading - DAY, lo, hi)
    if i == hi:
        return BEYOND
    if i == lo:  # the day before lies outside the horizon; the reading itself may not
        i = lo + 1
    instant = reading - offsets[i - 1]
    if instant < shifts[lo]:
        return BEYOND
    while i < hi and instant >= shifts[i]:
        moved = reading - offsets[i]
        if moved < shifts[i]:
            break
        instant = moved
        i += 1
    return BEYOND if instant >= shifts[hi - 1] else instant


def nth_working_day(day: int, days: int, workdays: Ints, lo: int, hi: int) -> int:
    """Return the index in `workdays` of the working day `days` after `day` (before it when negative), or `BEYOND`.

    `day` itself is day 0. With `days` zero it is the first working day at or after `day`.
    """
    i = bisect_right(workdays, day, lo, hi) - 1 + days if days > 0 else bisect_left(workdays, day, lo, hi) + days
    return i if lo <= i < hi else BEYOND


def wall_clock_days(start: int, days: int, shifts: Ints, offsets: Ints, lo: int, hi: int) -> int:
    """Return `start` moved by calendar days with the wall clock's time of day kept, or `BEYOND`."""
    if days == 0:
        return start
    reading = local_time(start, shifts, offsets, lo, hi)
    if reading == BEYOND:
        return BEYOND
    return utc_time(reading + days * DAY, shifts, offsets, lo, hi)


def due_on(start: int, days: int, rule: int, tables: CalendarTables, at: Bounds) -> int:
    """Return the instant at which `days` working days from `start` are over, or `BEYOND`. The day of `start` is day 0.

    - `END_OF_DAY`: closing time of the Nth working day. `END_OF_DATE`: its 24:00.
    - `SAME_TIME_THEN_ROLL`: the Nth working day at the start's time of day, then on to the next open instant.
    - `ROLL_THEN_SAME_TIME`: the start moves on to the next open instant; N working days after that, the same time of day.
    - `LEAVE_CLOSED_DAY`: a start on a closed day moves to the nearest working day in the direction of counting, keeping
      its time of day; N working days from there, the same time.
    - `SKIP_CLOSED_DAYS`: the Nth working day at the start's time of day, open or not.
    - `ROLL_LATE_START`: a start on a closed day moves to the next working day at its time of day; a start at or after
      closing time moves to the next working day's opening; N working days from there, the same time of day.

    Negative `days` count backwards by the same rule (a start always rolls forwards). With zero days, the two ends mean those
    of the first working day at or after the start's day, the rules that roll roll, and the others answer `start`.
    """
    if rule in (END_OF_DAY, END_OF_DATE):
        return _end_of_day(start, days, rule, tables, at)
    if rule == ROLL_THEN_SAME_TIME:
        start = next_open(start, tables, at)
    elif rule == ROLL_LATE_START:
        start = _after_late_start(start, tables, at)
    if start == BEYOND:
        return BEYOND
    if days != 0:
        start = _same_time(start, days, rule == LEAVE_CLOSED_DAY, tables, at)
    if rule == SAME_TIME_THEN_ROLL and start != BEYOND:
        return next_open(start, tables, at)
    return start


def next_open(instant: int, tables: CalendarTables, at: Bounds) -> int:
    """Return the first open instant at or after `instant`, or `BEYOND`."""
    return due_at(instant, 0, tables.edges, tables.opened, at.edge_lo, at.edge_hi, True)


def next_daily(start: int, time_of_day: int, tables: CalendarTables, at: Bounds) -> int:
    """Return the first instant strictly after `start` at which a working day's wall clock shows `time_of_day` µs, or `BEYOND`."""
    reading = local_time(start, tables.shifts, tables.offsets, at.shift_lo, at.shift_hi)
    if reading == BEYOND:
        return BEYOND
    for i in range(bisect_left(tables.workdays, reading // DAY, at.day_lo, at.day_hi), at.day_hi):
        due = utc_time(tables.workdays[i] * DAY + time_of_day, tables.shifts, tables.offsets, at.shift_lo, at.shift_hi)
        if due > start or due == BEYOND:
            return due
    return BEYOND


def _end_of_day(start: int, days: int, rule: int, tables: CalendarTables, at: Bounds) -> int:
    reading = local_time(start, tables.shifts, tables.offsets, at.shift_lo, at.shift_hi)
    if reading == BEYOND:
        return BEYOND
    i = nth_working_day(reading // DAY, days, tables.workdays, at.day_lo, at.day_hi)
    if i == BEYOND:
        return BEYOND
    if rule == END_OF_DAY:
        return tables.closes[i]
    return utc_time((tables.workdays[i] + 1) * DAY, tables.shifts, tables.offsets, at.shift_lo, at.shift_hi)


def _same_time(start: int, days: int, leave_closed: bool, tables: CalendarTables, at: Bounds) -> int:
    """Return the working day `days` from `start` at the same time of day; first leaving a closed day when told to."""
    reading = local_time(start, tables.shifts, tables.offsets, at.shift_lo, at.shift_hi)
    if reading == BEYOND:
        return BEYOND
    day, time_of_day = reading // DAY, reading % DAY
    if leave_closed:
        i = bisect_left(tables.workdays, day, at.day_lo, at.day_hi)
        if days < 0:
            i = bisect_right(tables.workdays, day, at.day_lo, at.day_hi) - 1
        if i < at.day_lo or i >= at.day_hi:
            return BEYOND
        day = tables.workdays[i]
    i = nth_working_day(day, days, tables.workdays, at.day_lo, at.day_hi)
    if i == BEYOND:
        return BEYOND
    return utc_time(tables.workdays[i] * DAY + time_of_day, tables.shifts, tables.offsets, at.shift_lo, at.shift_hi)


def _after_late_start(start: int, tables: CalendarTables, at: Bounds) -> int:
    reading = local_time(start, tables.shifts, tables.offsets, at.shift_lo, at.shift_hi)
    if reading == BEYOND:
        return BEYOND
    i = nth_working_day(reading // DAY, 0, tables.workdays, at.day_lo, at.day_hi)
    if i == BEYOND:
        return BEYOND
    if tables.workdays[i] != reading // DAY:
        time_of_day = reading % DAY
        start = utc_time(tables.workdays[i] * DAY + time_of_day, tables.shifts, tables.offsets, at.shift_lo, at.shift_hi)
    if start == BEYOND or start < tables.closes[i]:
        return start
    return BEYOND if i + 1 >= at.day_hi else tables.opens[i + 1]
