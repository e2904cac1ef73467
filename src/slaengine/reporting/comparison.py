"""A comparison on the terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from slaengine.projections.comparison import COUNTS, Comparison
from slaengine.reporting.words import percent

HEADINGS = {"ontime": "they: on time", "overdue": "they: overdue", "unknown": "they: unknown", "closed_by_target": "we: met"}


def comparison_table(found: Comparison) -> RenderableType:
    """Return the comparison as tables, with a sentence that says what came out."""
    parts: list[RenderableType] = [_verdicts(found), _sentence(found)]
    if found.due:
        parts.append(_due(found))
    return Group(*parts)


def _verdicts(found: Comparison) -> Table:
    by = list(found.rows[0].group) if found.rows else []
    period = bool(found.rows) and found.rows[0].period is not None
    table = Table(title=f"Verdicts on '{found.target}', ours beside the source's", title_justify="left")
    for name in [*(["period"] if period else []), *by]:
        table.add_column(name, overflow="fold")
    for name in COUNTS:
        table.add_column(HEADINGS.get(name, name.replace("_", " ")), justify="right")
    table.add_column("median h to close", justify="right")
    for row in found.rows:
        key = [*([row.period or ""] if period else []), *(value or "(not known)" for value in row.group.values())]
        hours = "–" if row.median_hours_to_close is None else f"{row.median_hours_to_close:,.4f}"
        table.add_row(*key, *(f"{getattr(row, name):,}" for name in COUNTS), hours)
    return table


def _sentence(found: Comparison) -> Text:
    agree, differ = (sum(getattr(row, name) for row in found.rows) for name in ("agree", "differ"))
    if not agree + differ:
        return Text(f"The source states no verdict on '{found.target}'.")
    share = percent(agree / (agree + differ))
    said = f"{agree:,} of {agree + differ:,} verdicts agree ({share})."
    return Text(said + (f" These differ: {_numbers(found.differing)}" if differ else ""), style="bold")


def _numbers(numbers: Sequence[str]) -> str:
    return ", ".join(numbers)


def _due(found: Comparison) -> Table:
    table = Table(title=f"Due times of '{found.target}' beside those of '{found.against}'", title_justify="left")
    table.add_column("apart")
    table.add_column("orders", justify="right")
    table.add_column("share", justify="right")
    table.add_column("for example")
    for row in found.due:
        table.add_row(row.cause, f"{row.orders:,}", percent(row.share), _numbers(row.examples))
    return table
