"""What is doubtful about a policy's versions as a whole: their order, their figures, the holidays they reckon with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise

from slaengine.policies.calendar_spec import CalendarSpec
from slaengine.policies.findings import FindingKind, Place, Weight
from slaengine.policies.kpi import Kpi
from slaengine.policies.policy import Policy, Version

Doubt = tuple[FindingKind, Weight, Place, str]
"""What it is called, its weight, the path of the field in a file that lists its versions, and the sentence."""


def doubts(policy: Policy) -> Iterator[Doubt]:
    """Yield what is doubtful."""
    yield from _order(policy)
    for n, version in enumerate(policy.versions):
        for k, kpi in enumerate(version.kpis):
            yield from _kpi(kpi, ("versions", n, "kpis", k))
        if "waivers" in version.model_fields_set and not version.waivers.reasons:
            yield "no_waiver", "note", ("versions", n, "waivers"), "waivers: without reasons no breach can be excused"
    yield from _holidays(policy)


def _order(policy: Policy) -> Iterator[Doubt]:
    for n, (earlier, later) in enumerate(pairwise(policy.versions), 1):
        place = ("versions", n, "effective_from")
        starts, before = _starts(policy, later), _starts(policy, earlier)
        if starts < before:
            yield (
                "version_order",
                "warning",
                place,
                f"version {later.version} comes into force before version {earlier.version} above it",
            )
        elif starts == before:
            yield (
                "version_order",
                "warning",
                place,
                f"version {later.version} comes into force with version {earlier.version}, which never holds",
            )


def _kpi(kpi: Kpi, place: tuple[str | int, ...]) -> Iterator[Doubt]:
    if kpi.goals and kpi.bands is None:
        yield (
            "no_bands",
            "note",
            (*place, "goals"),
            f"kpi '{kpi.name}': without bands it is green with its goal reached and red without",
        )
    if kpi.bands is None or not kpi.goals:
        return
    better = kpi.bands.green - kpi.bands.amber
    if (better > 0) if kpi.goals[-1].at_most is not None else (better < 0):
        yield "hidden_band", "warning", (*place, "bands"), f"kpi '{kpi.name}': amber begins beyond green and never shows"


def _holidays(policy: Policy) -> Iterator[Doubt]:
    """Yield the lists of holidays that end before the last version comes into force."""
    last = max(policy.versions, key=lambda version: _starts(policy, version))
    begins = last.effective_from.date().isoformat()
    for name, spec in policy.calendars.items():
        for place, dates in _lists(name, spec, policy):
            if dates and max(dates) < begins:
                said = f"its holidays end on {max(dates)}, before version {last.version} comes into force"
                yield "holidays_end", "warning", place, f"calendar '{name}': {said}"


def _lists(name: str, spec: CalendarSpec, policy: Policy) -> Iterator[tuple[tuple[str | int, ...], list[str]]]:
    """Yield the holidays that a calendar has in the end, with the place they stand at."""
    parts = [part.holidays for part in spec.parts() if part.holidays is not None]
    match parts[-1:]:
        case [str(listed)] if listed in policy.holiday_lists:
            yield ("holiday_lists", listed), list(policy.holiday_lists[listed])
        case [dict() as own]:
            yield ("calendars", name, "holidays"), list(own)


def _starts(policy: Policy, version: Version) -> datetime:
    return policy.instant(version.effective_from)
