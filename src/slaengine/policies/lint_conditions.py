"""Conditions that exclude each other, so that a clock never starts, never stops, or a row is never used."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

from slaengine.domain.events import BY_NAME
from slaengine.errors import nearest
from slaengine.policies.applies import Applies, matches
from slaengine.policies.calendar import BusinessCalendar
from slaengine.policies.editions import Edition
from slaengine.policies.findings import FindingKind
from slaengine.policies.policy import Target
from slaengine.policies.triggers import Condition, Trigger

Doubt = tuple[FindingKind, str, str]
"""What it is called, the field of the target it stands in, and the sentence."""
FIXED: Final = ("kind", "channel", "source")
"""What the receipt says of an order for good; what else `applies` looks at may become known or change later."""


def contradictions(edition: Edition, target: Target) -> Iterator[Doubt]:
    """Yield what can never be so about a target of an edition; every one of them wants mending."""
    yield from _rows(target)
    yield from _hours(edition, target)
    impossible = {trigger: why for trigger in target.start if (why := _never_hits(edition, target, trigger))}
    if len(impossible) == len(target.start):
        yield "never_starts", "start", f"it never starts: {next(iter(impossible.values()))}"
    else:
        yield from (("contradiction", "start", f"'{trigger}' never starts it: {why}") for trigger, why in impossible.items())
    stops = {trigger: why for trigger in target.stop if (why := _never_holds(target, trigger))}
    if len(stops) == len(target.stop):
        yield "never_stops", "stop", f"it never stops: {next(iter(stops.values()))}"
    else:
        yield from (("contradiction", "stop", f"'{trigger}' never stops it: {why}") for trigger, why in stops.items())
    for trigger in target.fail:
        if why := _never_holds(target, trigger):
            yield "contradiction", "fail", f"'{trigger}' never fails it: {why}"
        elif trigger in target.stop:
            yield "contradiction", "fail", f"'{trigger}' stops it, and so never fails it"


def _rows(target: Target) -> Iterator[Doubt]:
    """Yield rows of a table that lie outside what the target is for."""
    for value in target.rows_left_out():
        yield "contradiction", "limit", f"its row for '{value}' is never used: `applies` leaves such orders out"


def _hours(edition: Edition, target: Target) -> Iterator[Doubt]:
    hours = target.applies.hours
    if hours is None:
        return
    name = hours.inside or hours.outside or ""
    opens, closes = _opens(edition.calendars[name]), _closes(edition.calendars[name])
    if hours.inside and not opens:
        yield "never_starts", "applies", f"it never starts inside '{name}', which never opens"
    if hours.outside and not closes:
        yield "never_starts", "applies", f"it never starts outside '{name}', which never closes"


def _opens(calendar: BusinessCalendar) -> bool:
    return calendar.rules.open_weekly or bool(calendar.rules.opening_days())


def _closes(calendar: BusinessCalendar) -> bool:
    return calendar.rules != BusinessCalendar.always(calendar.tz).rules


def _never_hits(edition: Edition, target: Target, trigger: Trigger) -> str:
    """Return why a start trigger is never hit; empty when it can be."""
    if not trigger.after:
        return _never_holds(target, trigger)
    same = [other for other in edition.version.targets if other.name == trigger.after]
    rules = [applies for other in same for applies, limit in other.limits() if limit.kind != "none"]
    if not rules:
        return f"'{trigger.after}' promises nothing, so it has no stop to wait for"
    if not any(meet(_fixed(applies), _fixed(target.applies)) for applies in rules):
        return f"no order of its has a clock of '{trigger.after}'"
    return ""


def _never_holds(target: Target, trigger: Trigger) -> str:
    """Return why no fact hits a trigger of the target; empty when one can."""
    wanted_of_order = dict(target.applies.conditions())
    for condition in trigger.conditions:
        if condition.least is not None:
            continue
        if not any(_can_be(trigger.fact, condition.field, value) for value in condition.values):
            return f"{trigger.fact} has no {condition.field} {_written(condition)}{_instead(trigger.fact, condition)}"
        wanted = wanted_of_order.get(condition.field)
        if trigger.fact == "received" and condition.field in FIXED and wanted and not set(wanted) & set(condition.values):
            return f"`applies` asks for another {condition.field} than {_written(condition)}"
    return ""


def _written(condition: Condition) -> str:
    return " or ".join(repr(value) for value in condition.values)


def _instead(fact: str, condition: Condition) -> str:
    words = [word for word in _words(BY_NAME[fact].model_fields[condition.field].annotation) if isinstance(word, str)]
    return nearest(str(condition.values[0]), words) or (f"; it has {', '.join(words)}" if words else "")


def _can_be(fact: str, field: str, value: object) -> bool:
    """Whether a field of a fact can have this value, as far as its type says."""
    annotation = BY_NAME[fact].model_fields[field].annotation
    if words := _words(annotation):
        return value in words
    plain = _plain(annotation)
    if plain in (bool, str):
        return isinstance(value, plain)
    return plain is not int or (isinstance(value, int) and not isinstance(value, bool))


def _words(annotation: Any) -> tuple[Any, ...]:
    plain = _plain(annotation)
    return get_args(plain) if get_origin(plain) is Literal else ()


def _plain(annotation: Any) -> Any:
    """Return a field's type without what is around it: `X | None` and annotations."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _plain(get_args(annotation)[0])
    if origin in (Union, UnionType):
        kept = [part for part in get_args(annotation) if part is not type(None)]
        return _plain(kept[0]) if len(kept) == 1 else None
    return annotation


def _fixed(applies: Applies) -> Applies:
    """Return the conditions that a later fact cannot make true."""
    return Applies(kind=applies.kind, channel=applies.channel, source=applies.source)


def takes_all(earlier: Applies, later: Applies) -> bool:
    """Whether every order that fits `later` fits `earlier`; hours that `later` asks for narrow it further."""
    conditions = dict(later.conditions())
    for name, wanted in earlier.conditions():
        narrower = conditions.get(name)
        if narrower is None or not all(matches(name, value, wanted) for value in narrower):
            return False
    return earlier.hours in (None, later.hours)


def meet(one: Applies, other: Applies) -> bool:
    """Whether an order can fit both, hours left aside."""
    theirs = dict(other.conditions())
    return all(
        name not in theirs
        or any(matches(name, value, wanted) or matches(name, mine, (value,)) for value in theirs[name] for mine in wanted)
        for name, wanted in one.conditions()
    )
