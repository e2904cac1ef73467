"""What makes a clock start, stop or beat: a fact, with conditions on its fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from slaengine.domain.events import BY_NAME
from slaengine.domain.values import PersonalData
from slaengine.errors import nearest

JsonScalar = str | int | float | bool

_ONE_TRIGGER: dict[str, Any] = {
    "anyOf": [
        {"enum": list(BY_NAME)},
        {"type": "object", "properties": {"fact": {"enum": list(BY_NAME)}}, "required": ["fact"]},
        {"type": "object", "properties": {"after": {"type": "string"}}, "required": ["after"], "additionalProperties": False},
    ]
}
TRIGGER_SCHEMA: dict[str, Any] = {
    "description": "a fact, {fact: NAME, FIELD: value}, {after: TARGET}, or a list of these",
    "anyOf": [*_ONE_TRIGGER["anyOf"], {"type": "array", "items": _ONE_TRIGGER, "minItems": 1}],
}
"""The forms of a trigger as JSON Schema, for editors."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A field must have one of `values`; for a list field, one of its items must. `least` asks for so many items."""

    field: str
    values: tuple[JsonScalar, ...] = ()
    least: int | None = None

    def holds(self, fields: Mapping[str, Any]) -> bool:
        """Whether a fact with these fields fulfils the condition; a field that is not known fulfils none."""
        value = fields.get(self.field)
        if self.least is not None:
            return value is not None and len(value) >= self.least
        if isinstance(value, list | tuple):
            return any(item in self.values for item in value)
        return value is not None and value in self.values


@dataclass(frozen=True, slots=True)
class Trigger:
    """A fact of this name that fulfils every condition; or, with `after`, the stop of that other target's clock."""

    fact: str = ""
    conditions: tuple[Condition, ...] = ()
    after: str = ""

    def hit_by(self, name: str, fields: Mapping[str, Any]) -> bool:
        """Whether a fact of this name with these fields is one that the trigger waits for."""
        return name == self.fact and all(condition.holds(fields) for condition in self.conditions)

    def __str__(self) -> str:
        if self.after:
            return f"stop of {self.after}"
        return " ".join([self.fact, *(_in_words(condition) for condition in self.conditions)])


def _in_words(condition: Condition) -> str:
    if condition.least is not None:
        return f"({condition.field} at least {condition.least})"
    return f"({condition.field} {' or '.join(str(v) for v in condition.values)})"


def triggers_of(value: Any) -> tuple[Trigger, ...]:
    """Return the triggers that a policy's YAML value means: one, or a list of which any counts.

    Raises:
        ValueError: it names no fact, or a field the fact has not.
    """
    items = value if isinstance(value, list | tuple) else [value]
    if not items:
        raise ValueError("names no fact; write the fact that counts, such as resolved")
    return tuple(_trigger(item) for item in items)


def _trigger(value: Any) -> Trigger:
    match value:
        case Trigger():
            return value
        case str():
            return Trigger(_known(value))
        case {"after": str(target), **rest} if not rest:
            return Trigger(after=target)
        case {"fact": str(name), **conditions}:
            return Trigger(_known(name), tuple(_condition(name, str(key), wanted) for key, wanted in conditions.items()))
        case _:
            raise ValueError(
                f"{value!r} is not a trigger; write a fact such as resolved, or {{fact: revisited, method: telephone}}"
            )


def _known(name: str) -> str:
    if name not in BY_NAME:
        raise ValueError(f"'{name}' is not a fact{nearest(name, BY_NAME)}")
    return name


@cache
def condition_fields(name: str) -> dict[str, bool]:
    """Return the fields of a fact that conditions may look at, and whether each is a list; personal fields are not among them."""
    found = {}
    for field, info in BY_NAME[name].model_fields.items():
        text = repr(info.annotation) + repr(info.metadata)
        if field not in ("occurred_at", "correlation_id", "causation_id") and repr(PersonalData()) not in text:
            found[field] = "tuple[" in text
    return found


def _condition(name: str, key: str, wanted: Any) -> Condition:
    fields = condition_fields(name)
    counted = key.removesuffix("_min")
    if key not in fields and counted != key and fields.get(counted):
        if not isinstance(wanted, int) or isinstance(wanted, bool) or wanted < 1:
            raise ValueError(f"{key}: {wanted!r} is not a number of items, such as 3")
        return Condition(counted, least=wanted)
    if key not in fields:
        raise ValueError(f"'{name}' has no field '{key}'{nearest(key, fields) or '; it has ' + ', '.join(sorted(fields))}")
    return Condition(key, tuple(_scalars(key, wanted)))


def _scalars(key: str, wanted: Any) -> Iterator[JsonScalar]:
    for value in wanted if isinstance(wanted, list | tuple) else [wanted]:
        if not isinstance(value, str | int | float | bool):
            raise ValueError(f"{key}: {value!r} is not a word or number")  # noqa: TRY004 - shown by pydantic
        yield value
