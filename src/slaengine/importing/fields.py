"""The fields that a mapping can fill, fact by fact: their names, and which are needed, personal, or times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticCustomError

from slaengine.domain.commands import COMMANDS, Command, Correct
from slaengine.domain.personal import personal_paths
from slaengine.domain.values import Evidence, Place, Reporter
from slaengine.errors import nearest

GROUPS: dict[str, type[BaseModel] | None] = {
    "place": Place,
    "reporter": Reporter,
    "evidence": Evidence,
    "labels": None,
    "given_due": None,
}
"""Fields that hold named values of their own; None where the names are free."""

NOT_FROM_A_TABLE = frozenset({"occurred_at", "command_id", "correlation_id", "causation_id"})


@dataclass(frozen=True, slots=True)
class FactFields:
    """What can be set on one fact: dotted names for values within a group, `labels.*` for names that are free."""

    names: frozenset[str]
    required: tuple[str, ...]
    personal: frozenset[str]
    lists: frozenset[str]


def _fields_of(command: type[Command]) -> FactFields:
    names: set[str] = set()
    fields = {name: field for name, field in command.model_fields.items() if name not in NOT_FROM_A_TABLE}
    lists = {name for name, field in fields.items() if str(field.annotation).startswith("tuple")}
    for name in fields:
        if name in lists and name in GROUPS:
            continue  # a list of documents has no form in one cell
        inner = GROUPS.get(name, ...)
        if inner is ...:
            names.add(name)
        else:
            names.update([f"{name}.*"] if inner is None else [f"{name}.{part}" for part in inner.model_fields])
    return FactFields(
        names=frozenset(names),
        required=tuple(name for name, field in fields.items() if field.is_required()),
        personal=frozenset(".".join(path) for path in personal_paths(command)),
        lists=frozenset(lists),
    )


FACT_FIELDS: dict[str, FactFields] = {command.FACT.NAME: _fields_of(command) for command in COMMANDS if command is not Correct}
"""Fact name → what a mapping can set on it."""


def is_time(name: str) -> bool:
    """Whether the field holds an instant, so that its text is read by the mapping's rules for times."""
    return name == "expected_at" or name.startswith("given_due.")


def flat_names(fact: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return `given` with the values within groups under dotted names: `{place: {room: x}}` → `{"place.room": x}`.

    Raises:
        PydanticCustomError: the fact has no such field.
    """
    flat: dict[str, Any] = {}
    for name, value in given.items():
        if name in GROUPS and isinstance(value, Mapping):
            flat |= {f"{name}.{inner}": within for inner, within in value.items()}
        else:
            flat[name] = value
    known = FACT_FIELDS[fact].names
    for name in flat:
        if name not in known and f"{name.split('.')[0]}.*" not in known:
            raise PydanticCustomError(
                "unknown_word",
                "'{key}' is not a field of {fact}{hint}",
                {
                    "key": name,
                    "within": "set",
                    "fact": fact,
                    "hint": nearest(name, known) or f"; it has {', '.join(sorted(known))}",
                },
            )
    return flat
