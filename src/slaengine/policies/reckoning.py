"""The arithmetic of one clock's row: its due time, what is excluded from it, its end and its readings.

Plain integers throughout, interpreted or compiled; the walk that calls it is in `kernel`. Every function that may find
a calendar too short answers `SHORT - calendar`, and one that finds `rows` or `spans` too short answers `FULL`.
"""

from __future__ import annotations

from slaengine.policies.business import (
    BEYOND,
    DAY,
    Bounds,
    CalendarTables,
    due_on,
    elapsed,
    local_time,
    next_daily,
    open_instant,
    open_time,
    wall_clock_days,
)
from slaengine.policies.tables import (
    AMOUNT,
    BY,
    CALENDAR,
    CALENDAR_DAYS,
    DAY_RULE,
    DUE,
    ELAPSED,
    EVERY,
    EXCLUDED,
    FOLLOWS,
    FORM,
    FULL,
    LATER,
    LIMIT,
    MET,
    MISSED,
    NEXT,
    NEXT_DAY,
    NO,
    NONE,
    OPEN_TIME,
    OVERDUE,
    PAUSES,
    RULE,
    RUNNING,
    SHIFT,
    SHORT,
    SINCE,
    SINCE_BY,
    SPAN_FROM,
    SPAN_FROM_BY,
    SPAN_TO,
    SPAN_TO_BY,
    SPAN_WIDTH,
    SPANS_AT,
    SPANS_N,
    START,
    START_OPEN,
    STOP,
    STOPPED_BY,
    VERDICT,
    WIDTH,
    WORKING_DAYS,
    YES,
    Case,
)


def bounds_of(case: Case, calendar: int) -> Bounds:
    """Return which part of the tables is the calendar's."""
    b, at = case.promises.bounds, 6 * calendar
    return Bounds(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5])


def reckon(case: Case, row: int, rule: int, at: int, following: int) -> int:
    """Reckon the row at `row` from its start `at` under `rule`, nothing excluded yet; `NO` when no due time was given."""
    p, rows = case.promises, case.rows
    rules, edges, opened = p.rules, p.calendars.edges, p.calendars.opened
    calendar, form, limit = rules[rule + CALENDAR], rules[rule + FORM], rules[rule + AMOUNT]
    lo, hi = p.bounds[6 * calendar], p.bounds[6 * calendar + 1]
    start_open = open_time(at, edges, opened, lo, hi)
    if start_open == BEYOND:
        return SHORT - calendar
    if form in (OPEN_TIME, EVERY):
        later = rules[rule + LATER] == 1
        due = open_instant(start_open + limit, edges, opened, lo, hi, later) if limit or later else at
        if due == BEYOND:
            return SHORT - calendar
    else:
        due = due_of_days(case, rule, at)
        if due == NONE:
            return NO
        due_open = BEYOND if due == BEYOND else open_time(due, edges, opened, lo, hi)
        if due_open == BEYOND:
            return SHORT - calendar
        limit = due_open - start_open
    rows[row + RULE], rows[row + START], rows[row + DUE] = rule, at, due
    rows[row + START_OPEN], rows[row + LIMIT] = start_open, limit
    rows[row + STOP], rows[row + STOPPED_BY], rows[row + ELAPSED], rows[row + VERDICT] = NONE, NONE, NONE, RUNNING
    rows[row + EXCLUDED], rows[row + SHIFT], rows[row + NEXT] = 0, 0, following
    rows[row + SPANS_N], rows[row + SPANS_AT] = 0, 0
    if row > 0:
        rows[row + SPANS_AT] = rows[row - WIDTH + SPANS_AT] + rows[row - WIDTH + SPANS_N]
    rows[row + SINCE], rows[row + SINCE_BY], rows[row + FOLLOWS] = NONE, NONE, NONE
    if following > case.lo and case.facts.waits[following - 1] & rules[rule + PAUSES]:
        rows[row + SINCE], rows[row + SINCE_BY] = at, following - 1
    return YES


def due_of_days(case: Case, rule: int, at: int) -> int:
    """Return when a limit that is not a span of open time runs out for a clock started at `at`, or `BEYOND`.

    `NONE` when the order should have brought its due time and did not.
    """
    rules, calendars = case.promises.rules, case.promises.calendars
    form, amount = rules[rule + FORM], rules[rule + AMOUNT]
    bounds = bounds_of(case, rules[rule + CALENDAR])
    if form == WORKING_DAYS:
        return due_on(at, amount, rules[rule + DAY_RULE], calendars, bounds)
    if form == CALENDAR_DAYS:
        return wall_clock_days(at, amount, calendars.shifts, calendars.offsets, bounds.shift_lo, bounds.shift_hi)
    if form == BY:
        return first_deadline(at, amount, rules[rule + DAY_RULE], calendars, bounds)
    return case.given[case.given_at + amount]


def first_deadline(at: int, time_of_day: int, rule: int, calendars: CalendarTables, bounds: Bounds) -> int:
    """Return the first daily deadline after `at`, with `NEXT_DAY` the first that is not on the day of `at`; or `BEYOND`."""
    due = next_daily(at, time_of_day, calendars, bounds)
    if rule != NEXT_DAY or due == BEYOND:
        return due
    begun = local_time(at, calendars.shifts, calendars.offsets, bounds.shift_lo, bounds.shift_hi)
    ends = local_time(due, calendars.shifts, calendars.offsets, bounds.shift_lo, bounds.shift_hi)
    if BEYOND in (begun, ends):
        return BEYOND
    return next_daily(due, time_of_day, calendars, bounds) if begun // DAY == (ends - 1) // DAY else due


