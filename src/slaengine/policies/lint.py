"""What is allowed in a policy and yet most likely not meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

from slaengine.domain.values import KINDS
from slaengine.errors import CalendarError, nearest
from slaengine.policies.book import Edition, PolicyBook
from slaengine.policies.business import DAY_RULES
from slaengine.policies.limits import DAY, Limit
from slaengine.policies.lint_versions import doubts
from slaengine.policies.load import Source
from slaengine.policies.policy import ALWAYS, Applies, Target, matches

Weight = Literal["warning", "note"]
Place = tuple[str | int, ...]
FAR_DAYS = 400
"""A due time further off than this is most likely a slip of the unit or of the calendar."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: a `warning` wants mending, a `note` a look. Line and column are where it stands in the file."""

    weight: Weight
    line: int
    column: int
    message: str


def lint(text: str, name: str, types: Iterable[str] = ()) -> list[Finding]:
    """Return what is doubtful about a policy's YAML text, warnings first, each in the order of the file.

    `types` are the types that orders have, such as those of a store; with none, no type is doubted.

    Raises:
        PolicyError: the policy cannot be used at all.
    """
    book = PolicyBook.parse(text, name)
    source = Source(text, name)
    found = {finding for edition in book.editions for finding in _Doubts(source, book, edition, tuple(types)).findings()}
    found |= set(_unused(source, book)) | set(_of_versions(source, book))
    return sorted(found, key=lambda finding: (finding.weight != "warning", finding.line, finding.column, finding.message))


@dataclass(frozen=True, slots=True)
class _Doubts:
    """The doubts about one edition; targets are named by their place in its version's list."""

    source: Source
    book: PolicyBook
    edition: Edition
    types: tuple[str, ...]

    @property
    def targets(self) -> tuple[Target, ...]:
        return self.edition.version.targets

    def findings(self) -> Iterator[Finding]:
        for n, target in enumerate(self.targets):
            yield from self._never_matches(n, target)
            yield from self._overlaps(n, target)
            yield from self._unknown_types(n, target)
            yield from self._odd_limits(n, target)
            yield from self._wasted_options(n, target)
        yield from self._gaps()

    def _at(self, weight: Weight, n: int, field: str, message: str) -> Finding:
        version = list(self.book.policy.versions).index(self.edition.version)
        place: Place = ("targets", n) if "versions" not in self.source.value else ("versions", version, "targets", n)
        line, column = self.source.place((*place, field))
        return Finding(weight, line, column, f"targets[{n}] '{self.targets[n].name}': {message}")

    def _same_name_before(self, n: int, target: Target) -> Iterator[tuple[int, Applies]]:
        for before in range(n):
            if self.targets[before].name == target.name:
                for applies, _ in self.targets[before].limits():
                    yield before, applies

    def _never_matches(self, n: int, target: Target) -> Iterator[Finding]:
        rows = list(target.limits())
        for row, (applies, limit) in enumerate(rows):
            where = f"its row for {limit.text}" if len(rows) > 1 else "it"
            earlier = [*self._same_name_before(n, target), *((n, one) for one, _ in rows[:row])]
            for before, other in earlier:
                if other.hours is None and _takes_all(other, applies):
                    above = "an earlier row" if before == n else f"targets[{before}]"
                    yield self._at("warning", n, "applies", f"{where} can never match: {above} takes every such order")
                    break

    def _overlaps(self, n: int, target: Target) -> Iterator[Finding]:
        for before, other in self._same_name_before(n, target):
            mine = target.applies
            if _meet(other, mine) and not _takes_all(other, mine) and not _takes_all(mine, other):
                yield self._at("note", n, "applies", f"some orders fit targets[{before}] as well, which comes first and wins")
                return

    def _unknown_types(self, n: int, target: Target) -> Iterator[Finding]:
        if not self.types:
            return
        wanted = dict.fromkeys(one for applies, _ in target.limits() for one in applies.type)
        for one in wanted:
            if not any(matches("type", known, (one,)) for known in self.types):
                yield self._at("warning", n, "applies", f"no order has the type '{one}'{nearest(one, self.types)}")

    def _odd_limits(self, n: int, target: Target) -> Iterator[Finding]:
        for limit in dict.fromkeys(limit for _, limit in target.limits()):
            try:
                due = self._due(target, limit)
            except CalendarError as error:
                yield self._at(
                    "warning", n, "limit", f"'{limit.text}' cannot be met in the calendar '{target.calendar}': {error}"
                )
                continue
            if due - self.edition.effective_from > FAR_DAYS * DAY and limit.kind in ("open_time", "working_days"):
                days = (due - self.edition.effective_from) // DAY
                yield self._at("note", n, "limit", f"'{limit.text}' in the calendar '{target.calendar}' is due after {days} days")

    def _due(self, target: Target, limit: Limit) -> int:
        """Return when the limit runs out for a clock that starts with the edition."""
        start = self.edition.effective_from
        timetable = self.edition.calendars[target.calendar].timetable
        match limit.kind:
            case "open_time" | "every":
                return timetable.due_at(start, limit.amount)
            case "working_days":
                return timetable.due_on(start, limit.amount, DAY_RULES[target.day_rule])
            case "by":
                return timetable.next_daily(start, limit.amount)
            case _:
                return start

    def _wasted_options(self, n: int, target: Target) -> Iterator[Finding]:
        kinds = {limit.kind for _, limit in target.limits()}
        said = target.model_fields_set
        if "day_rule" in said and "working_days" not in kinds:
            yield self._at("warning", n, "day_rule", "day_rule counts working days, and no limit here is in wd")
        if "beat" in said and not target.repeats:
            yield self._at("warning", n, "beat", "beat belongs to a cadence, and no limit here is {every: …} or {by: …}")
        if "calendar" in said and kinds <= {"given", "calendar_days", "none"} and not target.pause and target.calendar != ALWAYS:
            yield self._at("note", n, "calendar", "the calendar only measures how long it took: the limit does not look at it")
        if any(trigger in target.stop for trigger in target.start) and not target.repeats:
            yield self._at("note", n, "stop", "the same fact starts and stops it: each stop begins the next clock")

    def _gaps(self) -> Iterator[Finding]:
        """Yield kinds and severities of which orders may come that no target covers."""
        severities = dict.fromkeys(one for target in self.targets for one in target.applies.severity)
        bare = [kind for kind in KINDS if not self._covered(kind, None)]
        for kind in bare:
            yield self._of_version(
                f"no target covers orders of kind {kind} that are not classified further: they are not measured"
            )
        for kind, severity in product((kind for kind in KINDS if kind not in bare), severities):
            if not self._covered(kind, severity):
                yield self._of_version(f"no target covers orders of kind {kind} and severity {severity}: they are not measured")

    def _covered(self, kind: str, severity: str | None) -> bool:
        order: dict[str, Any] = {"kind": kind, "severity": severity}
        return any(
            limit.kind != "none" and all(matches(name, order.get(name), wanted) for name, wanted in applies.conditions())
            for target in self.targets
            for applies, limit in target.limits()
        )

    def _of_version(self, message: str) -> Finding:
        version = list(self.book.policy.versions).index(self.edition.version)
        place: Place = ("targets",) if "versions" not in self.source.value else ("versions", version, "targets")
        line, column = self.source.place(place)
        return Finding("note", line, column, f"version {self.edition.version.version}: {message}")


