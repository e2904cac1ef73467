"""What happens to a clock that has begun, other than its stop: reopened, reassigned, beaten, reclassified, taken over.

A part of the kernel, plain integers throughout.
"""

from __future__ import annotations

from slaengine.policies.beginning import (
    begin,
    begin_again,
    rule_at,
)
from slaengine.policies.business import (
    BEYOND,
    next_daily,
)
from slaengine.policies.reckoning import (
    bounds_of,
    end,
    exclude,
    open_between,
    reckon,
)
from slaengine.policies.tables import (
    AMOUNT,
    BY,
    CALENDAR,
    CANCELLED,
    CONTINUE,
    DORMANT,
    DUE,
    EDITION,
    EXCUSE,
    FAILS,
    FLOOR,
    FORM,
    GOING,
    IDLE,
    IGNORE,
    INDEX,
    KEEP,
    LIMIT,
    MET,
    MISSED,
    MOVED,
    NEW_CYCLE,
    NEXT,
    NO,
    NONE,
    PINNED,
    RECLASSIFY,
    REOPEN,
    RESTART,
    ROW,
    RULE,
    RUNNING,
    SHORT,
    SINCE,
    START,
    STATE,
    STOP,
    STOPPED,
    STOPPED_BY,
    STOPS,
    VERDICT,
    WIDTH,
    YES,
    Case,
)


def reopen(case: Case, target: int, i: int) -> int:
    """Take up a stopped clock again, as its rule says, when the order is reopened by fact `i`."""
    walk, rows = case.walk, case.rows
    row = walk[ROW] * WIDTH
    how = case.promises.rules[rows[row + RULE] + REOPEN]
    if how == IGNORE or (how != NEW_CYCLE and failed(case, row)):
        return YES
    if how != CONTINUE:
        return start_anew(case, target, i, how)
    walk[STATE] = GOING
    stopped, stopped_by = rows[row + STOP], rows[row + STOPPED_BY]
    rows[row + STOP], rows[row + STOPPED_BY], rows[row + VERDICT] = NONE, NONE, RUNNING
    begun = max(stopped, rows[row + START])  # it may have been done before the desk took it in
    return exclude(case, row, begun, case.facts.times[i], stopped_by, i)


def failed(case: Case, row: int) -> bool:
    """Whether the stopped clock had been failed by a fact: a breach that no reopening undoes."""
    by, rule, rules = case.rows[row + STOPPED_BY], case.rows[row + RULE], case.promises.rules
    if by == NONE or case.rows[row + VERDICT] != MISSED:
        return False
    hit = case.facts.hits[by]
    return hit & rules[rule + FAILS] != 0 and hit & rules[rule + STOPS] == 0


def start_anew(case: Case, target: int, i: int, how: int) -> int:
    """Start the clock anew at fact `i`: in its own row (`RESTART`), or in the next, the old verdict kept (`NEW_CYCLE`)."""
    walk, at = case.walk, case.facts.times[i]
    row = walk[ROW] * WIDTH
    if how == RESTART:
        return begin_again(case, target, i)
    if walk[STATE] == GOING:
        excuse = case.promises.rules[case.rows[row + RULE] + EXCUSE]
        answer = end(case, row, at, i, CANCELLED, excuse == 0)
        if answer < NO:
            return answer
        walk[STATE], walk[FLOOR] = STOPPED, i
    return begin(case, target, at, i, i + 1)


def beat(case: Case, target: int, i: int) -> int:
    """Note the beat that fact `i` is: it meets today's deadline, or ends this cycle of a cadence and begins the next."""
    walk, rows = case.walk, case.rows
    row, at = walk[ROW] * WIDTH, case.facts.times[i]
    if case.promises.rules[rows[row + RULE] + FORM] == BY:
        return end(case, row, at, i, MET, True)
    answer = end(case, row, at, i, MET, True)
    if answer < NO:
        return answer
    walk[STATE], walk[FLOOR] = STOPPED, i
    return begin(case, target, at, i, i + 1)


def deadline_passed(case: Case, at: int) -> bool:
    """Whether the running clock is a daily one whose deadline lies before `at`."""
    row = case.walk[ROW] * WIDTH
    return case.promises.rules[case.rows[row + RULE] + FORM] == BY and at > case.rows[row + DUE]


def next_day(case: Case, target: int, i: int) -> int:
    """Let a daily deadline pass before fact `i`: its cycle ends and the next begins; in a pause nothing was owed."""
    walk, rows, p = case.walk, case.rows, case.promises
    row = walk[ROW] * WIDTH
    due, rule = rows[row + DUE], rows[row + RULE]
    if rows[row + SINCE] != NONE:
        calendar = p.rules[rule + CALENDAR]
        bounds = bounds_of(case, calendar)
        following = next_daily(due, p.rules[rule + AMOUNT], p.calendars, bounds)
        length = BEYOND if following == BEYOND else open_between(case, calendar, due, following)
        if length == BEYOND:
            return SHORT - calendar
        rows[row + DUE] = following
        rows[row + LIMIT] += length
        return YES
    answer = end(case, row, due, NONE, MISSED, True)
    if answer < NO:
        return answer
    walk[STATE], walk[FLOOR] = STOPPED, i
    return begin(case, target, due, NONE, i)


def reclassify(case: Case, target: int, i: int) -> int:
    """Judge by what fact `i` makes the order known to be; `NO` when that changes nothing about the target's clock."""
    walk, rows, rules = case.walk, case.rows, case.promises.rules
    if walk[STATE] in (IDLE, STOPPED):
        if walk[FLOOR] >= i:
            return NO
        walk[INDEX] = walk[FLOOR]
        return MOVED
    row = walk[ROW] * WIDTH
    how = rules[rows[row + RULE] + RECLASSIFY]
    rule = rule_at(case, target, rows[row + PINNED], rows[row + START])
    if rule < NO and rule != NONE:
        return rule
    if how == KEEP or (rule == rows[row + RULE] and walk[STATE] == GOING):
        return NO
    if how == RESTART and rule != NONE:
        answer = begin_again(case, target, i)
        if answer != YES:
            return answer
        walk[INDEX] = i + 1
        return MOVED
    return judge_anew(case, target, i, rule)


def repin(case: Case, target: int, i: int) -> int:
    """Judge the running clock from its own start by the edition that fact `i` says holds for it from now on."""
    walk, rows = case.walk, case.rows
    row = walk[ROW] * WIDTH
    edition = case.facts.detail[i]
    rule = rule_at(case, target, edition, rows[row + START])
    if rule < NO and rule != NONE:
        return rule
    rows[row + PINNED] = edition
    return judge_anew(case, target, i, rule)


def judge_anew(case: Case, target: int, i: int, rule: int) -> int:
    """Judge the row from its start under `rule`, reading the facts since then again; `NONE` puts it to sleep."""
    walk, rows, facts = case.walk, case.rows, case.facts
    row = walk[ROW] * WIDTH
    answer = NO
    if rule != NONE:
        answer = reckon(case, row, rule, rows[row + START], rows[row + NEXT])
        if answer < NO:
            return answer
    if answer == YES:
        rows[row + EDITION] = rows[row + PINNED]
        walk[STATE], walk[INDEX] = GOING, rows[row + NEXT]
        for j in range(rows[row + NEXT], i + 1):
            facts.chained[j] &= ~case.promises.stop_bit[target]
        return MOVED
    if walk[STATE] == DORMANT:
        return NO
    walk[STATE] = DORMANT
    return end(case, row, facts.times[i], i, CANCELLED, False)
