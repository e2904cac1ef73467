"""The semantics of clocks: plain loops over integers, run as they stand for a live order and compiled for a history.

Here is the walk through an order's facts; how a clock begins is in `beginning`, what changes it on the way in `changing`, the
arithmetic of a single row in `reckoning`, and what each number means in `tables`. How names, YAML and dates become numbers is the
business of `compile` and `prepare`. Why each rule is as it is: docs/explanation/clocks.md.
"""

from __future__ import annotations

from slaengine.policies.beginning import (
    begin_under,
    edition_at,
    rule_at,
)
from slaengine.policies.changing import (
    beat,
    deadline_passed,
    next_day,
    reclassify,
    reopen,
    repin,
    start_anew,
)
from slaengine.policies.reckoning import (
    end,
    follow_pause,
    read,
)
from slaengine.policies.tables import (
    BEATS,
    BY,
    CANCELLED,
    CYCLES,
    DONE,
    DUE,
    EVERY,
    EXCUSE,
    FAILS,
    FLOOR,
    FOLLOWS,
    FORM,
    GOING,
    IDLE,
    INDEX,
    KEEP,
    MET,
    MISSED,
    MOVED,
    NO,
    NONE,
    NOTHING,
    OTHERWISE,
    PAUSED,
    PAUSES,
    PINNED,
    PROFILE,
    REASSIGN,
    REASSIGNED,
    REOPENED,
    REPINNED,
    RESUMED,
    ROW,
    RULE,
    SEEN,
    SINCE,
    STARTED_BY,
    STARTS,
    STATE,
    STOPPED,
    STOPS,
    VOIDED,
    WIDTH,
    YES,
    Case,
)


def judge_order(case: Case) -> int:
    """Write the clocks of one order to its `rows`, `WIDTH` numbers each, and return how many there are.

    `FULL` is returned when `rows` or `spans` are too short, and `SHORT - c` when calendar c does not reach far enough:
    mend that and ask again.
    """
    follow_life(case)
    case.walk[ROW] = 0
    order = case.promises.target_order
    for n in range(len(order)):
        answer = judge_target(case, order[n])
        if answer < NO:
            return answer
    return case.walk[ROW]


def follow_life(case: Case) -> None:
    """Fill in `waits`: reasons add up until resumed, and an order that is done or void waits for nothing."""
    facts = case.facts
    waits = 0
    under_way = True
    for i in range(case.lo, case.hi):
        life = facts.life[i]
        if life == PAUSED and under_way:
            waits |= facts.detail[i]
        elif life == RESUMED:
            waits &= ~facts.detail[i]
        elif life in (DONE, VOIDED, REOPENED):
            waits = 0
            under_way = life == REOPENED
        facts.waits[i] = waits
        facts.chained[i] = 0


def judge_target(case: Case, target: int) -> int:
    """Write the rows of one target, from `walk[ROW]` on, and leave that at the next free row."""
    walk = case.walk
    walk[STATE], walk[CYCLES], walk[PROFILE] = IDLE, 0, case.facts.profile[case.lo]
    walk[INDEX], walk[SEEN], walk[FLOOR] = case.lo, case.lo, case.lo
    while walk[INDEX] < case.hi:
        i = next_touching(case, target, walk[INDEX])
        walk[INDEX] = i
        if i == case.hi:
            break
        answer = take(case, target, i)
        if answer < NO:
            return answer
    return conclude(case, target)


def next_touching(case: Case, target: int, i: int) -> int:
    """Return the first fact from `i` on that may touch the target's clock as it stands; `case.hi` when none does.

    That is one that makes the order known to be something else, or that the clock waits for; for a running clock also one that
    does something to the order's life, and for a stopped one a reopening.
    """
    facts, walk, p = case.facts, case.walk, case.promises
    hits, chained, life, profile = facts.hits, facts.chained, facts.life, facts.profile
    state, known, seen = walk[STATE], walk[PROFILE], walk[SEEN]
    awaited = p.watched[target] if state == GOING else p.begins[target]
    hi = case.hi
    while i < hi:
        if (hits[i] | chained[i]) & awaited:
            break
        if life[i] != NOTHING and (state == GOING or (state == STOPPED and life[i] == REOPENED)):
            break
        if profile[i] != known and i > seen:
            break
        i += 1
    return i