def _takes_all(earlier: Applies, later: Applies) -> bool:
    """Whether every order that fits `later` fits `earlier`; hours that `later` asks for narrow it further."""
    conditions = dict(later.conditions())
    for name, wanted in earlier.conditions():
        narrower = conditions.get(name)
        if narrower is None or not all(matches(name, value, wanted) for value in narrower):
            return False
    return earlier.hours in (None, later.hours)


def _meet(one: Applies, other: Applies) -> bool:
    """Whether an order can fit both, hours left aside."""
    theirs = dict(other.conditions())
    return all(
        name not in theirs
        or any(matches(name, value, wanted) or matches(name, mine, (value,)) for value in theirs[name] for mine in wanted)
        for name, wanted in one.conditions()
    )


def _unused(source: Source, book: PolicyBook) -> Iterator[Finding]:
    policy = book.policy
    used = {name for edition in book.editions for name in edition.calendars}
    for name in policy.calendars:
        if name not in used:
            line, column = source.place(("calendars", name))
            yield Finding("warning", line, column, f"no target uses the calendar '{name}'")
    named = {part.holidays for spec in policy.calendars.values() for part in spec.parts() if isinstance(part.holidays, str)}
    for name in policy.holiday_lists:
        if name not in named:
            line, column = source.place(("holiday_lists", name))
            yield Finding("warning", line, column, f"no calendar uses the holiday list '{name}'")


def _of_versions(source: Source, book: PolicyBook) -> Iterator[Finding]:
    for weight, place, message in doubts(book.policy):
        stands = place[2:] if place[0] == "versions" and "versions" not in source.value else place
        line, column = source.place(stands)
        yield Finding(weight, line, column, message)
