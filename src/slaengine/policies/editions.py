"""Putting editions together: from all that was published about a policy, what holds from which instant on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from slaengine.domain.promises import Scope
from slaengine.errors import CalendarError, PolicyError, UnknownPolicy, nearest
from slaengine.policies.calendar import BusinessCalendar
from slaengine.policies.calendar_instants import as_micros
from slaengine.policies.calendar_spec import ALWAYS, CalendarSpec, HolidayEntry
from slaengine.policies.policy import Policy, Version

EVER: Final = -(1 << 60)
"""Before any instant: from when a restated edition holds."""
CHINA: Final = "china"


@dataclass(frozen=True, slots=True)
class Layer:
    """Something published: a version of a policy, a calendar or a holiday list, in force from `effective_from` (µs) on.

    `recorded_at` (µs) is when it was published, None for what stands in a file. `policy` goes with a version.
    """

    content: Version | CalendarSpec | dict[str, HolidayEntry]
    name: str
    effective_from: int
    scope: Scope
    recorded_at: int | None = None
    policy: Policy | None = None


@dataclass(frozen=True, slots=True)
class Edition:
    """What holds from `holds_from` (µs, inclusive) until the next edition: a version's targets, and its calendars.

    `effective_from` (µs) is when the version itself, not only a calendar of it, came into force. With `repins` it takes over
    the clocks that run at `holds_from`.
    """

    holds_from: int
    effective_from: int
    policy: Policy
    version: Version
    calendars: dict[str, BusinessCalendar]
    repins: bool


def editions_of(name: str, layers: tuple[Layer, ...]) -> tuple[Edition, ...]:
    """Return the editions of a policy from what was published, in the order of publication.

    Raises:
        UnknownPolicy: no version is among it.
        PolicyError: a calendar cannot be used.
    """
    versions = _restated([layer for layer in layers if layer.policy])
    if not versions:
        raise UnknownPolicy(f"no policy '{name}' is published; `slaengine policy publish` publishes one")
    published: dict[tuple[bool, str], list[Layer]] = {}
    for layer in layers:
        if not layer.policy:
            published.setdefault((isinstance(layer.content, CalendarSpec), layer.name), []).append(layer)
    around = {key: _restated(same) for key, same in published.items()}
    everything = [*versions, *(layer for same in around.values() for layer in same)]
    repinning = {layer.effective_from for layer in everything if layer.scope == "open_clocks"}
    editions: list[Edition] = []
    for instant in sorted({layer.effective_from for layer in everything} | set(_calendar_changes(everything))):
        holding = _holding(versions, instant)
        if holding is None or holding.policy is None or not isinstance(holding.content, Version):
            continue
        calendars = {
            calendar: _calendar(holding.policy, calendar, instant, around) for calendar in _calendars_used(holding.content)
        }
        before = editions[-1] if editions else None
        if before and before.version == holding.content and before.calendars == calendars and before.policy == holding.policy:
            continue
        starts = (
            as_micros(holding.policy.instant(holding.content.effective_from))
            if holding.effective_from == EVER
            else holding.effective_from
        )
        editions.append(Edition(instant, starts, holding.policy, holding.content, calendars, instant in repinning))
    return tuple(editions)


def _restated(layers: list[Layer]) -> list[Layer]:
    """Return the layers of one thing by effective date; a restated one takes the place of all that went before it."""
    kept: list[Layer] = []
    for layer in sorted(layers, key=lambda layer: layer.effective_from):
        if layer.scope == "restate":
            kept = [Layer(layer.content, layer.name, EVER, layer.scope, layer.recorded_at, layer.policy)]
        else:
            kept = [old for old in kept if old.effective_from != layer.effective_from]
            kept.append(layer)
    return kept


def _holding(layers: list[Layer], instant: int) -> Layer | None:
    return next((layer for layer in reversed(layers) if layer.effective_from <= instant), None)


def _calendar_changes(layers: list[Layer]) -> Iterator[int]:
    """Yield the instants from which a calendar of a policy, or a holiday of it, is another or known."""
    for layer in layers:
        policy = layer.policy
        lists = list(policy.holiday_lists.values()) if policy else []
        specs = list(policy.calendars.values()) if policy else []
        if isinstance(layer.content, CalendarSpec):
            specs.append(layer.content)
        elif isinstance(layer.content, dict):
            lists.append(layer.content)
        in_zone = policy.instant if policy else _aware
        for spec in specs:
            lists.extend(part.holidays for part in spec.parts() if isinstance(part.holidays, dict))
            yield from (as_micros(in_zone(edition.effective_from)) for edition in spec.editions)
        for entries in lists:
            yield from (as_micros(in_zone(entry.known_from)) for entry in entries.values() if entry.known_from)


def _aware(moment: Any) -> Any:
    if moment.tzinfo is None:
        raise PolicyError(f"{moment.isoformat()} needs an offset, such as +08:00, outside a policy")
    return moment


def _calendars_used(version: Version) -> tuple[str, ...]:
    names = {ALWAYS: None}
    for target in version.targets:
        hours = target.applies.hours
        for name in (target.calendar, *((hours.inside, hours.outside) if hours else ())):
            if name:
                names[name] = None
    return tuple(names)


def _calendar(policy: Policy, name: str, instant: int, around: dict[tuple[bool, str], list[Layer]]) -> BusinessCalendar:
    """Return the policy's calendar of this name as it is at `instant`."""
    layer = _holding(around.get((True, name), []), instant)
    spec = layer.content if layer and isinstance(layer.content, CalendarSpec) else policy.calendars.get(name)
    if spec is None or spec.always:
        return BusinessCalendar.always((spec.tz if spec else None) or policy.time_zone)
    fields: dict[str, Any] = {"tz": policy.time_zone}
    parts = [spec, *(e for e in spec.editions if as_micros(policy.instant(e.effective_from)) <= instant)]
    for part in parts:
        fields |= {
            field: getattr(part, field)
            for field in ("tz", "weekly", "holidays", "overrides", "makeup_hours_of", "unknown_years")
            if getattr(part, field) is not None
        }
    try:
        if "holidays" in fields:
            fields["holidays"] = _holidays_at(policy, fields["holidays"], instant, around)
        return BusinessCalendar.model_validate(fields)
    except CalendarError as error:
        places = [("calendars", name, *field) for field in error.fields or ((),)]
        raise CalendarError(str(error), tuple(places)) from None


def _holidays_at(policy: Policy, holidays: Any, instant: int, around: dict[tuple[bool, str], list[Layer]]) -> Any:
    if isinstance(holidays, str):
        layer = _holding(around.get((False, holidays), []), instant)
        if layer is None and holidays == CHINA:
            return CHINA
        entries = layer.content if layer else policy.holiday_lists.get(holidays)
        if not isinstance(entries, dict):
            known = [CHINA, *policy.holiday_lists]
            raise CalendarError(f"there is no holiday list '{holidays}'{nearest(holidays, known)}", (("holidays",),))
    else:
        entries = holidays
    return {
        day: entry.name
        for day, entry in entries.items()
        if entry.known_from is None or as_micros(policy.instant(entry.known_from)) <= instant
    }
