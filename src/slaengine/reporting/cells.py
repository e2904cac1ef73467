"""One value of a table with what it is: so that the same table reads well on a page and holds numbers in a workbook."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from slaengine.reporting.words import WORDS, Lang, duration, percent

Kind = Literal["text", "count", "number", "share", "length", "band"]


class Cell(NamedTuple):
    """A value: words, a count, a number, a share of 1, a length in seconds, or the name of a band; None where there is none."""

    value: Any
    kind: Kind = "text"


def text_of(cell: Cell, lang: Lang) -> str:
    """Return a value as people read it; nothing for None, but for figures that could not be made: `–`."""
    value = cell.value
    match cell.kind:
        case "band":
            return WORDS[lang][value] if value else ""
        case "share":
            return percent(value)
        case "length":
            return duration(value)
        case "count":
            return "" if value is None else f"{value:,.0f}"
        case "number":
            return "–" if value is None else f"{value:,.1f}"
        case _:
            return "" if value is None else str(value)
