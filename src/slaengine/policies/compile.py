"""A policy book as the kernel's tables: names become numbers, conditions become bits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from slaengine.domain.events import BY_NAME
from slaengine.errors import PolicyError
from slaengine.policies import tables as t
from slaengine.policies.applies import Applies, matches
from slaengine.policies.book import PolicyBook
from slaengine.policies.business import DAY_RULES
from slaengine.policies.calendar_tables import join, searchable
from slaengine.policies.editions import Edition
from slaengine.policies.limits import Limit
from slaengine.policies.policy import Target, in_order
from slaengine.policies.triggers import Trigger

FORMS: Final = {
    "open_time": t.OPEN_TIME,
    "working_days": t.WORKING_DAYS,
    "calendar_days": t.CALENDAR_DAYS,
    "given": t.GIVEN,
    "every": t.EVERY,
    "by": t.BY,
    "none": t.NO_PROMISE,
}
HOW: Final = {
    "ignore": t.IGNORE,
    "continue": t.CONTINUE,
    "restart": t.RESTART,
    "new_cycle": t.NEW_CYCLE,
    "recompute": t.RECOMPUTE,
    "keep": t.KEEP,
}
EVERY_REASON: Final = -1
"""All bits: the pause reasons of a target that pauses for `any`."""
ANY = "any"

Profile = tuple[Any, ...]
Plan = tuple[int, list[tuple[int, Trigger]]]


class Rule(NamedTuple):
    """Where a rule of the tables comes from: the target at this place of the edition's list, and one row of its limit."""

    edition: Edition
    target: Target
    place: int
    applies: Applies
    limit: Limit


