"""Calendars and holiday lists as the policy file writes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from slaengine.policies.words import Part

ALWAYS = "always"
"""The calendar that is open at every instant; every policy has it."""


class HolidayEntry(Part):
    """One holiday. `known_from` is when it was announced: clocks that started before do not know of it."""

    name: str = "holiday"
    known_from: datetime | None = None


def _holidays(value: Any) -> Any:
    match value:
        case list() | tuple():
            return {day: {} for day in value}
        case Mapping():
            return {day: entry if isinstance(entry, Mapping) else {"name": entry} for day, entry in value.items()}
        case _:
            return value


HolidayList = Annotated[
    dict[str, HolidayEntry],
    BeforeValidator(_holidays),
    WithJsonSchema(
        {
            "description": "dates; or dates with their names, or with name and known_from",
            "anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "object"}],
        }
    ),
]


class CalendarEdition(Part):
    """A calendar as it is from an instant on: what is not written stays as it was."""

    effective_from: datetime
    tz: str | None = None
    weekly: dict[str, Any] | None = None
    holidays: str | HolidayList | None = None
    overrides: dict[str, Any] | None = None
    makeup_hours_of: str | None = None
    unknown_years: str | None = None


class CalendarSpec(Part):
    """A calendar of the policy: the fields of a business calendar, in the policy's time zone unless it says another.

    `holidays` is a list of dates, a mapping of dates to names, the name of one of the policy's `holiday_lists`, or `china`.
    """

    always: bool = False
    tz: str | None = None
    weekly: dict[str, Any] | None = None
    holidays: Annotated[str | HolidayList | None, Field(union_mode="left_to_right")] = None
    overrides: dict[str, Any] | None = None
    makeup_hours_of: str | None = None
    unknown_years: str | None = None
    editions: tuple[CalendarEdition, ...] = ()

    def parts(self) -> tuple[CalendarSpec | CalendarEdition, ...]:
        """Return the calendar as first written, and its later editions."""
        return (self, *self.editions)
