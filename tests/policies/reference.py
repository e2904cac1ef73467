"""What an order's clocks should be, found the slow way: minute by minute, with objects and lists, and no table in sight.

It reads the policy's own models and shares with the package neither kernel nor calendar arithmetic: whether a minute
is open is read off the wall clock (`tests.vectors.brute`). Instants must be whole minutes within `FIRST` and `LAST`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from tests.vectors.brute import BruteCalendar

from slaengine.policies.applies import Applies, matches
from slaengine.policies.book import PolicyBook
from slaengine.policies.calendar import BusinessCalendar
from slaengine.policies.editions import Edition
from slaengine.policies.limits import Limit
from slaengine.policies.moment import Moment
from slaengine.policies.policy import Target

MINUTE = 60_000_000
FIRST = datetime(2026, 3, 1, tzinfo=UTC)
LAST = datetime(2026, 7, 1, tzinfo=UTC)
BASE = int(FIRST.timestamp()) * 1_000_000


class Minutes:
    """A calendar as one byte a minute."""

    def __init__(self, calendar: BusinessCalendar) -> None:
        definition = calendar.model_dump(mode="json")
        self.brute = BruteCalendar({**definition, "holidays": list(definition["holidays"])})
        count = int((LAST - FIRST) / timedelta(minutes=1))
        self.open = bytes(self.brute.is_open(FIRST + timedelta(minutes=n)) for n in range(count))

    def counted(self, begins: int, ends: int) -> int:
        return sum(self.open[_minute(begins) : _minute(ends)]) * MINUTE if begins < ends else 0

    def after(self, at: int, length: int, boundary: str) -> int:
        """Return the first instant at which `length` has been counted since `at`; by `next`, the last such instant."""
        n, left = _minute(at), length // MINUTE
        while left > 0:
            left -= self.open[n]
            n += 1
        while boundary == "next" and not self.open[n]:
            n += 1
        return _instant(n)


@cache
def minutes_of(calendar: BusinessCalendar) -> Minutes:
    return Minutes(calendar)


def _minute(at: int) -> int:
    assert (at - BASE) % MINUTE == 0
    return (at - BASE) // MINUTE


def _instant(n: int) -> int:
    return BASE + n * MINUTE


def _datetime(at: int) -> datetime:
    return FIRST + timedelta(microseconds=at - BASE)


def _micros(at: datetime) -> int:
    return BASE + (at - FIRST) // timedelta(microseconds=1)


@dataclass
class Clock:
    target: Target
    limit: Limit
    edition: int
    cycle: int
    start: int
    by: int | None
    following: int
    base_due: int
    excluded: list[tuple[int, int]] = field(default_factory=list)
    since: int | None = None
    stop: int | None = None
    stopped_by: int | None = None
    verdict: str = "running"
    beaten: bool = False
    due: int = 0
    pinned: int = -1
    failed: bool = False


class Reference:
    def __init__(self, book: PolicyBook, moments: list[Moment], as_of: int) -> None:
        self.editions: tuple[Edition, ...] = book.editions
        self.names = book.target_names()
        self.as_of = as_of
        self.stops: dict[str, set[int]] = {name: set() for name in self.names}
        passing = [
            Moment(f"edition {n}", e.holds_from, 0, 0, {})
            for n, e in enumerate(book.editions)
            if e.repins and moments[0].occurred_at < e.holds_from <= as_of
        ]
        rest = sorted([*passing, *moments[1:]], key=lambda m: (m.occurred_at, m.version))
        self.facts = [moments[0], *rest]
        self.profiles = list(self._profiles())
        self.waits = list(self._waits())

    def rows(self) -> list[Clock]:
        done: dict[str, list[Clock]] = {}
        while len(done) < len(self.names):
            for name in self.names:
                waited_for = {
                    t.after
                    for e in self.editions
                    for target in e.version.targets
                    if target.name == name
                    for t in target.start
                    if t.after
                }
                if name not in done and waited_for <= set(done):
                    done[name] = self._walk(name)
        return [row for name in self.names for row in done[name]]

    # ---- what is known of the order

    def _profiles(self) -> Any:
        known: dict[str, Any] = {}
        for fact in self.facts:
            if fact.name == "received":
                known = {"kind": fact.fields.get("kind"), "channel": fact.fields.get("channel")}
            elif fact.name == "classified":
                known = {**known, "type": fact.fields.get("type"), "severity": fact.fields.get("severity")}
            yield known

    def _waits(self) -> Any:
        waits: frozenset[str] = frozenset()
        under_way = True
        for fact in self.facts:
            reason = fact.fields.get("reason")
            if fact.name == "paused" and under_way:
                waits |= {reason}
            elif fact.name == "resumed":
                waits = waits - {reason} if reason else frozenset()
            elif fact.name in ("resolved", "closed", "cancelled", "merged", "reopened"):
                waits, under_way = frozenset(), fact.name == "reopened"
            yield waits

    # ---- rules

    def _edition_at(self, at: int) -> int:
        return max((n for n, e in enumerate(self.editions) if e.holds_from <= at), default=-1)

    def _rule(self, name: str, edition: int, at: int, known: dict[str, Any]) -> tuple[Target, Limit] | None:
        if edition < 0:
            return None
        for target in self.editions[edition].version.targets:
            for applies, limit in target.limits():
                if target.name == name and self._applies(applies, edition, at, known):
                    return None if limit.kind == "none" else (target, limit)
        return None

    def _applies(self, applies: Applies, edition: int, at: int, known: dict[str, Any]) -> bool:
        if not all(matches(dimension, known.get(dimension), wanted) for dimension, wanted in applies.conditions()):
            return False
        if applies.hours is None:
            return True
        calendars = self.editions[edition].calendars
        if applies.hours.inside:
            return bool(self._minutes(calendars[applies.hours.inside]).open[_minute(at)])
        return not self._minutes(calendars[applies.hours.outside]).open[_minute(at)]

    def _minutes(self, calendar: BusinessCalendar) -> Minutes:
        return minutes_of(calendar)

    def _calendar(self, clock: Clock) -> Minutes:
        return self._minutes(self.editions[clock.edition].calendars[clock.target.calendar])

    def _hit(self, triggers: Any, i: int) -> bool:
        fact = self.facts[i]
        return any(
            i in self.stops[trigger.after] if trigger.after else trigger.hit_by(fact.name, fact.fields) for trigger in triggers
        )

    # ---- clocks

    def _begin(self, name: str, edition: int, at: int, by: int | None, following: int, cycle: int, known: Any) -> Clock | None:
        rule = self._rule(name, edition, at, known)
        if rule is None:
            return None
        target, limit = rule
        base = self._base_due(edition, target, limit, at)
        if base is None:
            return None
        clock = Clock(target, limit, edition, cycle, at, by, following, base, due=base, pinned=edition)
        if self._pauses(target, self.waits[following - 1]):
            clock.since = at
        return clock

    def _base_due(self, edition: int, target: Target, limit: Limit, at: int) -> int | None:
        calendar = self._minutes(self.editions[edition].calendars[target.calendar])
        match limit.kind:
            case "open_time" | "every":
                if limit.amount == 0 and target.boundary == "end":
                    return at
                return calendar.after(at, limit.amount, target.boundary)
            case "working_days":
                found = calendar.brute.add_days(_datetime(at), limit.amount, "", end_of_day=True)
                return _micros(found)
            case "calendar_days":
                zone = calendar.brute.zone
                local = _datetime(at).astimezone(zone)
                return _micros((local + timedelta(days=limit.amount)).astimezone(UTC))
            case "by":
                return self._deadline(calendar, limit, at, first=limit.first)
            case _:
                given = self.facts[0].fields.get("given_due", {}).get(limit.name)
                return None if given is None else _micros(datetime.fromisoformat(given))

    def _deadline(self, calendar: Minutes, limit: Limit, at: int, first: str = "same_day") -> int:
        zone, brute = calendar.brute.zone, calendar.brute
        begun = _datetime(at).astimezone(zone).date()
        day = begun + timedelta(days=1) if first == "next_day" else begun
        while True:
            due = _micros(brute.at(day, timedelta(microseconds=limit.amount)))
            if due > at and brute.works(day):
                return due
            day += timedelta(days=1)

    def _pauses(self, target: Target, waits: frozenset[str]) -> bool:
        return bool(waits) if "any" in target.pause else bool(waits & set(target.pause))

    def _reckon_due(self, clock: Clock) -> None:
        """Move the due time by every excluded span that began before it; a daily deadline stays."""
        if clock.limit.kind == "by":
            return
        calendar = self._calendar(clock)
        allowed, moved, clock.due = calendar.counted(clock.start, clock.base_due), 0, clock.base_due
        if clock.base_due < clock.start:
            allowed = -calendar.counted(clock.base_due, clock.start)
        for begins, ends in clock.excluded:
            length = calendar.counted(begins, ends)
            if length and (begins < clock.due or (begins == clock.due and clock.target.boundary == "next")):
                moved += length
                clock.due = calendar.after(clock.start, allowed + moved, clock.target.boundary)

    def _exclude(self, clock: Clock, begins: int, ends: int) -> None:
        if begins < ends:
            clock.excluded.append((begins, ends))
            self._reckon_due(clock)

    def _end(self, clock: Clock, at: int, by: int | None, verdict: str, *, lateness: bool = True) -> None:
        if clock.beaten:
            clock.verdict = "met"
            return
        if clock.since is not None:
            self._exclude(clock, clock.since, at)
            clock.since = None
        clock.stop, clock.stopped_by = at, by
        clock.verdict = "missed" if lateness and at > clock.due else verdict

    # ---- the walk

    def _walk(self, name: str) -> list[Clock]:  # noqa: C901, PLR0912, PLR0915 - one long plain story, on purpose
        rows: list[Clock] = []
        clock: Clock | None = None
        state, seen, floor, i = "idle", -1, 0, 0
        known: Any = None

        def renew(at: int, by: int | None, following: int) -> bool:
            nonlocal clock, state
            fresh = self._begin(name, self._edition_at(at), at, by, following, len(rows) + 1, known)
            if fresh is None:
                return False
            rows.append(fresh)
            clock, state = fresh, "going"
            return True

        def again(edition: int, at: int, by: int | None, following: int) -> bool:
            """Begin the row's clock again in its place."""
            nonlocal clock, state
            fresh = self._begin(name, edition, at, by, following, len(rows), known)
            if fresh is None:
                return False
            rows[-1] = clock = fresh
            state = "going"
            return True

        def lapse(until: int, following: int) -> None:
            nonlocal state, floor
            while state == "going" and clock.limit.kind == "by" and until > clock.due:
                if clock.since is not None:
                    clock.due = self._deadline(self._calendar(clock), clock.limit, clock.due)
                    continue
                self._end(clock, clock.due, None, "missed")
                clock.verdict = "met" if clock.beaten else "missed"
                state, floor = "stopped", following
                renew(clock.due, None, following)

        while i < len(self.facts):
            fact, at = self.facts[i], self.facts[i].occurred_at
            lapse(at, i)
            if i > seen:
                seen = i
                if self.profiles[i] != known:
                    known = self.profiles[i]
                    if state in ("idle", "stopped"):
                        if floor < i:
                            i = floor
                            continue
                    else:
                        rule = self._rule(name, clock.pinned, clock.start, known)
                        same = rule is not None and rule[0] is clock.target and rule[1] is clock.limit
                        how = clock.target.reclassify
                        if how != "keep" and not (same and state == "going"):
                            if how == "restart" and rule:
                                if again(self._edition_at(at), at, i, i + 1):
                                    i += 1
                                    continue
                            elif rule and again(clock.pinned, clock.start, clock.by, clock.following):
                                self.stops[name] -= set(range(clock.following, i + 1))
                                i = clock.following
                                continue
                            elif state != "dormant":
                                self._end(clock, at, i, "cancelled", lateness=False)
                                state = "dormant"
            if state == "going" and fact.name.startswith("edition "):
                edition = int(fact.name.split()[1])
                if clock.pinned < edition:
                    if again(edition, clock.start, clock.by, clock.following):
                        self.stops[name] -= set(range(clock.following, i + 1))
                        i = clock.following
                    else:
                        clock.pinned = edition
                        self._end(clock, at, i, "cancelled", lateness=False)
                        state = "dormant"
                        i += 1
                    continue
            if state == "going":
                if not clock.beaten:
                    waiting = self._pauses(clock.target, self.waits[i])
                    if waiting and clock.since is None:
                        clock.since = max(at, clock.start)
                    elif clock.since is not None and not waiting:
                        self._exclude(clock, clock.since, at)
                        clock.since = None
                excuse = clock.target.cancel == "excuse"
                redispatched = fact.name == "dispatched" and any(f.name == "dispatched" for f in self.facts[:i])
                started_by = self.facts[clock.by].name if clock.by is not None else ""
                if self._hit(clock.target.stop, i):
                    self.stops[name].add(i)
                    self._end(
                        clock, at, i, "cancelled" if clock.target.repeats and clock.limit.kind in ("every", "by") else "met"
                    )
                    state, floor = "stopped", i
                elif self._hit(clock.target.fail, i):
                    self._end(clock, at, i, "missed")
                    clock.failed = clock.verdict == "missed"
                    state, floor = "stopped", i
                elif fact.name in ("cancelled", "merged"):
                    self._end(clock, at, i, "cancelled", lateness=not excuse)
                    state, floor = "stopped", i
                elif fact.name == "reopened" and started_by in ("resolved", "closed"):
                    self._end(clock, at, i, "cancelled", lateness=not excuse)
                    state, floor = "idle", i
                elif redispatched and clock.target.reassign == "restart":
                    again(self._edition_at(at), at, i, i + 1)
                elif redispatched and clock.target.reassign == "new_cycle":
                    self._end(clock, at, i, "cancelled", lateness=not excuse)
                    state, floor = "stopped", i
                    renew(at, i, i + 1)
                elif clock.limit.kind == "by" and self._hit(clock.target.beat, i):
                    if not clock.beaten:
                        self._end(clock, at, i, "met")
                        clock.beaten = True
                elif clock.limit.kind == "every" and self._hit(clock.target.beat, i):
                    self._end(clock, at, i, "met")
                    state, floor = "stopped", i
                    renew(at, i, i + 1)
            elif state == "stopped" and fact.name == "reopened":
                how = clock.target.when_reopened
                if clock.failed and how != "new_cycle":
                    pass
                elif how == "continue":
                    stopped, clock.stop, clock.stopped_by, clock.verdict = clock.stop, None, None, "running"
                    state = "going"
                    self._exclude(clock, max(stopped, clock.start), at)
                elif how == "restart":
                    again(self._edition_at(at), at, i, i + 1)
                elif how == "new_cycle":
                    renew(at, i, i + 1)
            if state in ("idle", "stopped"):
                rule = self._rule(name, self._edition_at(at), at, known)
                if rule and self._hit(rule[0].start, i):
                    renew(at, i, i + 1)
            i += 1
        lapse(self.as_of, len(self.facts))
        if state == "going" and not clock.beaten:
            self._read(clock)
        return rows

    def _read(self, clock: Clock) -> None:
        if clock.since is not None:
            held = clock.since < clock.due or (clock.since == clock.due and clock.target.boundary == "next")
            if self.as_of > clock.since:
                clock.excluded.append((clock.since, self.as_of))
            if held:
                clock.due = None
                return
        if self.as_of > clock.due:
            clock.verdict = "overdue"

    def elapsed(self, clock: Clock) -> int:
        calendar = self._calendar(clock)
        until = self.as_of if clock.stop is None else clock.stop
        return max(0, calendar.counted(clock.start, until) - self.paused(clock))

    def paused(self, clock: Clock) -> int:
        calendar = self._calendar(clock)
        return sum(calendar.counted(begins, ends) for begins, ends in clock.excluded)
