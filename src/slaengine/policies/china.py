"""The holidays of mainland China with their make-up working days, as the State Council announces them for each year."""

from __future__ import annotations

from datetime import date
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple

from chinese_calendar import constants

_CHINESE: Final[dict[str, str]] = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "Mid-autumn Festival": "中秋节",
    "National Day": "国庆节",
    "Anti-Fascist 70th Day": "抗战胜利日",
}


class StateCouncilDays(NamedTuple):
    """Days off and make-up working days by name of the holiday; known for the dates `[known_from, known_until)`.

    `holidays` are all days off of a holiday, the weekend days within it and days in lieu too. `makeup_days` are the
    Saturdays and Sundays that are worked in exchange.
    """

    holidays: MappingProxyType[date, str]
    makeup_days: MappingProxyType[date, str]
    known_from: date
    known_until: date


@cache
def state_council_days() -> StateCouncilDays:
    """Return what the installed `chinesecalendar` library knows; it is updated once a year, in November."""
    years = {day.year for day in constants.holidays}
    return StateCouncilDays(
        MappingProxyType({day: _named(name) for day, name in constants.holidays.items()}),
        MappingProxyType({day: _named(name) for day, name in constants.workdays.items()}),
        date(min(years), 1, 1),
        date(max(years) + 1, 1, 1),
    )


def _named(name: str) -> str:
    chinese = _CHINESE.get(name)
    return f"{chinese} {name}" if chinese else name
