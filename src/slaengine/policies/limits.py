"""How long a promise allows: the forms of a limit, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from typing import Any, Literal

SECOND = 1_000_000
"""A second in µs, the unit of every duration here."""
UNITS: dict[str, int] = {"s": SECOND, "min": 60 * SECOND, "h": 3600 * SECOND, "d": 86_400 * SECOND}
DAY = UNITS["d"]

LimitKind = Literal["open_time", "working_days", "calendar_days", "given", "every", "by", "none"]
FORMS = (
    "'15 min', '8 h', '3 wd', '30 cd', 'given', 'given:NAME', 'none', {every: 1 h}, {by: '17:00', first: next_day} or {table: …}"
)

LIMIT_SCHEMA: dict[str, Any] = {
    "description": FORMS,
    "anyOf": [
        {"type": "string", "pattern": r"^\d+\s*(s|min|h|d|wd|cd)$|^given(:.+)?$|^none$"},
        {"type": "object", "properties": {"every": {"type": "string"}}, "required": ["every"], "additionalProperties": False},
        {
            "type": "object",
            "properties": {"by": {"type": "string"}, "first": {"enum": ["same_day", "next_day"]}},
            "required": ["by"],
            "additionalProperties": False,
        },
        {
            "type": "object",
            "properties": {
                "table": {
                    "type": "object",
                    "properties": {"by": {"type": "string"}, "rows": {"type": "object"}},
                    "required": ["by", "rows"],
                    "additionalProperties": False,
                }
            },
            "required": ["table"],
            "additionalProperties": False,
        },
    ],
}
"""The forms as JSON Schema, for editors."""

_AMOUNT = re.compile(r"^(\d+)\s*(s|min|h|d|wd|cd)$")
_TIME = re.compile(r"^([01]?\d|2[0-4]):([0-5]\d)(?::([0-5]\d))?$")


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit.

    `amount` by kind: `open_time` and `every`, µs of open time in the target's calendar; `working_days` and
    `calendar_days`, days; `by`, µs after midnight; 0 for `given` and `none`. `name` is which given due time is meant.
    `text` is how the policy wrote it. `unit` is the unit it was written in. `first` says whether the first daily deadline
    may fall on the day of the start.
    """

    kind: LimitKind
    amount: int
    text: str
    name: str = "due"
    unit: str = ""
    first: Literal["same_day", "next_day"] = "same_day"


@dataclass(frozen=True, slots=True)
class Table:
    """Limits by the value of one dimension: each row makes a rule of its own, in this order."""

    by: str
    rows: tuple[tuple[str, Limit], ...]


def limit_of(value: Any) -> Limit | Table:
    """Return the limit that a policy's YAML value means.

    Raises:
        ValueError: it means none; the text says which forms there are.
    """
    match value:
        case Limit() | Table():
            return value
        case str():
            return _from_text(value)
        case {"every": str(span), **rest} if not rest:
            inner = _from_text(span)
            if inner.kind != "open_time" or not inner.amount:
                raise ValueError(f"every: '{span}' is not a span of time; write {{every: 1 h}}")
            return Limit("every", inner.amount, f"every {inner.text}", unit=inner.unit)
        case {"by": str(wall), "first": ("same_day" | "next_day") as first, **rest} if not rest:
            return Limit("by", _wall_time(wall), f"by {wall}", first=first)
        case {"by": str(wall), **rest} if not rest:
            return Limit("by", _wall_time(wall), f"by {wall}")
        case {"table": Mapping() as table, **rest} if not rest:
            return _table(table)
        case _:
            raise ValueError(f"{value!r} is not a limit; write {FORMS}")


def _from_text(text: str) -> Limit:
    words = text.strip()
    if words == "none":
        return Limit("none", 0, words)
    if words == "given" or words.startswith("given:"):
        name = words.partition(":")[2].strip() or "due"
        return Limit("given", 0, words, name=name)
    found = _AMOUNT.match(words)
    if not found:
        raise ValueError(f"'{text}' is not a limit; write {FORMS}")
    amount, unit = int(found[1]), found[2]
    if unit == "wd":
        return Limit("working_days", amount, words, unit=unit)
    if unit == "cd":
        return Limit("calendar_days", amount, words, unit=unit)
    return Limit("open_time", amount * UNITS[unit], words, unit=unit)


def _wall_time(text: str) -> int:
    found = _TIME.match(text)
    if not found or (found[1] == "24" and text.strip("24:0")):
        raise ValueError(f"by: '{text}' is not a time of day; write {{by: '17:00'}}")
    hours, minutes, seconds = int(found[1]), int(found[2]), int(found[3] or 0)
    if hours == 24:
        return DAY
    wall = time(hours, minutes, seconds)
    return ((wall.hour * 60 + wall.minute) * 60 + wall.second) * SECOND


def _table(table: Mapping[str, Any]) -> Table:
    unknown = set(table) - {"by", "rows"}
    rows = table.get("rows")
    if unknown or not isinstance(table.get("by"), str) or not isinstance(rows, Mapping) or not rows:
        raise ValueError("a table is written {by: type, rows: {facility.lift: 4 h, …}}")
    limits = []
    for value, limit in rows.items():
        row = limit_of(limit)
        if isinstance(row, Table):
            raise ValueError(f"row '{value}' holds a table; a table's rows are plain limits")  # noqa: TRY004 - shown by pydantic
        limits.append((str(value), row))
    return Table(table["by"], tuple(limits))
