"""Walking orders through the rows of a shipped pack: what a row says, what happens, and until when it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from slaengine import SlaEngine
from slaengine.domain.commands import BY_NAME
from slaengine.engine.orders import OrderRef
from slaengine.policies.book import PolicyBook
from slaengine.policies.clock import ClockRow
from slaengine.policies.kpi import Kpi
from slaengine.projections.case_file import micros

MONDAY = "2026-01-05T09:00"
"""When orders are received unless a walk says otherwise: a working Monday after the make-up Sunday of New Year."""
LATE = timedelta(seconds=1)
TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Step:
    """A command at a local time of the pack's zone."""

    verb: str
    at: str
    fields: dict[str, Any] = field(default_factory=dict)


def then(verb: str, at: str, **fields: Any) -> Step:
    """The step that sends `verb` at the local time `at`."""
    return Step(verb, at, fields)


@dataclass(frozen=True)
class Walk:
    """An order that goes through one row of a pack.

    It is received at `received` with the fields of `order`, classified there with those of `matter`, and `steps` follow. The
    clock of `target` is then due at `due`, and `last` (a verb and its fields, sent at or just after `due`) keeps or misses it.
    """

    row: str
    target: str
    order: dict[str, Any]
    last: tuple[str, dict[str, Any]]
    due: str
    matter: dict[str, Any] | None = None
    steps: tuple[Step, ...] = ()
    received: str = MONDAY

    def __str__(self) -> str:
        return f"{self.row} [{(self.matter or {}).get('type', self.order['kind'])}]"


@dataclass(frozen=True)
class Figure:
    """What a pack's KPI for a row must be: `goals` are values by the date from which they hold, "" from the beginning."""

    row: str
    name: str
    measure: str
    goals: dict[str, float] = field(default_factory=dict)
    at_most: bool = False
    bands: tuple[float, float] | None = None
    period: str = "month"
    asks: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.row


@contextmanager
def walking(pack: str) -> Iterator[SlaEngine]:
    """An empty engine under the pack's policy."""
    with SlaEngine.open("memory:", policy=pack) as engine:
        yield engine


def local(engine: SlaEngine, text: str) -> datetime:
    """The instant at which a wall clock of the pack's zone shows `text`."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(engine.book().time_zone))


def go(engine: SlaEngine, order: dict[str, Any], *steps: Step, received: str = MONDAY) -> OrderRef:
    """An order that was received and went through the steps; each of them was recorded."""
    ref = engine.receive(occurred_at=local(engine, received), **order)
    commands = [BY_NAME[step.verb](occurred_at=local(engine, step.at), **step.fields) for step in steps]
    (outcome,) = engine.handle_many([(ref, commands)])
    assert outcome.refusal is None, outcome.refusal
    assert len(outcome.facts) == len(steps)
    return ref


def clock(engine: SlaEngine, order: OrderRef, target: str, *, as_of: datetime | None = None, cycle: int = 1) -> ClockRow:
    """The one clock of a target."""
    (row,) = [row for row in engine.clocks(order, as_of=as_of) if (row.target, row.cycle) == (target, cycle)]
    return row


def targets(engine: SlaEngine, order: OrderRef) -> dict[str, str]:
    """The verdict of every target that has a clock, of its latest cycle."""
    return {row.target: row.verdict for row in engine.clocks(order)}


def row_of(book: PolicyBook, row: ClockRow) -> str | None:
    """The text of the pack's row by which a clock was judged."""
    (version,) = {id(e.version): e.version for e in book.editions if e.version.version == row.edition}.values()
    return version.targets[row.rule].row


def keeps_to_the_second(engine: SlaEngine, walk: Walk) -> None:
    """See that the walk's row is kept at the last moment, overdue a moment later, and missed a second later."""
    due = local(engine, walk.due)
    classified = [then("classify", walk.received, **walk.matter)] if walk.matter else []
    verb, fields = walk.last
    for stopped, verdict in ((due, "met"), (due + LATE, "missed")):
        last = then(verb, stopped.replace(tzinfo=None).isoformat(), **fields)
        order = go(engine, walk.order, *classified, *walk.steps, last, received=walk.received)
        judged = clock(engine, order, walk.target)
        assert (row_of(engine.book(), judged), judged.verdict) == (walk.row, verdict)
        running = clock(engine, order, walk.target, as_of=due - TICK)
        assert (running.due, running.verdict) == (micros(due), "running")
    assert clock(engine, order, walk.target, as_of=due + TICK).verdict in ("overdue", "missed")


def figure_is(kpi: Kpi, figure: Figure) -> None:
    """See that the KPI measures what the row asks, with its goals and bands."""
    goals = {str(goal.effective_from or ""): goal.at_most if figure.at_most else goal.at_least for goal in kpi.goals}
    bands = kpi.bands and (kpi.bands.green, kpi.bands.amber)
    assert (kpi.name, kpi.measure, goals, bands, kpi.period) == (
        figure.name,
        figure.measure,
        figure.goals,
        figure.bands,
        figure.period,
    )
    assert {name: getattr(kpi, name) for name in figure.asks} == figure.asks
    assert kpi.title.en
    assert kpi.title.zh
