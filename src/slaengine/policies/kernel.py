"""The semantics of clocks: plain loops over integers, run as they stand for a live order and compiled for a history.

What each number means stands in `tables`; the arithmetic of a single row in `reckoning`. How names, YAML and dates become
numbers is the business of `compile` and `prepare`. Why each rule is as it is: docs/explanation/clocks.md.
"""

from __future__ import annotations

from bisect import bisect_right

from slaengine.policies.business import (
    BEYOND,
    is_open,
    next_daily,
    open_time,
)
from slaengine.policies.reckoning import (
    bounds_of,
    end,
    exclude,
    follow_pause,
    open_between,
    read,
    reckon,
)
from slaengine.policies.tables import (
    AMOUNT,
    BEATS,
    BY,
    CALENDAR,
    CANCELLED,
    CONTINUE,
    CYCLE,
    CYCLES,
    DONE,
    DORMANT,
    DUE,
    EDITION,
    EVERY,
    EXCUSE,
    FAILS,
    FLOOR,
    FORM,
    FULL,
    GOING,
    HOURS,
    IDLE,
    IGNORE,
    INDEX,
    INSIDE,
    KEEP,
    LIMIT,
    MET,
    MISSED,
    MOVED,
    NEW_CYCLE,
    NEXT,
    NO,
    NO_PROMISE,
    NONE,
    NOTHING,
    PAUSED,
    PINNED,
    PROFILE,
    REASSIGN,
    REASSIGNED,
    RECLASSIFY,
    REOPEN,
    REOPENED,
    REPINNED,
    RESTART,
    RESUMED,
    ROW,
    RULE,
    RUNNING,
    SEEN,
    SHORT,
    SINCE,
    START,
    STARTED_BY,
    STARTS,
    STATE,
    STOP,
    STOPPED,
    STOPPED_BY,
    STOPS,
    TARGET,
    VERDICT,
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
    for target in case.promises.target_order:
        answer = judge_target(case, target)
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
    while i < case.hi:
        if (hits[i] | chained[i]) & awaited:
            break
        if life[i] != NOTHING and (state == GOING or (state == STOPPED and life[i] == REOPENED)):
            break
        if i > seen and profile[i] != known:
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
    if walk[STATE] in (IDLE, STOPPED):
        return start(case, target, i)
    return YES


# ---- beginning


def start(case: Case, target: int, i: int) -> int:
    """Begin the target's next clock at fact `i` when a rule that applies waits for it."""
    facts = case.facts
    hit = (facts.hits[i] | facts.chained[i]) & case.promises.begins[target]
    if hit == 0:
        return NO
    edition = edition_at(case, facts.times[i])
    rule = rule_at(case, target, edition, facts.times[i])
    if rule < 0:
        return NO if rule == NONE else rule
    if hit & case.promises.rules[rule + STARTS] == 0:
        return NO
    return begin_under(case, target, edition, rule, facts.times[i], i, i + 1)


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


# ---- running


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


# ---- ending


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
    return read(case, row) if walk[STATE] == GOING else YES


# ---- again


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


# ---- a change of what the order is, or of what was promised


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
