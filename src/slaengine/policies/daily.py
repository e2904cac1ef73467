"""Daily deadlines by the thousand: what the mere passing of time makes of a daily clock, without judging its order again."""

from __future__ import annotations

from slaengine.policies import tables as t
from slaengine.policies.business import BEYOND, Bounds, next_daily
from slaengine.policies.compile import Compiled
from slaengine.policies.rows import Cadence


def cadence_of(tables: Compiled, rule: int, follows: int) -> Cadence | None:
    """Return how a clock under `rule` goes on when its next cycle begins under `follows`; both are places in the tables.

    None when the next cycle has other deadlines, or when what comes after it depends on the hour.
    """
    number, next_number = rule // t.RULE_WIDTH, follows // t.RULE_WIDTH
    if _deadlines(tables, number) != _deadlines(tables, next_number):
        return None
    steady, until = tables.steady[next_number]
    return Cadence(next_number, until) if steady else None


def _deadlines(tables: Compiled, number: int) -> tuple[str, int, object, tuple[str, ...]]:
    rule = tables.rules[number]
    return rule.limit.kind, rule.limit.amount, rule.edition.calendars[rule.target.calendar], rule.target.pause


def deadlines(tables: Compiled, number: int, after: int, until: int) -> list[int]:
    """Return the deadlines of a daily rule in `(after, until]`, ascending, µs UTC.

    Raises:
        CalendarError: its calendar is not known for that time.
    """
    rule = tables.rules[number]
    calendar = tables.calendars.index(rule.edition.calendars[rule.target.calendar])
    found: list[int] = []
    promises, at = tables.promises(after, until), after
    while True:
        bounds = Bounds._make(promises.bounds[6 * calendar : 6 * calendar + 6])
        due = next_daily(at, rule.limit.amount, promises.calendars, bounds)
        if due == BEYOND:
            tables.reach_further(calendar)
            promises = tables.promises(after, until)
        elif due > until:
            return found
        else:
            found.append(due)
            at = due
