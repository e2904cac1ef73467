"""The loop of a replay: a bucket's rows laid out for the kernel order by order, judged, and written as columns of clocks.

Plain integers throughout, compiled with the kernel; imported only where Numba is installed. One order is in the processor's
cache at a time; what stays is a hundred bytes a clock.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from slaengine.audit.clocks import BREACHED, WAIVED
from slaengine.audit.layout import (
    ALL,
    AS_OF,
    CLOCKS,
    DISPATCH,
    EVER,
    IDLE,
    KNOWN,
    KNOWN_AT,
    LEARN,
    LONG,
    MANY,
    NOT_HERE,
    NOW,
    ORDERS,
    PART,
    RECEIPT,
    ROWS,
    UNKNOWN,
)
from slaengine.policies.compiled_loop import compile_with_kernel
from slaengine.policies.compiled_references import aim, point_to
from slaengine.policies.kernel import judge_order
from slaengine.policies.tables import (
    CYCLE,
    DUE,
    EDITION,
    ELAPSED,
    EXCLUDED,
    NO,
    NONE,
    NOTHING,
    REASSIGNED,
    REPINNED,
    RULE,
    RULE_WIDTH,
    START,
    STOP,
    TARGET,
    VERDICT,
    WIDTH,
    Case,
)

OVERDUE: Final = BREACHED[0]
MISSED: Final = BREACHED[1]
NEVER: Final = -(1 << 63)
"""What `Clocks` has for None, as a plain number."""


def judge_rows(
    promises: Any,
    names: Any,
    source: Any,
    shapes: Any,
    following: Any,
    limits: Any,
    desk: Any,
    clocks: Any,
    counts: Any,
    done: Any,
) -> Any:
    """Judge orders from row `done[ROWS]` on, and say why it stopped: `ALL`, or what must be mended first.

    `following[known, part]` is the profile after a fact; the last line is for none before. Where there are `counts`, clocks are
    counted by target and verdict, and not written.
    """
    rows = len(source.order)
    nowhere = done[ROWS]  # it is aimed at each order in turn
    case: Any = point_to(  # type: ignore[call-arg] # Numba passes the first argument itself
        Case(promises, desk.facts, nowhere, nowhere, source.given, nowhere, limits[NOW], desk.rows, desk.spans, desk.walk)
    )
    left_out = 0
    while source.left_out[left_out] < done[ROWS]:
        left_out += 1
    while done[ROWS] < rows:
        first = end = done[ROWS]
        order = source.order[first]
        while end < rows and source.order[end] == order:
            end += 1
        if source.left_out[left_out] == first:
            left_out += 1
        else:
            length = lay_out(source, shapes, following, limits, names, desk, done, first, end)
            if length < 0:
                return length
            if length > 0:
                aim(case, 0, length, done[ORDERS] * source.givens)
                made = judge_order(case)
                if made < NO:
                    return made
                if len(counts) > 0:
                    count(desk, names, counts, made)
                elif done[CLOCKS] + made > len(clocks.order):
                    return MANY
                else:
                    write(desk, names, clocks, done[CLOCKS], made, order)
                    done[CLOCKS] += made
        done[ROWS] = end
        done[ORDERS] += 1
    return ALL


def lay_out(  # noqa: C901 - a call for each fact would cost more than what it does
    source: Any, shapes: Any, following: Any, limits: Any, names: Any, desk: Any, done: Any, first: Any, end: Any
) -> Any:
    """Lay the order in the rows `[first, end)` out, and return how many facts count; 0 when it is not there by the limits."""
    facts = desk.facts
    if end - first + len(names.repins) > len(facts.times):
        return LONG
    length = 0
    known, dispatched, received = UNKNOWN, False, False
    bounded = limits[AS_OF] != EVER
    for i in range(first, end):
        shape = source.shape[i]
        at = source.occurred[i]
        if (bounded and shapes.how[shape] == IDLE) or at > limits[AS_OF] or source.recorded[i] > limits[KNOWN_AT]:
            continue
        part = shapes.part[shape]
        if part != 0:
            if following[known, part] == UNKNOWN:
                done[KNOWN], done[PART] = known, part
                return LEARN
            known = following[known, part]
        life, how = shapes.life[shape], shapes.how[shape]
        if how == DISPATCH:
            life = REASSIGNED if dispatched else NOTHING
            dispatched = True
        elif how == RECEIPT:
            received = True
            desk.waived_at[:] = NONE
        facts.times[length] = at
        facts.hits[length] = shapes.hits[shape]
        facts.life[length] = life
        facts.detail[length] = shapes.detail[shape]
        facts.profile[length] = known
        if shapes.target[shape] != NOT_HERE:
            approved = shapes.reason[shape] != NOT_HERE
            desk.waived_at[shapes.target[shape]] = at if approved else NONE
            desk.waived_for[shapes.target[shape]] = shapes.reason[shape]
        length += 1
    if not received:
        return 0
    if len(names.repins) > 0:
        until = facts.times[length - 1] if limits[AS_OF] == EVER else limits[AS_OF]
        return take_over(facts, length, until, names)
    return length


def take_over(facts: Any, length: Any, until: Any, names: Any) -> Any:
    """Put the instants at which editions take running clocks over among the facts, before those of the same instant."""
    for k in range(len(names.repins)):
        at = names.repins[k]
        if not facts.times[0] < at <= until:
            continue
        place = length
        while place > 1 and (facts.times[place - 1] > at or (facts.times[place - 1] == at and facts.life[place - 1] != REPINNED)):
            facts.times[place], facts.hits[place] = facts.times[place - 1], facts.hits[place - 1]
            facts.life[place], facts.detail[place] = facts.life[place - 1], facts.detail[place - 1]
            facts.profile[place] = facts.profile[place - 1]
            place -= 1
        facts.times[place], facts.hits[place], facts.life[place] = at, 0, REPINNED
        facts.detail[place], facts.profile[place] = names.repinned[k], facts.profile[place - 1]
        length += 1
    return length


def count(desk: Any, names: Any, counts: Any, made: Any) -> Any:
    """Count the rows of one order by target and verdict."""
    for row in range(0, made * WIDTH, WIDTH):
        counts[desk.rows[row + TARGET], verdict_of(desk, names, row)] += 1


def write(desk: Any, names: Any, clocks: Any, at: Any, made: Any, order: Any) -> Any:
    """Write the rows of one order behind the clocks that stand."""
    for row in range(0, made * WIDTH, WIDTH):
        rows = desk.rows
        clocks.order[at], clocks.target[at] = order, rows[row + TARGET]
        clocks.promise[at] = names.promises[rows[row + RULE] // RULE_WIDTH]
        clocks.edition[at], clocks.cycle[at] = names.editions[rows[row + EDITION]], rows[row + CYCLE]
        clocks.start[at], clocks.paused[at] = rows[row + START], rows[row + EXCLUDED]
        clocks.due[at] = NEVER if rows[row + DUE] == NONE else rows[row + DUE]
        clocks.stop[at] = NEVER if rows[row + STOP] == NONE else rows[row + STOP]
        clocks.elapsed[at] = NEVER if rows[row + ELAPSED] == NONE else rows[row + ELAPSED]
        clocks.verdict[at], clocks.raw[at] = verdict_of(desk, names, row), rows[row + VERDICT]
        at += 1


def verdict_of(desk: Any, names: Any, row: Any) -> Any:
    """Return the row's verdict, a breach excused where a waiver says so."""
    rows = desk.rows
    verdict, target = rows[row + VERDICT], rows[row + TARGET]
    if verdict in (OVERDUE, MISSED):
        waived = desk.waived_at[target]
        if waived != NONE and rows[row + START] <= waived and names.allowed[rows[row + EDITION], desk.waived_for[target]] == 1:
            return WAIVED
    return verdict


@cache
def looping() -> Any:
    """Return `judge_rows`, compiled."""
    return compile_with_kernel(judge_rows, lay_out, take_over, verdict_of, count, write)
