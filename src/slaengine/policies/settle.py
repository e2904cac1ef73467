"""An order's facts as they are held to have happened: corrected, as far as they are known, in order of occurrence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from slaengine.policies.calendar_instants import as_micros
from slaengine.policies.moment import PASSED_OVER, Moment


def settled(moments: Iterable[Moment], as_of: int | None = None, known_at: int | None = None) -> list[Moment]:
    """Return the moments by which an order is judged, µs bounds inclusive, None for no bound.

    Left out is what was recorded after `known_at`, and what was passed over. Corrections among the rest are applied: what
    they say has always been so, whatever `as_of` is. Left out then is what occurred after `as_of`. The rest stands in order of
    occurrence, ties in the order recorded, and the received one first, since it begins the order; without it there is no
    order: nothing.
    """
    known = [moment for moment in moments if (known_at is None or moment.recorded_at <= known_at) and moment.name != PASSED_OVER]
    if any(moment.name == "corrected" for moment in known):
        known = corrected(known)
    if as_of is not None:
        known = [moment for moment in known if moment.occurred_at <= as_of]
    known.sort(key=_place)
    return known if known and known[0].name == "received" else []


def _place(moment: Moment) -> tuple[bool, int, int]:
    return (moment.name != "received", moment.occurred_at, moment.version)


def corrected(moments: list[Moment]) -> list[Moment]:
    """Return the moments with every correction applied, those of corrections first; the last recorded of several wins."""
    by_version = {moment.version: moment for moment in moments}
    corrections = sorted(moment.version for moment in moments if moment.name == "corrected")
    for version in reversed(corrections) if len(corrections) > 1 else ():
        target = by_version.get(by_version[version].fields["version"])
        if target is not None and target.name == "corrected" and not _corrected_later(by_version, corrections, version):
            by_version[target.version] = _mended(target, by_version[version])
    for version in corrections:
        target = by_version.get(by_version[version].fields["version"])
        if target is not None and target.name != "corrected":
            by_version[target.version] = _mended(target, by_version[version])
    return [by_version[moment.version] for moment in moments]


def moved_to(said: Mapping[str, Any]) -> int:
    """Return the instant, µs, at which a correction of `occurred_at` says that its fact happened."""
    return as_micros(datetime.fromisoformat(said["value"]))


def _corrected_later(by_version: dict[int, Moment], corrections: list[int], version: int) -> bool:
    """Whether a later correction speaks of the same field of the same fact."""
    fields = by_version[version].fields
    same = (fields["version"], fields["field"])
    return any(
        later > version and (by_version[later].fields["version"], by_version[later].fields["field"]) == same
        for later in corrections
    )


def _mended(moment: Moment, correction: Moment) -> Moment:
    field: str = correction.fields["field"]
    value: Any = correction.fields.get("value")
    if field == "occurred_at":
        return Moment(moment.name, moved_to(correction.fields), moment.recorded_at, moment.version, moment.fields)
    return Moment(
        moment.name, moment.occurred_at, moment.recorded_at, moment.version, _with(moment.fields, field.split("."), value)
    )


def _with(fields: Any, path: list[str], value: Any) -> dict[str, Any]:
    changed = dict(fields) if isinstance(fields, dict) else {}
    name, *rest = path
    if rest:
        changed[name] = _with(changed.get(name), rest, value)
    elif value is None:
        changed.pop(name, None)
    else:
        changed[name] = value
    return changed