def follow_pause(case: Case, row: int, i: int) -> int:
    """Note that the clock is paused from fact `i` on, or no longer is."""
    rows, facts = case.rows, case.facts
    if rows[row + STOP] != NONE:
        return YES
    waiting = facts.waits[i] & case.promises.rules[rows[row + RULE] + PAUSES] != 0
    since = rows[row + SINCE]
    if waiting and since == NONE:
        rows[row + SINCE], rows[row + SINCE_BY] = max(facts.times[i], rows[row + START]), i
    elif since != NONE and not waiting:
        rows[row + SINCE] = NONE
        return exclude(case, row, since, facts.times[i], rows[row + SINCE_BY], i)
    return YES


def exclude(case: Case, row: int, begins: int, ends: int, begun_by: int, ended_by: int) -> int:
    """Take the open time of `[begins, ends)` out of the clock, and move its due time unless it had passed by then."""
    rows, p = case.rows, case.promises
    if ends <= begins:
        return YES
    rule = rows[row + RULE]
    calendar = p.rules[rule + CALENDAR]
    length = open_between(case, calendar, begins, ends)
    if length == BEYOND:
        return SHORT - calendar
    rows[row + EXCLUDED] += length
    if length and p.rules[rule + FORM] != BY and moves(case, row, begins):
        rows[row + SHIFT] += length
        edges, opened = p.calendars.edges, p.calendars.opened
        position = rows[row + START_OPEN] + rows[row + LIMIT] + rows[row + SHIFT]
        lo, hi = p.bounds[6 * calendar], p.bounds[6 * calendar + 1]
        due = open_instant(position, edges, opened, lo, hi, p.rules[rule + LATER] == 1)
        if due == BEYOND:
            return SHORT - calendar
        rows[row + DUE] = due
    return note_span(case, row, begins, ends, begun_by, ended_by)


def moves(case: Case, row: int, at: int) -> bool:
    """Whether a pause that begins at `at` moves the due time: a limit that has run out by then stays run out."""
    due = case.rows[row + DUE]
    return at < due or (at == due and case.promises.rules[case.rows[row + RULE] + LATER] == 1)


def open_between(case: Case, calendar: int, begins: int, ends: int) -> int:
    """Return the calendar's open µs in `[begins, ends)`, or `BEYOND`."""
    p = case.promises
    lo, hi = p.bounds[6 * calendar], p.bounds[6 * calendar + 1]
    return elapsed(begins, ends, p.calendars.edges, p.calendars.opened, lo, hi)


def note_span(case: Case, row: int, begins: int, ends: int, begun_by: int, ended_by: int) -> int:
    """Write down what was excluded, where the caller wants to know."""
    rows, spans = case.rows, case.spans
    if len(spans) == 0:
        return YES
    at = (rows[row + SPANS_AT] + rows[row + SPANS_N]) * SPAN_WIDTH
    if at + SPAN_WIDTH > len(spans):
        return FULL
    spans[at + SPAN_FROM], spans[at + SPAN_TO] = begins, ends
    spans[at + SPAN_FROM_BY], spans[at + SPAN_TO_BY] = begun_by, ended_by
    rows[row + SPANS_N] += 1
    return YES


def end(case: Case, row: int, at: int, by: int, verdict: int, lateness: bool) -> int:
    """Write the row's end and verdict: `MISSED` in place of it when the due time is past and `lateness` counts.

    What had met a daily deadline keeps its own end.
    """
    rows = case.rows
    if rows[row + STOP] != NONE:
        rows[row + VERDICT] = MET
        return measure(case, row, rows[row + STOP])
    since = rows[row + SINCE]
    if since != NONE:
        rows[row + SINCE] = NONE
        answer = exclude(case, row, since, at, rows[row + SINCE_BY], by)
        if answer < NO:
            return answer
    rows[row + STOP], rows[row + STOPPED_BY] = at, by
    rows[row + VERDICT] = MISSED if lateness and at > rows[row + DUE] else verdict
    return measure(case, row, at)


def measure(case: Case, row: int, until: int) -> int:
    """Write the open time that counted from the row's start to `until`."""
    rows, p = case.rows, case.promises
    calendar = p.rules[rows[row + RULE] + CALENDAR]
    lo, hi = p.bounds[6 * calendar], p.bounds[6 * calendar + 1]
    opened = open_time(until, p.calendars.edges, p.calendars.opened, lo, hi)
    if opened == BEYOND:
        return SHORT - calendar
    rows[row + ELAPSED] = max(0, opened - rows[row + START_OPEN] - rows[row + EXCLUDED])
    return YES


def read(case: Case, row: int) -> int:
    """Write the verdict and the elapsed time of a running clock, as of now; while it is paused its due time is unknowable."""
    rows = case.rows
    if rows[row + STOP] != NONE:
        return measure(case, row, rows[row + STOP])
    since, due = rows[row + SINCE], rows[row + DUE]
    waiting = since != NONE and moves(case, row, since)
    if case.as_of != NONE:
        answer = measure_now(case, row)
        if answer < NO:
            return answer
        if case.as_of > due and not waiting:
            rows[row + VERDICT] = OVERDUE
    if waiting:
        rows[row + DUE] = NONE
    return YES


def measure_now(case: Case, row: int) -> int:
    """Write what a running clock has counted and excluded up to `as_of`."""
    rows, p = case.rows, case.promises
    since = rows[row + SINCE]
    if since != NONE and case.as_of > since:
        calendar = p.rules[rows[row + RULE] + CALENDAR]
        length = open_between(case, calendar, since, case.as_of)
        if length == BEYOND:
            return SHORT - calendar
        rows[row + EXCLUDED] += length
        answer = note_span(case, row, since, case.as_of, rows[row + SINCE_BY], NONE)
        if answer < NO:
            return answer
    return measure(case, row, case.as_of)
