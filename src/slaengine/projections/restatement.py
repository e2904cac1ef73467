"""Restatements: which figures are others now than when they were first known, and which orders made them so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from slaengine.policies.rows import ClockRow
from slaengine.projections.entry import Entry
from slaengine.projections.report import Report
from slaengine.projections.timeline import TimelineItem, timeline

COMPLIANCE = ("met", "missed", "running", "overdue", "waived", "cancelled", "not_measurable", "rate")
CLOSURE = ("received", "resolved", "closed", "closed_loop", "cancelled", "merged", "revisited", "reopened", "recurred")


class RestatedFigure(BaseModel):
    """One figure that changed: what was said at the time, and what is said now; None where there was, or is, no such figure."""

    model_config = ConfigDict(frozen=True)
    period: str | None
    group: dict[str, str | None]
    target: str | None
    figure: str
    then: float | None
    now: float | None


class RestatedClock(BaseModel):
    """A clock of which another verdict was known; None where there was, or is, no such clock."""

    model_config = ConfigDict(frozen=True)
    target: str
    cycle: int
    then: str | None
    now: str | None


class RestatedOrder(BaseModel):
    """An order that is counted otherwise now, its clocks that changed, and what has become known of it since."""

    model_config = ConfigDict(frozen=True)
    number: str
    clocks: list[RestatedClock]
    since: list[TimelineItem]


class Restatements(BaseModel):
    """What was so at `as_of`, as known at `known_at`, beside what is known of it now."""

    model_config = ConfigDict(frozen=True)
    as_of: datetime
    known_at: datetime
    policy: str
    figures: list[RestatedFigure]
    orders: list[RestatedOrder]


def restated_figures(then: Report, now: Report) -> list[RestatedFigure]:
    """Return the figures that differ, compliance before closure, in the order of the reports."""
    return [*_changes(then.rows, now.rows, COMPLIANCE), *_changes(then.closure, now.closure, CLOSURE)]


def _changes(then: Sequence[Any], now: Sequence[Any], figures: Sequence[str]) -> Iterator[RestatedFigure]:
    before, after = ({_key(row): row for row in rows} for rows in (then, now))
    for key in [*before, *(key for key in after if key not in before)]:
        row = before.get(key) or after[key]
        for figure in figures:
            was, is_now = (getattr(rows[key], figure) if key in rows else None for rows in (before, after))
            if was != is_now and (was or is_now):
                target = getattr(row, "target", None)
                yield RestatedFigure(period=row.period, group=row.group, target=target, figure=figure, then=was, now=is_now)


def _key(row: Any) -> tuple[Any, ...]:
    return row.period, *row.group.items(), getattr(row, "target", None)


def restated_order(then: Entry | None, now: Entry | None, as_of: int, known_at: int) -> RestatedOrder | None:
    """Return how an order is counted otherwise; None if it is not. Instants are µs UTC.

    `then` is the order as known at `known_at`, None if it was not known, `now` as it is known, None if it was received later.
    """
    entry = now or then
    if entry is None:
        return None
    before, after = _verdicts(then, as_of), _verdicts(now, as_of)
    clocks = [
        RestatedClock(target=target, cycle=cycle, then=before.get((target, cycle)), now=after.get((target, cycle)))
        for target, cycle in sorted({*before, *after})
        if before.get((target, cycle)) != after.get((target, cycle))
    ]
    if not clocks and _counted(then) == _counted(now):
        return None
    since = [moment for moment in entry.case_file.moments if moment.recorded_at > known_at]
    return RestatedOrder(number=entry.view.number, clocks=clocks, since=timeline(since))


def _verdicts(entry: Entry | None, as_of: int) -> dict[tuple[str, int], str]:
    clocks: Sequence[ClockRow] = entry.clocks if entry else ()
    return {(clock.target, clock.cycle): clock.at(as_of) for clock in clocks}


def _counted(entry: Entry | None) -> object:
    """Return what figures count of an order beside its clocks."""
    if entry is None:
        return None
    view = entry.view
    return view.status, view.reopened, view.type, view.team, view.person, view.party, entry.day, entry.revisits_open, entry.matter
