"""Facts that should make an auditor look twice: missing, impossible, or recorded long after they are said to have occurred."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from slaengine.domain import commands as c
from slaengine.domain.decide import decide
from slaengine.domain.events import Dispatched, Fact, restored
from slaengine.domain.work_order import INITIAL, evolve
from slaengine.errors import WorkOrderError

Kind = Literal["gap", "impossible", "backdated"]

LATE_AFTER = timedelta(hours=24)
"""A fact recorded later than this after it occurred is shown, unless another bound is asked for."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_COMMANDS: dict[type[Fact], type[c.Command]] = {command.FACT: command for command in c.COMMANDS}


class Known(NamedTuple):
    """A fact of an order, with its version and when it was recorded (µs)."""

    version: int
    recorded_at: int
    fact: Fact


class Irregularity(NamedTuple):
    """One fact to look at.

    `by` is the person or system that recorded it, `team` the one the order was with; `late_s` the seconds between occurrence
    and recording of a backdated one, None for the others.
    """

    order: str
    version: int
    kind: Kind
    fact: str
    detail: str
    by: str | None = None
    team: str | None = None
    late_s: float | None = None


def irregularities(order: str, facts: Sequence[Known], late_after: timedelta = LATE_AFTER) -> Iterator[Irregularity]:
    """Yield what is irregular in one order's facts, which come in order of version.

    `impossible` is a fact that no command could have led to: it is not permitted in the status the order had at that time.
    """
    state, expected, team = INITIAL, 1, None
    for version, recorded_at, fact in facts:
        if version != expected:
            yield Irregularity(order, expected, "gap", fact.NAME, f"version {expected} is missing before version {version}")
        expected = version + 1
        if isinstance(fact, Dispatched):
            team = fact.team or fact.party
        refusal = _refusal(fact, state)
        if refusal:
            yield Irregularity(order, version, "impossible", fact.NAME, refusal, fact.by, team)
        late = EPOCH + timedelta(microseconds=recorded_at) - fact.occurred_at
        if late > late_after:
            yield Irregularity(
                order, version, "backdated", fact.NAME, f"recorded {late} after it", fact.by, team, late.total_seconds()
            )
        state = evolve(state, fact)


def _refusal(fact: Fact, state: object) -> str | None:
    kind = _COMMANDS.get(type(fact))
    if kind is None:
        return None
    command = restored(kind, {**fact.__dict__, "command_id": None})
    try:
        decide(command, state)  # type: ignore[arg-type]
    except WorkOrderError as error:
        return str(error)
    return None


def tallied(found: Iterable[Irregularity]) -> list[dict[str, object]]:
    """Return how many backdated facts each person and team has, and the longest delay in seconds, most first."""
    counts: dict[tuple[str | None, str | None], list[float]] = {}
    for item in found:
        if item.late_s is not None:
            counts.setdefault((item.by, item.team), []).append(item.late_s)
    ranked = sorted(counts.items(), key=lambda entry: (-len(entry[1]), str(entry[0])))
    return [{"by": by, "team": team, "facts": len(late), "longest_s": max(late)} for (by, team), late in ranked]
