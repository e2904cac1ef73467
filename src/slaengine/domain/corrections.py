"""Corrections: a fact stays as it was recorded, and is judged as if the corrected field had always been right."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from slaengine.domain.events import Corrected, Fact
from slaengine.domain.personal import personal_paths
from slaengine.errors import InvalidCommand

FIXED = {"number": "is the name the order is known by", "correlation_id": "is technical", "causation_id": "is technical"}
"""Fields that no correction may change, and why."""


def corrected(fact: Fact, correction: Corrected) -> Fact:
    """Return `fact` as if the corrected field had always had the right value.

    Raises:
        InvalidCommand: the fact has no such field, the value does not fit it, or the field is one that stays.
    """
    field = correction.field
    name, *path = field.split(".")
    if isinstance(fact, Corrected):
        raise _refused("version", f"{correction.version} is a correction itself; correct the first fact again")
    if field in FIXED:
        raise _refused("field", f"'{field}' {FIXED[field]} and stays; cancel the order and receive it anew")
    if name not in type(fact).model_fields:
        known = ", ".join(sorted(type(fact).model_fields.keys() - FIXED.keys()))
        raise _refused("field", f"'{field}' is not a field of {fact.NAME}; it has {known}")
    shape = _with(fact.model_dump(mode="json", exclude_none=True), [name, *path], _value_for(type(fact), correction))
    try:
        right = type(fact).model_validate(shape)
    except ValidationError as error:
        wanted = error.errors(include_url=False, include_context=False, include_input=False)[0]["msg"]
        raise _refused("value", f"does not fit {fact.NAME}.{field}; {wanted[:1].lower()}{wanted[1:]}") from None
    if right.occurred_at > max(fact.occurred_at, correction.occurred_at):
        raise _refused("value", f"puts {fact.NAME} after its own correction; what has not happened cannot be recorded")
    return right


def _value_for(model: type[Fact], correction: Corrected) -> Any:
    """Return what the correction puts into the field: `text` where that is personal, `value` elsewhere."""
    place = tuple(correction.field.split("."))
    personal = personal_paths(model)
    if place in personal:
        if correction.value is not None:
            raise _refused("value", f"would show personal data; give what '{correction.field}' should be as text")
        return correction.text
    if any(path[: len(place)] == place for path in personal):
        raise _refused("field", f"'{correction.field}' holds personal fields; correct one field within at a time")
    if correction.text is not None:
        raise _refused("text", f"is for personal fields only; give what '{correction.field}' should be as value")
    return correction.value


def _with(shape: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    """Return `shape` with `value` at `path`; objects on the way are made where they are missing."""
    name, *rest = path
    inner = shape.get(name)
    return {**shape, name: _with(inner if isinstance(inner, dict) else {}, rest, value) if rest else value}


def _refused(field: str, problem: str) -> InvalidCommand:
    return InvalidCommand("correct", field, problem)
