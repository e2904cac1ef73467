"""The verbs of a work order's life, one method each: they make the command and hand it to `_record`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypedDict, Unpack
from uuid import UUID

from slaengine.domain import commands as c
from slaengine.domain.events import Fact
from slaengine.domain.values import Evidence
from slaengine.engine.orders import Order

EvidenceLike = Evidence | Mapping[str, str]
"""A document kept elsewhere: its SHA-256 in hexadecimal digits, `digest`, and perhaps its `media_type`."""


class Stamp(TypedDict, total=False):
    """What every verb takes beside its own fields.

    `occurred_at`: when it happened, aware; now when left out. `by`: the person or system that acted. `channel`: how the
    word came in. `correlation_id`, `causation_id`: the conversation and the message it belongs to. `command_id`: makes
    sending it again harmless, whatever happened in between.
    """

    occurred_at: datetime
    by: str
    channel: str
    correlation_id: str
    causation_id: str
    command_id: str


class Verbs(ABC):
    """Each verb returns the facts that it recorded; none when what it asks is already so, or its command id was used for it.

    Raises, all of them:
        UnknownWorkOrder: there is no such order.
        InvalidTransition: the order's status, when it happened, does not permit it.
        InvalidCommand: a field is missing or cannot be used.
        CommandIdReused, FutureFact: as they say.
        ConcurrencyError, StorageError: the store could not take it; sending it again is safe.
    """

    @abstractmethod
    def _record(self, kind: type[c.Command], order: Order, stamp: Stamp, **fields: Any) -> list[Fact]:
        """Make the command, leaving out fields that are None, and carry it out."""

    @abstractmethod
    def order_id(self, order: Order) -> UUID:
        """Return the id of an order that may be named by its number."""

    def respond(self, order: Order, *, note: str | None = None, **stamp: Unpack[Stamp]) -> list[Fact]:
        """Record an answer to the reporter, the first or a further one."""
        return self._record(c.Respond, order, stamp, note=note)

    def classify(  # noqa: PLR0913  (the fields of the fact)
        self,
        order: Order,
        *,
        type: str,  # noqa: A002  (the trade's word)
        severity: str | None = None,
        party: str | None = None,
        warranty: bool | None = None,
        cause: str | None = None,
        **stamp: Unpack[Stamp],
    ) -> list[Fact]:
        """Record what the matter is (`facility.lift.entrapment`), how severe, and who is responsible; again = reclassify."""
        return self._record(c.Classify, order, stamp, type=type, severity=severity, party=party, warranty=warranty, cause=cause)

    def dispatch(
        self,
        order: Order,
        *,
        team: str | None = None,
        person: str | None = None,
        party: str | None = None,
        **stamp: Unpack[Stamp],
    ) -> list[Fact]:
        """Record who is sent, at least one of team, person and party; again = reassign."""
        return self._record(c.Dispatch, order, stamp, team=team, person=person, party=party)

    def accept(self, order: Order, *, party: str | None = None, **stamp: Unpack[Stamp]) -> list[Fact]:
        """Record that the team, contractor or builder takes the order on."""
        return self._record(c.Accept, order, stamp, party=party)

    def decline(
        self,
        order: Order,
        *,
        reason: str,
        party: str | None = None,
        evidence: Sequence[EvidenceLike] | None = None,
        **stamp: Unpack[Stamp],
    ) -> list[Fact]:
        """Record that the team, contractor or builder refuses the order."""
        return self._record(c.Decline, order, stamp, reason=reason, party=party, evidence=evidence)

    def arrive(self, order: Order, *, party: str | None = None, **stamp: Unpack[Stamp]) -> list[Fact]:
        """Record that someone is on site; `party` when it is not the company's own team."""
        return self._record(c.Arrive, order, stamp, party=party)

    def propose_plan(
        self, order: Order, *, stage: str | None = None, note: str | None = None, **stamp: Unpack[Stamp]
    ) -> list[Fact]:
        """Record that a plan was put to the owner; `stage` tells which (`first`, `measures`, `rectification`…)."""
        return self._record(c.ProposePlan, order, stamp, stage=stage, note=note)

    def report_progress(
        self, order: Order, *, method: str | None = None, note: str | None = None, **stamp: Unpack[Stamp]
    ) -> list[Fact]:
        """Record that the owner was told how it stands; `method` tells how (`push`, `telephone`…)."""
        return self._record(c.ReportProgress, order, stamp, method=method, note=note)

    def hold_meeting(self, order: Order, *, parties: Sequence[str] | None = None, **stamp: Unpack[Stamp]) -> list[Fact]:
        """Record a meeting; `parties` are the sides at the table, such as `owner`, `neighbour`, `company`."""
        return self._record(c.HoldMeeting, order, stamp, parties=parties)

    def pause(self, order: Order, *, reason: str, **stamp: Unpack[Stamp]) -> list[Fact]:
        """Record that work waits for `reason`; pauses for different reasons may overlap."""
        return self._record(c.Pause, order, stamp, reason=reason)

    def resume(self, order: Order, *, reason: str | None = None, **stamp: Unpack[Stamp]) -> list[Fact]:
        """Record that the wait for `reason` is over; without a reason, every wait is."""
        return self._record(c.Resume, order, stamp, reason=reason)

    def escalate(
        self, order: Order, *, level: int, to: str | None = None, reason: str | None = None, **stamp: Unpack[Stamp]
    ) -> list[Fact]:
        """Record that the order was handed up to `level`; 1 is the first above the handler."""
        return self._record(c.Escalate, order, stamp, level=level, to=to, reason=reason)

    def resolve(
        self,
        order: Order,
        *,
        outcome: str | None = None,
        cause: str | None = None,
        note: str | None = None,
        **stamp: Unpack[Stamp],
    ) -> list[Fact]:
        """Record that the matter is solved; `outcome` is the caller's own word for how, `cause` the root cause found."""
        return self._record(c.Resolve, order, stamp, outcome=outcome, cause=cause, note=note)

    def revisit(
        self,
        order: Order,
        *,
        method: str,
        satisfaction: str | None = None,
        note: str | None = None,
        **stamp: Unpack[Stamp],
    ) -> list[Fact]:
        """Record that the owner was asked afterwards, by `method` (`telephone`, `on_site`…), and the answer."""
        return self._record(c.Revisit, order, stamp, method=method, satisfaction=satisfaction, note=note)

    def reopen(self, order: Order, *, reason: str | None = None, **stamp: Unpack[Stamp]) -> list[Fact]:
        """Record that a resolved or closed order is taken up again."""
        return self._record(c.Reopen, order, stamp, reason=reason)

    def close(self, order: Order, *, outcome: str | None = None, **stamp: Unpack[Stamp]) -> list[Fact]:
        """Record that nothing more is to be done about a resolved order."""
        return self._record(c.Close, order, stamp, outcome=outcome)

    def cancel(self, order: Order, *, reason: str, **stamp: Unpack[Stamp]) -> list[Fact]:
        """Record that the order is void: withdrawn, or never should have been."""
        return self._record(c.Cancel, order, stamp, reason=reason)

    def merge(self, order: Order, *, into: Order, **stamp: Unpack[Stamp]) -> list[Fact]:
        """Record that the same matter goes on under another order, `into`."""
        return self._record(c.Merge, order, stamp, into=self.order_id(into))

    def request_waiver(
        self,
        order: Order,
        *,
        target: str,
        reason: str,
        evidence: Sequence[EvidenceLike] | None = None,
        **stamp: Unpack[Stamp],
    ) -> list[Fact]:
        """Record that a person, `by`, asks that a breach of `target` be excused; the reason is of the policy's list."""
        return self._record(c.RequestWaiver, order, stamp, target=target, reason=reason, evidence=evidence)

    def approve_waiver(
        self,
        order: Order,
        *,
        target: str,
        reason: str,
        evidence: Sequence[EvidenceLike] | None = None,
        **stamp: Unpack[Stamp],
    ) -> list[Fact]:
        """Record that a person, `by`, excuses a breach of `target`."""
        return self._record(c.ApproveWaiver, order, stamp, target=target, reason=reason, evidence=evidence)

    def refuse_waiver(
        self,
        order: Order,
        *,
        target: str,
        reason: str,
        evidence: Sequence[EvidenceLike] | None = None,
        **stamp: Unpack[Stamp],
    ) -> list[Fact]:
        """Record that a person, `by`, does not excuse a breach of `target`."""
        return self._record(c.RefuseWaiver, order, stamp, target=target, reason=reason, evidence=evidence)

    def correct(
        self,
        order: Order,
        *,
        version: int,
        field: str,
        value: Any = None,
        text: str | None = None,
        **stamp: Unpack[Stamp],
    ) -> list[Fact]:
        """Record that fact number `version` of the order was wrong in `field`: it has always been `value`.

        The field is dotted for one within (`place.building`); a personal one takes `text` instead of `value`.
        """
        return self._record(c.Correct, order, stamp, version=version, field=field, value=value, text=text)

    def attach_evidence(self, order: Order, *, evidence: EvidenceLike, **stamp: Unpack[Stamp]) -> list[Fact]:
        """Record that a document or picture belongs to the order."""
        return self._record(c.AttachEvidence, order, stamp, evidence=evidence)

    def charge_cost(
        self, order: Order, *, party: str, amount: Decimal | int | str, currency: str = "CNY", **stamp: Unpack[Stamp]
    ) -> list[Fact]:
        """Record that a cost falls on `party`; `amount` in major units of `currency` (ISO 4217), a string keeps it exact."""
        return self._record(c.ChargeCost, order, stamp, party=party, amount=amount, currency=currency)

    def state_verdict(
        self, order: Order, *, target: str, verdict: Literal["met", "missed", "unknown"], **stamp: Unpack[Stamp]
    ) -> list[Fact]:
        """Record another system's own verdict on its own promise, to be kept beside ours."""
        return self._record(c.StateVerdict, order, stamp, target=target, verdict=verdict)
