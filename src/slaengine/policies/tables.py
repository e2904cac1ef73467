"""The kernel's numbers: what each code, column and table means.

Instants and durations are µs, UTC. The sequences are lists when interpreted and int64 arrays when compiled.
"""

from __future__ import annotations

from collections.abc import MutableSequence, Sequence
from typing import Final, NamedTuple

from slaengine.policies.business import CalendarTables

Ints = Sequence[int]
Slots = MutableSequence[int]

NONE: Final = -(1 << 61)
"""Not so, not known, not yet: in every place where an instant, a number or an index could stand."""

# Answers of the functions below; a number below SHORT says which calendar must be widened: SHORT - its number.
FULL: Final = -1
SHORT: Final = -2
NO: Final = 0
YES: Final = 1
MOVED: Final = 2
"""MOVED: `walk[INDEX]` was set, so facts are taken again or passed over."""

# What a fact does to an order's life.
NOTHING: Final = 0
PAUSED: Final = 1
RESUMED: Final = 2
DONE: Final = 3
REOPENED: Final = 4
VOIDED: Final = 5
REASSIGNED: Final = 6
REPINNED: Final = 7

# Forms of a limit.
OPEN_TIME: Final = 0
WORKING_DAYS: Final = 1
CALENDAR_DAYS: Final = 2
GIVEN: Final = 3
EVERY: Final = 4
BY: Final = 5
NO_PROMISE: Final = 6

# Whether the first daily deadline may fall on the day of the start: stands in DAY_RULE when FORM is BY.
SAME_DAY: Final = 0
NEXT_DAY: Final = 1

# What a rule does when the order is reopened, reclassified or reassigned.
IGNORE: Final = 0
CONTINUE: Final = 1
RESTART: Final = 2
NEW_CYCLE: Final = 3
RECOMPUTE: Final = 4
KEEP: Final = 5

# Verdicts, before waivers.
RUNNING: Final = 0
OVERDUE: Final = 1
MET: Final = 2
MISSED: Final = 3
CANCELLED: Final = 4

# The columns of a row. Facts are named by their index; SINCE is set while the clock is paused.
TARGET: Final = 0
CYCLE: Final = 1
EDITION: Final = 2
RULE: Final = 3
START: Final = 4
STARTED_BY: Final = 5
DUE: Final = 6
STOP: Final = 7
STOPPED_BY: Final = 8
LIMIT: Final = 9
ELAPSED: Final = 10
EXCLUDED: Final = 11
SINCE: Final = 12
SINCE_BY: Final = 13
VERDICT: Final = 14
SPANS_AT: Final = 15
SPANS_N: Final = 16
START_OPEN: Final = 17
SHIFT: Final = 18
NEXT: Final = 19
PINNED: Final = 20
FOLLOWS: Final = 21
WIDTH: Final = 22
"""EDITION is the one of RULE; PINNED the one the clock is to be judged by: the same, unless that has no rule for it.
LIMIT is the open time from start to due before pauses. EXCLUDED is the open time that pauses and reopenings took out;
SHIFT the part of it that moved the due time. START_OPEN is the calendar's open time at START. NEXT is the first fact
after START. SPANS_AT and SPANS_N say where the row's excluded spans stand. FOLLOWS stands in the last
row of a daily clock that goes on unpaused: the rule of its next cycle, should nothing happen by the deadline, or `OTHERWISE`."""

OTHERWISE: Final = -1
"""No further cycle begins at the deadline, or one that is paused at once."""

# The columns of an excluded span: its two instants, and the facts that began and ended it.
SPAN_FROM: Final = 0
SPAN_TO: Final = 1
SPAN_FROM_BY: Final = 2
SPAN_TO_BY: Final = 3
SPAN_WIDTH: Final = 4

# The columns of a rule; a rule is named by the place of its first number.
STARTS: Final = 0
STOPS: Final = 1
BEATS: Final = 2
PAUSES: Final = 3
FORM: Final = 4
AMOUNT: Final = 5
DAY_RULE: Final = 6
CALENDAR: Final = 7
LATER: Final = 8
REOPEN: Final = 9
RECLASSIFY: Final = 10
REASSIGN: Final = 11
EXCUSE: Final = 12
HOURS: Final = 13
INSIDE: Final = 14
FAILS: Final = 15
RULE_WIDTH: Final = 16
"""STARTS, STOPS, BEATS, FAILS and PAUSES are bit masks. AMOUNT goes with FORM: µs, days, or which given due time. LATER is 1 when
a limit that runs out at closing time is due at the next opening. HOURS is a calendar or `NONE`; INSIDE is 1 when the clock
must start in its open time, 0 when outside."""

# The columns of the walk through one target's facts.
STATE: Final = 0
ROW: Final = 1
CYCLES: Final = 2
PROFILE: Final = 3
INDEX: Final = 4
SEEN: Final = 5
FLOOR: Final = 6
WALK_WIDTH: Final = 7
"""ROW is the row being written, CYCLES the rows begun. INDEX is the next fact. SEEN is the latest fact whose profile counts:
what came before it is read as if the order had always been what it is then known to be. A start is looked for from FLOOR on."""

# Where a target's clock stands between two facts.
IDLE: Final = 0
GOING: Final = 1
STOPPED: Final = 2
DORMANT: Final = 3
"""DORMANT: reclassified so that no rule applies; a later classification may wake it."""


class Promises(NamedTuple):
    """A policy's editions, targets and rules as tables.

    `edition_from[e]`: the instant from which edition e holds, ascending. `target_order`: targets, a chained one after the
    one it waits for. By target: `watched`, the triggers that any of its rules waits for, and `begins`, those of them that
    start it; `stop_bit`, the trigger that its own stop is to others, or 0.
    `chain_at[(profile * editions + edition) * targets + target]` and the entry after it bound the rules in `chain` that
    apply, in order. `rules` holds `RULE_WIDTH` numbers a rule. `bounds[6 * c : 6 * c + 6]` say which part of `calendars`
    is calendar c's.
    """

    edition_from: Ints
    target_order: Ints
    watched: Ints
    begins: Ints
    stop_bit: Ints
    chain_at: Ints
    chain: Ints
    rules: Ints
    calendars: CalendarTables
    bounds: Ints


class Facts(NamedTuple):
    """The facts of orders, one entry each.

    `hits`: the triggers the fact satisfies, as bits. `life`: what it does to the order's life; `detail`, with it: the bits of
    the reasons paused or resumed, or the edition re-pinned to. `profile`: what the order is known to be after the fact.
    Filled in by the kernel: `waits`, the reasons the order waits for after the fact; `chained`, the `stop_bit`s of the
    targets whose clock stopped at it.
    """

    times: Ints
    hits: Ints
    life: Ints
    detail: Ints
    profile: Ints
    waits: Slots
    chained: Slots


class Case(NamedTuple):
    """One order to be judged: its facts are `[lo, hi)`, its nth given due time is `given[given_at + n]`, or `NONE`.

    `as_of` is the instant up to which running clocks are read, or `NONE`: then none is overdue and none has an elapsed time.
    Written: `rows`, `spans`, and `walk`, which is scratch. Empty `spans` are not written.
    """

    promises: Promises
    facts: Facts
    lo: int
    hi: int
    given: Ints
    given_at: int
    as_of: int
    rows: Slots
    spans: Slots
    walk: Slots
