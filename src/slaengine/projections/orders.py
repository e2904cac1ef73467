"""One order in a list: how it stands and how its clocks do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from slaengine.errors import UsageError, nearest
from slaengine.policies.rows import ClockRow
from slaengine.projections.case_file import EPOCH
from slaengine.projections.columns import STATUSES, VERDICTS
from slaengine.projections.entry import Entry
from slaengine.projections.groups import DIMENSIONS, check_dimensions, said_by


class ClockItem(BaseModel):
    """One clock. Instants are UTC; `due_at` is None while it is paused, `stopped_at` while it runs.

    Lengths are seconds of the target's own calendar; `elapsed_s` is None only for a clock not read at an instant.
    """

    model_config = ConfigDict(frozen=True)
    target: str
    promise: str
    cycle: int
    verdict: str
    raw_verdict: str
    policy: str
    edition: str
    limit: str
    calendar: str
    started_at: datetime
    due_at: datetime | None
    stopped_at: datetime | None
    paused_since: datetime | None
    limit_s: float
    elapsed_s: float | None
    paused_s: float


class OrderItem(BaseModel):
    """One order with its clocks. Dimensions that are not known are None."""

    model_config = ConfigDict(frozen=True)
    id: UUID
    number: str
    kind: str
    status: str
    type: str | None
    severity: str | None
    channel: str | None
    community: str | None
    building: str | None
    team: str | None
    person: str | None
    party: str | None
    received_by: str | None
    cause: str | None
    received_at: datetime
    resolved_at: datetime | None
    closed_at: datetime | None
    reopened: int
    clocks: list[ClockItem]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which orders a list is to hold: those that fit all of it; empty means any. `verdicts` and `targets` fit one clock."""

    statuses: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    verdicts: tuple[str, ...] = ()
    where: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        *,
        statuses: Sequence[str] = (),
        targets: Sequence[str] = (),
        verdicts: Sequence[str] = (),
        where: Mapping[str, str] | None = None,
    ) -> Wanted:
        """Return the wish; `where` gives a dimension the value it must have.

        Raises:
            UsageError: there is no such status, verdict or dimension.
        """
        _check(statuses, STATUSES, "status")
        _check(verdicts, (*VERDICTS, NOT_MEASURABLE), "verdict")
        check_dimensions(list(where or {}))
        return cls(tuple(statuses), tuple(targets), tuple(verdicts), dict(where or {}))

    def fits(self, entry: Entry) -> bool:
        """Whether the entry's order is one of those wanted."""
        if self.statuses and entry.view.status not in self.statuses:
            return False
        if any(said_by(entry.view, name) != value for name, value in self.where.items()):
            return False
        return self._fits_clock(entry)

    def _fits_clock(self, entry: Entry) -> bool:
        if not self.targets and not self.verdicts:
            return True
        if NOT_MEASURABLE in self.verdicts and any(target not in entry.covered for target in self.targets):
            return True
        return any(
            (not self.targets or clock.target in self.targets) and (not self.verdicts or clock.verdict in self.verdicts)
            for clock in entry.clocks
        )


NOT_MEASURABLE = "not_measurable"


def _check(given: Sequence[str], known: Sequence[str], what: str) -> None:
    for word in given:
        if word not in known:
            raise UsageError(f"there is no {what} '{word}'{nearest(word, known)} ({what}: {', '.join(known)})")


def order_item(entry: Entry) -> OrderItem:
    """Return an entry as it stands in lists."""
    view = entry.view
    return OrderItem(
        id=entry.case_file.order_id,
        received_at=_instant(view.received_at),
        resolved_at=view.resolved_at and _instant(view.resolved_at),
        closed_at=view.closed_at and _instant(view.closed_at),
        clocks=[clock_item(clock) for clock in entry.clocks],
        **{name: getattr(view, name) for name in ("number", "reopened", *SHOWN)},
    )


SHOWN = tuple(name for name in DIMENSIONS if name in OrderItem.model_fields)


def clock_item(clock: ClockRow) -> ClockItem:
    """Return a clock as it stands in lists."""
    return ClockItem(
        target=clock.target,
        promise=clock.promise,
        cycle=clock.cycle,
        verdict=clock.verdict,
        raw_verdict=clock.raw_verdict,
        policy=clock.policy,
        edition=clock.edition,
        limit=clock.limit_text,
        calendar=clock.calendar,
        started_at=_instant(clock.start),
        due_at=None if clock.due is None else _instant(clock.due),
        stopped_at=None if clock.stop is None else _instant(clock.stop),
        paused_since=None if clock.paused_since is None else _instant(clock.paused_since),
        limit_s=clock.limit / SECOND,
        elapsed_s=None if clock.elapsed is None else clock.elapsed / SECOND,
        paused_s=clock.paused / SECOND,
    )


SECOND = 1_000_000


def _instant(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)