def take(case: Case, target: int, i: int) -> int:
    """Let fact `i` do its work, and move `walk[INDEX]` on, or back when facts must be read again."""
    facts, walk = case.facts, case.walk
    if walk[STATE] == GOING and deadline_passed(case, facts.times[i]):
        return next_day(case, target, i)
    if i > walk[SEEN]:
        walk[SEEN] = i
        if facts.profile[i] != walk[PROFILE]:
            walk[PROFILE] = facts.profile[i]
            answer = reclassify(case, target, i)
            if answer != NO:
                return answer
    answer = YES
    if walk[STATE] == GOING:
        answer = go_on(case, target, i)
    elif walk[STATE] == STOPPED and facts.life[i] == REOPENED:
        answer = reopen(case, target, i)
    if answer < NO or answer == MOVED:
        return answer
    walk[INDEX] = i + 1
    if walk[STATE] in (IDLE, STOPPED) and (facts.hits[i] | facts.chained[i]) & case.promises.begins[target]:
        return start(case, target, i)
    return YES


def start(case: Case, target: int, i: int) -> int:
    """Begin the target's next clock at fact `i` when a rule that applies waits for it."""
    facts = case.facts
    hit = facts.hits[i] | facts.chained[i]
    edition = edition_at(case, facts.times[i])
    rule = rule_at(case, target, edition, facts.times[i])
    if rule < 0:
        return NO if rule == NONE else rule
    if hit & case.promises.rules[rule + STARTS] == 0:
        return NO
    return begin_under(case, target, edition, rule, facts.times[i], i, i + 1)


def go_on(case: Case, target: int, i: int) -> int:
    """Let fact `i` do its work on a running clock."""
    facts, walk, rows, rules = case.facts, case.walk, case.rows, case.promises.rules
    row = walk[ROW] * WIDTH
    rule = rows[row + RULE]
    at, life = facts.times[i], facts.life[i]
    if life == REPINNED and rows[row + PINNED] < facts.detail[i]:
        return repin(case, target, i)
    if facts.waits[i] != 0 or rows[row + SINCE] != NONE:
        answer = follow_pause(case, row, i)
        if answer < NO:
            return answer
    hit = facts.hits[i] | facts.chained[i]
    if hit & rules[rule + STOPS]:
        return stop(case, target, i)
    if hit & rules[rule + FAILS]:
        walk[STATE], walk[FLOOR] = STOPPED, i
        return end(case, row, at, i, MISSED, True)
    if life == VOIDED:
        walk[STATE], walk[FLOOR] = STOPPED, i
        return end(case, row, at, i, CANCELLED, rules[rule + EXCUSE] == 0)
    if life == REOPENED and rows[row + STARTED_BY] != NONE and facts.life[rows[row + STARTED_BY]] == DONE:
        return give_up(case, row, at, i, rules[rule + EXCUSE])
    if life == REASSIGNED and rules[rule + REASSIGN] != KEEP:
        return start_anew(case, target, i, rules[rule + REASSIGN])
    if hit & rules[rule + BEATS]:
        return beat(case, target, i)
    return YES


def stop(case: Case, target: int, i: int) -> int:
    """Stop the clock at fact `i`: what it was for has happened."""
    facts, walk, rows = case.facts, case.walk, case.rows
    row = walk[ROW] * WIDTH
    at = facts.times[i]
    walk[STATE], walk[FLOOR] = STOPPED, i
    facts.chained[i] |= case.promises.stop_bit[target]
    fell_due = case.promises.rules[rows[row + RULE] + FORM] not in (EVERY, BY)
    return end(case, row, at, i, MET if fell_due else CANCELLED, True)


def give_up(case: Case, row: int, at: int, i: int, excuse: int) -> int:
    """End a clock whose cause is undone: what it waited to follow is reopened."""
    walk = case.walk
    walk[STATE], walk[FLOOR] = IDLE, i
    walk[ROW] += 1
    return end(case, row, at, i, CANCELLED, excuse == 0)


def conclude(case: Case, target: int) -> int:
    """Read a clock that still runs as it stands at `as_of`, and leave `walk[ROW]` at the next free row."""
    walk = case.walk
    until = case.as_of if case.as_of != NONE else case.facts.times[case.hi - 1]
    while walk[STATE] == GOING and deadline_passed(case, until):
        answer = next_day(case, target, case.hi)
        if answer < NO:
            return answer
    if walk[STATE] == IDLE:
        return YES
    row = walk[ROW] * WIDTH
    walk[ROW] += 1
    if walk[STATE] != GOING:
        return YES
    answer = foresee(case, target, row)
    return answer if answer < NO else read(case, row)


def foresee(case: Case, target: int, row: int) -> int:
    """Note under which rule a daily clock's next cycle begins when its deadline passes; in a pause it does not pass."""
    rows, rules = case.rows, case.promises.rules
    if rules[rows[row + RULE] + FORM] != BY or rows[row + SINCE] != NONE:
        return YES
    due = rows[row + DUE]
    rule = rule_at(case, target, edition_at(case, due), due)
    if rule < NO and rule != NONE:
        return rule
    paused = rule != NONE and case.facts.waits[case.hi - 1] & rules[rule + PAUSES] != 0
    rows[row + FOLLOWS] = OTHERWISE if rule == NONE or paused else rule
    return YES