class Compiled:
    """A book's tables, with the names behind the numbers. Profiles are added as orders of a new kind are met."""

    def __init__(self, book: PolicyBook) -> None:
        """Compile every edition of `book`.

        Raises:
            PolicyError: targets wait for each other in a circle.
        """
        self.book = book
        self.editions = book.editions
        self.targets = book.target_names()
        self.rules = [rule for edition in book.editions for rule in _rules(edition)]
        self.dimensions = sorted({name for rule in self.rules for name, _ in rule.applies.conditions()})
        self.given_names = sorted({rule.limit.name for rule in self.rules if rule.limit.kind == "given"})
        self.reasons = _numbered(reason for rule in self.rules for reason in rule.target.pause if reason != ANY)
        self.triggers = _numbered(trigger for rule in self.rules for trigger in _facts_of(rule.target))
        self.stops = {name: len(self.triggers) + n for n, name in enumerate(self._waited_for())}
        self.calendars = list(dict.fromkeys(c for edition in book.editions for c in edition.calendars.values()))
        self._numbers = [n for rule in self.rules for n in self._rule(rule)]
        self._by_target = self._places_by_target()
        self._order = self._in_order()
        self._watched = [self._bits_of(name, (t.STARTS, t.STOPS, t.BEATS, t.FAILS)) for name in self.targets]
        self._begins = [self._bits_of(name, (t.STARTS,)) for name in self.targets]
        self._stop_bits = [1 << self.stops[name] if name in self.stops else 0 for name in self.targets]
        self.plans = self._plans()
        self.said = [_said(rule) for rule in self.rules]
        self.steady = [self._steady(n) for n in range(len(self.rules))]
        self.repins = [(edition.holds_from, n) for n, edition in enumerate(self.editions) if edition.repins]
        self.profiles: dict[Profile, int] = {}
        self._chain_at: list[int] = [0]
        self._chain: list[int] = []
        self._joined: t.Promises | None = None
        self._reached: list[Any] = []

    @property
    def bits(self) -> int:
        """How many bits triggers and stops need; what is compiled has room for 62."""
        return max(len(self.triggers) + len(self.stops), len(self.reasons))

    def profile(self, known: Profile) -> int:
        """Return the number of a profile: what an order says in each of `dimensions`."""
        number = self.profiles.get(known)
        if number is None:
            number = self.profiles[known] = len(self.profiles)
            for edition in range(len(self.editions)):
                for target in range(len(self.targets)):
                    self._chain.extend(self._applying(edition, target, known))
                    self._chain_at.append(len(self._chain))
        return number

    def promises(self, first: int, last: int) -> t.Promises:
        """Return the tables, with calendars that cover the instants `first` to `last`.

        Raises:
            CalendarError: a calendar is not known for that time.
        """
        reached = [calendar.timetable.cover(first, last) for calendar in self.calendars]
        if self._joined is None or any(new is not old for new, old in zip(reached, self._reached, strict=True)):
            joined, bounds = join([reach.arrays for reach in reached])
            self._reached = reached
            self._joined = t.Promises(
                [edition.holds_from for edition in self.editions],
                self._order,
                self._watched,
                self._begins,
                self._stop_bits,
                self._chain_at,
                self._chain,
                self._numbers,
                searchable(joined),
                [edge for bound in bounds for edge in bound],
            )
        return self._joined

    def reach_further(self, calendar: int) -> None:
        """Widen a calendar that did not reach far enough.

        Raises:
            NoOpenTime: it never opens again.
            CalendarError: it is not known further on.
        """
        self.calendars[calendar].timetable.further(forwards=True)

    # ---- tables

    def _plans(self) -> dict[str, Plan]:
        """Return, by fact, the bits that every one of them has, and those that depend on its fields."""
        plans: dict[str, Plan] = {}
        for name in (*BY_NAME, ""):
            own = [(1 << number, trigger) for trigger, number in self.triggers.items() if trigger.fact == name]
            always = sum(bit for bit, trigger in own if not trigger.conditions)
            plans[name] = (always, [(bit, trigger) for bit, trigger in own if trigger.conditions])
        return plans

    def _waited_for(self) -> list[str]:
        return sorted({trigger.after for rule in self.rules for trigger in rule.target.start if trigger.after})

    def _mask(self, triggers: tuple[Trigger, ...]) -> int:
        mask = 0
        for trigger in triggers:
            mask |= 1 << (self.stops[trigger.after] if trigger.after else self.triggers[trigger])
        return mask

    def _pauses(self, reasons: tuple[str, ...]) -> int:
        if ANY in reasons:
            return EVERY_REASON
        mask = 0
        for reason in reasons:
            mask |= 1 << self.reasons[reason]
        return mask

    def _rule(self, rule: Rule) -> list[int]:
        target, limit, calendars = rule.target, rule.limit, rule.edition.calendars
        hours = rule.applies.hours
        return [
            self._mask(target.start),
            self._mask(target.stop),
            self._mask(target.beat) if target.repeats else 0,
            self._pauses(target.pause),
            FORMS[limit.kind],
            self.given_names.index(limit.name) if limit.kind == "given" else limit.amount,
            int(limit.first == "next_day") if limit.kind == "by" else DAY_RULES[target.day_rule],
            self.calendars.index(calendars[target.calendar]),
            int(target.boundary == "next"),
            HOW[target.when_reopened],
            HOW[target.reclassify],
            HOW[target.reassign],
            int(target.cancel == "excuse"),
            self.calendars.index(calendars[hours.inside or hours.outside or ""]) if hours else t.NONE,
            int(hours is not None and hours.inside is not None),
            self._mask(target.fail),
        ]

    def _places_by_target(self) -> dict[tuple[int, str], list[int]]:
        edition_numbers = {id(edition): n for n, edition in enumerate(self.editions)}
        places: dict[tuple[int, str], list[int]] = {}
        for n, rule in enumerate(self.rules):
            places.setdefault((edition_numbers[id(rule.edition)], rule.target.name), []).append(n)
        return places

    def _applying(self, edition: int, target: int, known: Profile) -> Iterator[int]:
        """Yield the rules that apply to an order so known, up to the first that applies at any hour."""
        said = dict(zip(self.dimensions, known, strict=True))
        for n in self._by_target.get((edition, self.targets[target]), ()):
            applies = self.rules[n].applies
            if all(matches(name, said[name], wanted) for name, wanted in applies.conditions()):
                yield n * t.RULE_WIDTH
                if applies.hours is None:
                    return

    def _steady(self, number: int) -> tuple[bool, int | None]:
        """Return whether a target's rules do not depend on the hour, and the µs up to which they are those of this one's edition.

        None for ever: whatever edition is in force later, the same orders have the same rules.
        """
        target = self.rules[number].target.name
        chains = [self._terms(edition, target) for edition in range(len(self.editions))]
        begun = next(n for n, edition in enumerate(self.editions) if edition is self.rules[number].edition)
        others = (n for n in range(begun + 1, len(self.editions)) if chains[n] != chains[begun])
        changed = next(others, None)
        by_hour = any(self.rules[n].applies.hours for n in self._by_target.get((begun, target), ()))
        return not by_hour, None if changed is None else self.editions[changed].holds_from - 1

    def _terms(self, edition: int, target: str) -> list[tuple[Any, ...]]:
        """Return a target's rules in an edition: to what they apply, and their numbers."""
        numbers, width = self._by_target.get((edition, target), ()), t.RULE_WIDTH
        return [(tuple(self.rules[n].applies.conditions()), self._numbers[n * width : (n + 1) * width]) for n in numbers]

    def _bits_of(self, name: str, columns: tuple[int, ...]) -> int:
        """Return the triggers in these columns of all rules of a target."""
        bits = 0
        for n, rule in enumerate(self.rules):
            if rule.target.name == name:
                for column in columns:
                    bits |= self._numbers[n * t.RULE_WIDTH + column]
        return bits

    def _in_order(self) -> list[int]:
        """Return the targets so that each comes after those it waits for, in whichever edition."""
        try:
            order = in_order(rule.target for rule in self.rules)
        except ValueError as error:
            raise PolicyError(f"policy {self.book.name}, its versions taken together: {error}") from None
        return [self.targets.index(name) for name in order]


def compiled(book: PolicyBook) -> Compiled:
    """Return the book's tables, made on first use."""
    if book.compiled is None:
        book.compiled = Compiled(book)
    tables: Compiled = book.compiled
    return tables


def _rules(edition: Edition) -> Iterator[Rule]:
    for place, target in enumerate(edition.version.targets):
        for applies, limit in target.limits():
            yield Rule(edition, target, place, applies, limit)


def _said(rule: Rule) -> tuple[Any, ...]:
    """Return what each row under a rule says of it.

    Target and promise; by what it was judged, as `rows.ClockRow` orders it; since when that holds, whether it is daily, and
    the reasons for which a breach may be waived.
    """
    edition, target = rule.edition, rule.target
    version = (edition.policy.policy, edition.version.version, edition.effective_from)
    judged_by = (*version, rule.place, rule.limit.text, target.calendar)
    rest = (edition.holds_from, rule.limit.kind == "by", edition.version.waivers.reasons)
    return (target.name, target.promise, *judged_by, *rest)


def _facts_of(target: Target) -> Iterator[Trigger]:
    beats = target.beat if target.repeats else ()
    yield from (trigger for trigger in (*target.start, *target.stop, *beats, *target.fail) if not trigger.after)


def _numbered(items: Iterator[Any]) -> dict[Any, int]:
    return {item: n for n, item in enumerate(dict.fromkeys(items))}
