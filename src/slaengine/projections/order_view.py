"""How an order stands: its dimensions, its milestones and its status, folded from its moments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from slaengine.domain.values import Status
from slaengine.policies.moment import Moment

NO_LABELS: Mapping[str, str] = {}


@dataclass(slots=True)
class OrderView:
    """One order as figures see it. Instants are µs UTC; None means that it has not happened, or is not known.

    `team`, `person` are the last dispatched to; `party` the last that classification, dispatch or acceptance named,
    `responsible` the last that classification named; `channel` the one it was received on; `given` names the due times it
    brought. `method` holds, comma-separated, by which methods it was revisited, each once. `resolved_at`, `closed_at` and
    `revisited_at` are those that still stand: a reopening undoes them, and `method`. `ended_at` is when it ceased to be open:
    resolved, closed, cancelled or merged, whichever came first. `responded_at` and `arrived_at` are the first ever; `visits`
    counts all arrivals.
    """

    number: str
    kind: str
    received_at: int
    status: Status = "open"
    type: str | None = None
    severity: str | None = None
    channel: str | None = None
    community: str | None = None
    building: str | None = None
    unit: str | None = None
    premises: str | None = None
    team: str | None = None
    person: str | None = None
    party: str | None = None
    responsible: str | None = None
    warranty: bool | None = None
    source: str | None = None
    received_by: str | None = None
    cause: str | None = None
    outcome: str | None = None
    satisfaction: str | None = None
    method: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    given: tuple[str, ...] = ()
    responded_at: int | None = None
    arrived_at: int | None = None
    resolved_at: int | None = None
    closed_at: int | None = None
    revisited_at: int | None = None
    ended_at: int | None = None
    reopened: int = 0
    escalated: int = 0
    visits: int = 0
    waits: frozenset[str] = frozenset()

    @property
    def place(self) -> str | None:
        """The exact place, for recurrence: the premises, else the building with its unit; None when neither is known."""
        if self.premises:
            return self.premises
        if self.building:
            return "\x1f".join((self.community or "", self.building, self.unit or ""))
        return None


def view_of(moments: Iterable[Moment]) -> OrderView:
    """Return how the order stands after `moments`: corrections applied, in order of occurrence, `received` first."""
    remaining = iter(moments)
    view = _received(next(remaining))
    for moment in remaining:
        fold = FOLDS.get(moment.name)
        if fold is not None:
            fold(view, moment, moment.fields)
    return view


def _received(moment: Moment) -> OrderView:
    fields = moment.fields
    place = fields.get("place") or {}
    return OrderView(
        number=fields["number"],
        kind=fields["kind"],
        received_at=moment.occurred_at,
        channel=fields.get("channel"),
        community=place.get("community"),
        building=place.get("building"),
        unit=place.get("unit"),
        premises=place.get("premises"),
        source=fields.get("source"),
        received_by=fields.get("received_by"),
        labels=fields.get("labels") or NO_LABELS,
        given=tuple(sorted(fields.get("given_due") or ())),
    )


Fields = Mapping[str, Any]


def _responded(view: OrderView, moment: Moment, _: Fields) -> None:
    if view.responded_at is None:
        view.responded_at = moment.occurred_at


def _arrived(view: OrderView, moment: Moment, _: Fields) -> None:
    view.visits += 1
    if view.arrived_at is None:
        view.arrived_at = moment.occurred_at


def _classified(view: OrderView, _: Moment, fields: Fields) -> None:
    view.type = fields["type"]
    view.severity = fields.get("severity")
    view.warranty = fields.get("warranty", view.warranty)
    view.responsible = fields.get("party") or view.responsible
    view.party = fields.get("party") or view.party
    view.cause = fields.get("cause") or view.cause


def _dispatched(view: OrderView, _: Moment, fields: Fields) -> None:
    view.team = fields.get("team")
    view.person = fields.get("person")
    view.party = fields.get("party") or view.party


def _accepted(view: OrderView, _: Moment, fields: Fields) -> None:
    view.party = fields.get("party") or view.party


def _paused(view: OrderView, _: Moment, fields: Fields) -> None:
    if view.status in ("open", "paused"):
        view.status = "paused"
        view.waits |= {fields["reason"]}


def _resumed(view: OrderView, _: Moment, fields: Fields) -> None:
    if view.status == "paused":
        reason = fields.get("reason")
        view.waits = view.waits - {reason} if reason else frozenset()
        view.status = "paused" if view.waits else "open"


def _escalated(view: OrderView, _: Moment, fields: Fields) -> None:
    view.escalated = max(view.escalated, fields["level"])


def _resolved(view: OrderView, moment: Moment, fields: Fields) -> None:
    if view.status in ("open", "paused"):
        _end(view, "resolved", moment)
        view.resolved_at = moment.occurred_at
        view.outcome = fields.get("outcome")
        view.cause = fields.get("cause") or view.cause


def _revisited(view: OrderView, moment: Moment, fields: Fields) -> None:
    view.revisited_at = moment.occurred_at
    if (method := fields.get("method")) and method not in (view.method or "").split(","):
        view.method = f"{view.method},{method}" if view.method else method
    view.satisfaction = fields.get("satisfaction") or view.satisfaction


def _reopened(view: OrderView, _: Moment, __: Fields) -> None:
    if view.status not in ("open", "paused"):
        view.status, view.waits = "open", frozenset()
        view.resolved_at = view.closed_at = view.revisited_at = view.ended_at = None
        view.method = None
        view.reopened += 1


def _closed(view: OrderView, moment: Moment, fields: Fields) -> None:
    if view.status in ("open", "paused", "resolved"):
        _end(view, "closed", moment)
        view.closed_at = moment.occurred_at
        view.outcome = fields.get("outcome") or view.outcome


def _cancelled(view: OrderView, moment: Moment, _: Fields) -> None:
    if view.status in ("open", "paused"):
        _end(view, "cancelled", moment)


def _merged(view: OrderView, moment: Moment, _: Fields) -> None:
    if view.status in ("open", "paused"):
        _end(view, "merged", moment)


def _end(view: OrderView, status: Status, moment: Moment) -> None:
    view.status, view.waits = status, frozenset()
    if view.ended_at is None:
        view.ended_at = moment.occurred_at


FOLDS = {
    "responded": _responded,
    "arrived": _arrived,
    "classified": _classified,
    "dispatched": _dispatched,
    "accepted": _accepted,
    "paused": _paused,
    "resumed": _resumed,
    "escalated": _escalated,
    "resolved": _resolved,
    "revisited": _revisited,
    "reopened": _reopened,
    "closed": _closed,
    "cancelled": _cancelled,
    "merged": _merged,
}
"""What each fact changes in the view; facts that are not here change nothing in it."""
