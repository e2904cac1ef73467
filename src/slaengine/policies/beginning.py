"""How a clock begins, under which edition and which rule: a part of the kernel, plain integers throughout."""

from __future__ import annotations

from bisect import bisect_right

from slaengine.policies.business import (
    BEYOND,
    is_open,
    open_time,
)
from slaengine.policies.reckoning import (
    bounds_of,
    reckon,
)
from slaengine.policies.tables import (
    CYCLE,
    CYCLES,
    EDITION,
    FORM,
    FULL,
    GOING,
    HOURS,
    INSIDE,
    NO,
    NO_PROMISE,
    NONE,
    PINNED,
    PROFILE,
    ROW,
    SHORT,
    STARTED_BY,
    STATE,
    STOPPED,
    TARGET,
    WIDTH,
    YES,
    Case,
)


def begin(case: Case, target: int, at: int, by: int, following: int) -> int:
    """Begin a clock at `at`, in a row of its own, under what is in force then; `NO` when nothing is.

    `by` is the fact that began it, or `NONE`; `following` the next fact.
    """
    edition = edition_at(case, at)
    rule = rule_at(case, target, edition, at)
    if rule < 0:
        return NO if rule == NONE else rule
    return begin_under(case, target, edition, rule, at, by, following)


def begin_under(case: Case, target: int, edition: int, rule: int, at: int, by: int, following: int) -> int:
    """Begin a clock under a rule of an edition, in a row of its own."""
    walk, rows = case.walk, case.rows
    number = walk[ROW] + (walk[STATE] == STOPPED)
    if (number + 1) * WIDTH > len(rows):
        return FULL
    row = number * WIDTH
    answer = reckon(case, row, rule, at, following)
    if answer == YES:
        rows[row + TARGET], rows[row + EDITION], rows[row + PINNED], rows[row + STARTED_BY] = target, edition, edition, by
        walk[ROW] = number
        walk[STATE] = GOING
        walk[CYCLES] += 1
        rows[row + CYCLE] = walk[CYCLES]
    return answer


def begin_again(case: Case, target: int, i: int) -> int:
    """Begin the clock anew at fact `i` in the row it has, under what is in force then; `NO` when nothing is."""
    at, row = case.facts.times[i], case.walk[ROW] * WIDTH
    edition = edition_at(case, at)
    rule = rule_at(case, target, edition, at)
    if rule < 0:
        return NO if rule == NONE else rule
    answer = reckon(case, row, rule, at, i + 1)
    if answer == YES:
        case.rows[row + EDITION], case.rows[row + PINNED], case.rows[row + STARTED_BY] = edition, edition, i
        case.walk[STATE] = GOING
    return answer


def edition_at(case: Case, at: int) -> int:
    """Return the edition in force at `at`, or -1 before the first."""
    editions = case.promises.edition_from
    return bisect_right(editions, at, 0, len(editions)) - 1


def rule_at(case: Case, target: int, edition: int, at: int) -> int:
    """Return the first rule of the edition that applies to what the order is known to be, for a clock started at `at`.

    `NONE` when none does, or a promise is expressly not made.
    """
    p = case.promises
    if edition < 0:
        return NONE
    place = (case.walk[PROFILE] * len(p.edition_from) + edition) * len(p.target_order) + target
    for link in range(p.chain_at[place], p.chain_at[place + 1]):
        rule = p.chain[link]
        hours = p.rules[rule + HOURS]
        if hours != NONE:
            bounds = bounds_of(case, hours)
            if open_time(at, p.calendars.edges, p.calendars.opened, bounds.edge_lo, bounds.edge_hi) == BEYOND:
                return SHORT - hours
            if is_open(at, p.calendars.edges, bounds.edge_lo, bounds.edge_hi) != (p.rules[rule + INSIDE] == 1):
                continue
        return NONE if p.rules[rule + FORM] == NO_PROMISE else rule
    return NONE
