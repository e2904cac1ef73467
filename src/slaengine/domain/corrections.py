"""Corrections: a fact stays as it was recorded, and is judged as if the corrected field had always been right."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from slaengine.domain.events import Corrected, Fact
from slaengine.domain.values import PersonalData
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
    except ValueError as error:
        raise _refused("value", f"does not fit {fact.NAME}.{field}") from error
    if right.occurred_at > max(fact.occurred_at, correction.occurred_at):
        raise _refused("value", f"puts {fact.NAME} after its own correction; what has not happened cannot be recorded")
    return right


def _value_for(model: type[BaseModel], correction: Corrected) -> Any:
    """Return what the correction puts into the field: `text` where that is personal, `value` elsewhere."""
    kind = _personal_at(model, correction.field.split("."))
    if kind == "holds":
        raise _refused("field", f"'{correction.field}' holds personal fields; correct one of them at a time")
    if kind == "is" and correction.value is not None:
        raise _refused("value", f"would show personal data; give what '{correction.field}' should be as text")
    if kind == "no" and correction.text is not None:
        raise _refused("text", f"is for personal fields only; give what '{correction.field}' should be as value")
    return correction.text if kind == "is" else correction.value


def _personal_at(model: type[BaseModel], path: list[str]) -> str:
    """Say whether the field at `path` `is` personal, `holds` personal fields within, or has `no` such data."""
    field = model.model_fields.get(path[0])
    if field is None:
        return "no"
    if any(isinstance(mark, PersonalData) for mark in _marks(field.metadata, field.annotation)):
        return "is"
    inner = next(iter(_models_in(field.annotation)), None)
    if inner is None:
        return "no"
    if len(path) > 1:
        return _personal_at(inner, path[1:])
    return "holds" if any(_personal_at(inner, [name]) != "no" for name in inner.model_fields) else "no"


def _marks(metadata: list[Any], annotation: Any) -> list[Any]:
    parts = getattr(annotation, "__args__", ())
    return [*metadata, *(mark for part in parts for mark in getattr(part, "__metadata__", ()))]


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in getattr(annotation, "__args__", ()) for model in _models_in(part)]


def _with(shape: dict[str, Any], path: list[str], value: Any) -> dict[str, Any]:
    """Return `shape` with `value` at `path`; objects on the way are made where they are missing."""
    name, *rest = path
    inner = shape.get(name)
    return {**shape, name: _with(inner if isinstance(inner, dict) else {}, rest, value) if rest else value}


def _refused(field: str, problem: str) -> InvalidCommand:
    return InvalidCommand("correct", field, problem)
