"""What is doubtful about the targets of one edition of a policy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from slaengine.domain.values import KINDS
from slaengine.errors import CalendarError, nearest
from slaengine.policies.applies import Applies, matches
from slaengine.policies.book import PolicyBook
from slaengine.policies.business import DAY_RULES
from slaengine.policies.calendar_spec import ALWAYS
from slaengine.policies.editions import Edition
from slaengine.policies.findings import Finding, FindingKind, Place, Weight
from slaengine.policies.limits import DAY, Limit
from slaengine.policies.lint_conditions import contradictions, meet, takes_all
from slaengine.policies.load import Source
from slaengine.policies.policy import Target

FAR_DAYS = 400
"""A due time further off than this is most likely a slip of the unit or of the calendar."""


@dataclass(frozen=True, slots=True)
class TargetDoubts:
    """The doubts about one edition; targets are named by their place in its version's list."""

    source: Source
    book: PolicyBook
    edition: Edition
    types: tuple[str, ...]

    @property
    def targets(self) -> tuple[Target, ...]:
        """The edition's, in order."""
        return self.edition.version.targets

    def findings(self) -> Iterator[Finding]:
        """Yield them, target by target."""
        for n, target in enumerate(self.targets):
            yield from self._never_matches(n, target)
            yield from self._overlaps(n, target)
            yield from self._unknown_types(n, target)
            yield from self._odd_limits(n, target)
            yield from self._wasted_options(n, target)
            for kind, field, message in contradictions(self.edition, target):
                yield self._at(kind, "warning", n, field, message)
        yield from self._gaps()

    def _at(self, kind: FindingKind, weight: Weight, n: int, field: str, message: str) -> Finding:
        version = list(self.book.policy.versions).index(self.edition.version)
        place: Place = ("targets", n) if "versions" not in self.source.value else ("versions", version, "targets", n)
        line, column = self.source.place((*place, field))
        return Finding(kind, weight, line, column, f"targets[{n}] '{self.targets[n].name}': {message}")

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
                if other.hours is None and takes_all(other, applies):
                    above = "an earlier row" if before == n else f"targets[{before}]"
                    yield self._at(
                        "never_matches", "warning", n, "applies", f"{where} can never match: {above} takes every such order"
                    )
                    break

    def _overlaps(self, n: int, target: Target) -> Iterator[Finding]:
        for before, other in self._same_name_before(n, target):
            mine = target.applies
            if meet(other, mine) and not takes_all(other, mine) and not takes_all(mine, other):
                yield self._at(
                    "overlap", "note", n, "applies", f"some orders fit targets[{before}] as well, which comes first and wins"
                )
                return

    def _unknown_types(self, n: int, target: Target) -> Iterator[Finding]:
        if not self.types:
            return
        wanted = dict.fromkeys(one for applies, _ in target.limits() for one in applies.type)
        for one in wanted:
            if not any(matches("type", known, (one,)) for known in self.types):
                yield self._at(
                    "unknown_type", "warning", n, "applies", f"no order has the type '{one}'{nearest(one, self.types)}"
                )

    def _odd_limits(self, n: int, target: Target) -> Iterator[Finding]:
        for limit in dict.fromkeys(limit for _, limit in target.limits()):
            try:
                due = self._due(target, limit)
            except CalendarError as error:
                yield self._at(
                    "impossible_limit",
                    "warning",
                    n,
                    "limit",
                    f"'{limit.text}' cannot be met in the calendar '{target.calendar}': {error}",
                )
                continue
            if due - self.edition.effective_from > FAR_DAYS * DAY and limit.kind in ("open_time", "working_days"):
                days = (due - self.edition.effective_from) // DAY
                yield self._at(
                    "far_limit",
                    "note",
                    n,
                    "limit",
                    f"'{limit.text}' in the calendar '{target.calendar}' is due after {days} days",
                )

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
            yield self._at("useless_option", "warning", n, "day_rule", "day_rule counts working days, and no limit here is in wd")
        if "beat" in said and not target.repeats:
            yield self._at(
                "useless_option", "warning", n, "beat", "beat belongs to a cadence, and no limit here is {every: …} or {by: …}"
            )
        if "calendar" in said and kinds <= {"given", "calendar_days", "none"} and not target.pause and target.calendar != ALWAYS:
            yield self._at(
                "useless_option",
                "note",
                n,
                "calendar",
                "the calendar only measures how long it took: the limit does not look at it",
            )
        if any(trigger in target.stop for trigger in target.start) and not target.repeats:
            yield self._at(
                "starts_itself", "note", n, "stop", "the same fact starts and stops it: each stop begins the next clock"
            )

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
        return Finding("not_covered", "note", line, column, f"version {self.edition.version.version}: {message}")
