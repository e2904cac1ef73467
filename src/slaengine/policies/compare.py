"""What changed between two versions of what is promised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from slaengine.errors import UnknownPolicy, nearest
from slaengine.policies.applies import Applies
from slaengine.policies.book import PolicyBook
from slaengine.policies.calendar import WEEKDAYS, BusinessCalendar, Hours
from slaengine.policies.editions import Edition
from slaengine.policies.limits import Limit
from slaengine.policies.policy import Target

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: of a target for the orders `applies`, of a calendar or of the policy; `field` empty for the whole.

    Of a calendar the fields are its words, its weekdays, and the dates of its holidays and special hours.
    """

    what: Literal["added", "removed", "changed"]
    part: Literal["target", "calendar", "policy"]
    name: str
    applies: str = ""
    field: str = ""
    before: str = ""
    after: str = ""

    def __str__(self) -> str:
        whom = f" for {self.applies}" if self.applies else ""
        if not self.field:
            return f"{self.what} {self.part} {self.name}{whom}"
        return f"{self.part} {self.name}{whom}: {self.field} {self.before or 'unset'} → {self.after or 'unset'}"

    def as_json(self) -> dict[str, Any]:
        """Return the change as plain JSON values, without what is empty."""
        return {name: value for name, value in asdict(self).items() if value}


def changes(before: PolicyBook, after: PolicyBook) -> list[Change]:
    """Return what differs between the editions that two books hold last."""
    return list(edition_changes(before.latest, after.latest))


def edition_changes(before: Edition, after: Edition) -> Iterator[Change]:
    """Yield what differs between two editions: targets by name and orders, then calendars, then waiver reasons."""
    old, new = _rules(before), _rules(after)
    for key in old.keys() - new.keys():
        yield Change("removed", "target", key[0], key[1])
    for key, target in new.items():
        if key not in old:
            yield Change("added", "target", key[0], key[1], "limit", "", target["limit"])
            continue
        for field in target:
            if old[key][field] != target[field]:
                yield Change("changed", "target", key[0], key[1], field, old[key][field], target[field])
    for name in sorted(before.calendars.keys() | after.calendars.keys()):
        if before.calendars.get(name) != after.calendars.get(name):
            yield from _calendar_changes(name, before.calendars.get(name), after.calendars.get(name))
    reasons = (", ".join(edition.version.waivers.reasons) for edition in (before, after))
    if (first := next(reasons)) != (second := next(reasons)):
        yield Change("changed", "policy", after.policy.policy, "", "waivers.reasons", first, second)


def in_words(applies: Applies) -> str:
    """Return for which orders a target is; empty when for all."""
    conditions = [f"{name} {' or '.join(map(str, values))}" for name, values in applies.conditions()]
    if applies.hours is not None:
        conditions.append(f"inside {applies.hours.inside}" if applies.hours.inside else f"outside {applies.hours.outside}")
    return ", ".join(conditions)


def edition_named(book: PolicyBook, version: str) -> Edition:
    """Return the last edition of a book's version.

    Raises:
        UnknownPolicy: the policy has no version of this name.
    """
    for edition in reversed(book.editions):
        if edition.version.version == version:
            return edition
    names = list(dict.fromkeys(edition.version.version for edition in book.editions))
    raise UnknownPolicy(f"policy {book.name} has no version '{version}'{nearest(version, names)}; it has {', '.join(names)}")


def _calendar_changes(name: str, before: BusinessCalendar | None, after: BusinessCalendar | None) -> Iterator[Change]:
    if before is None:
        yield Change("added", "calendar", name)
    elif after is None:
        yield Change("removed", "calendar", name)
    else:
        old, new = _calendar_words(before), _calendar_words(after)
        if "china" in (before.holidays, after.holidays) and before.holidays != after.holidays:
            old, new = _without_dates(before, old), _without_dates(after, new)
        for field in dict.fromkeys((*old, *new)):
            if old.get(field) != new.get(field):
                yield Change("changed", "calendar", name, "", field, old.get(field, ""), new.get(field, ""))


def _calendar_words(calendar: BusinessCalendar) -> dict[str, str]:
    """Return a calendar's definition in words, each holiday and each special date by itself."""
    words = {"tz": calendar.tz, "makeup_hours_of": calendar.makeup_hours_of or "", "unknown_years": calendar.unknown_years}
    words |= {day: _hours(calendar.weekly[day]) for day in WEEKDAYS if day in calendar.weekly}
    words |= {f"holiday {day}": name for day, name in sorted(calendar.holiday_names.items())}
    words |= {f"hours of {day}": _hours(hours) for day, hours in sorted(calendar.overrides.items())}
    return words


def _without_dates(calendar: BusinessCalendar, words: dict[str, str]) -> dict[str, str]:
    """Return the words with a list of holidays told by its length: one list takes the place of another of hundreds of dates."""
    holidays = "china" if calendar.holidays == "china" else f"{len(calendar.holidays)} days"
    return {"holidays": holidays} | {word: said for word, said in words.items() if not word.startswith("holiday ")}


def _hours(hours: Hours) -> str:
    return ", ".join(f"{opens}–{closes}" for opens, closes in hours) or "closed"


def _rules(edition: Edition) -> dict[Key, dict[str, str]]:
    """Return each target's fields in words, a table's rows one by one."""
    found: dict[Key, dict[str, str]] = {}
    for target in edition.version.targets:
        for applies, limit in target.limits():
            found.setdefault((target.name, in_words(applies)), _fields(target, limit))
    return found


def _fields(target: Target, limit: Limit) -> dict[str, str]:
    return {
        "limit": limit.text,
        "promise": target.promise,
        "start": " or ".join(map(str, target.start)),
        "stop": " or ".join(map(str, target.stop)),
        "beat": " or ".join(map(str, target.beat)) if target.repeats else "",
        "fail": " or ".join(map(str, target.fail)),
        "calendar": target.calendar,
        "boundary": target.boundary,
        "day_rule": target.day_rule if limit.kind == "working_days" else "",
        "pause": ", ".join(target.pause),
        "reopen": target.when_reopened,
        "reclassify": target.reclassify,
        "reassign": target.reassign,
        "cancel": target.cancel,
        "warn": ", ".join(map(str, target.warn)),
        "owner": target.owner or "",
    }
