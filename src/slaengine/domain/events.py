"""The facts of a work order: what happened, in the world, never changed afterwards."""

from __future__ import annotations

from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel

from slaengine.domain.details import (
    AcceptedDetails,
    ArrivedDetails,
    CancelledDetails,
    ClassifiedDetails,
    ClosedDetails,
    CorrectedDetails,
    CostChargedDetails,
    DeclinedDetails,
    DispatchedDetails,
    EscalatedDetails,
    EvidenceAttachedDetails,
    MeetingHeldDetails,
    MergedDetails,
    PausedDetails,
    PlanProposedDetails,
    ProgressReportedDetails,
    ReceivedDetails,
    ReopenedDetails,
    ResolvedDetails,
    RespondedDetails,
    ResumedDetails,
    RevisitedDetails,
    Stamp,
    VerdictStatedDetails,
    WaiverApprovedDetails,
    WaiverRefusedDetails,
    WaiverRequestedDetails,
)

M = TypeVar("M", bound=BaseModel)
_set = object.__setattr__


def restored(model: type[M], fields: dict[str, Any]) -> M:
    """Return an instance of `model` with `fields`, all of them, validated before.

    It sets the state of the instance as unpickling does, in a sixth of the time of `model_construct`.
    """
    made = model.__new__(model)
    _set(made, "__dict__", fields)
    _set(made, "__pydantic_fields_set__", set(fields))
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_private__", None)
    return made


class Fact(Stamp):
    """Base of all facts. `NAME` is the word for it in policies; `TOPIC` its stored and published type, with its version."""

    NAME: ClassVar[str]
    TOPIC: ClassVar[str]

    @classmethod
    def of_valid(cls, fields: dict[str, Any]) -> Self:
        """Return the fact with `fields`, all of them, validated before: a command's became its fact's."""
        return restored(cls, fields)


class Received(Fact, ReceivedDetails):
    NAME: ClassVar[str] = "received"
    TOPIC: ClassVar[str] = "work_order.received.v1"
    __doc__ = ReceivedDetails.__doc__


class Responded(Fact, RespondedDetails):
    NAME: ClassVar[str] = "responded"
    TOPIC: ClassVar[str] = "work_order.responded.v1"
    __doc__ = RespondedDetails.__doc__


class Classified(Fact, ClassifiedDetails):
    NAME: ClassVar[str] = "classified"
    TOPIC: ClassVar[str] = "work_order.classified.v1"
    __doc__ = ClassifiedDetails.__doc__


class Dispatched(Fact, DispatchedDetails):
    NAME: ClassVar[str] = "dispatched"
    TOPIC: ClassVar[str] = "work_order.dispatched.v1"
    __doc__ = DispatchedDetails.__doc__


class Accepted(Fact, AcceptedDetails):
    NAME: ClassVar[str] = "accepted"
    TOPIC: ClassVar[str] = "work_order.accepted.v1"
    __doc__ = AcceptedDetails.__doc__


class Declined(Fact, DeclinedDetails):
    NAME: ClassVar[str] = "declined"
    TOPIC: ClassVar[str] = "work_order.declined.v1"
    __doc__ = DeclinedDetails.__doc__


class Arrived(Fact, ArrivedDetails):
    NAME: ClassVar[str] = "arrived"
    TOPIC: ClassVar[str] = "work_order.arrived.v1"
    __doc__ = ArrivedDetails.__doc__


class PlanProposed(Fact, PlanProposedDetails):
    NAME: ClassVar[str] = "plan_proposed"
    TOPIC: ClassVar[str] = "work_order.plan_proposed.v1"
    __doc__ = PlanProposedDetails.__doc__


class ProgressReported(Fact, ProgressReportedDetails):
    NAME: ClassVar[str] = "progress_reported"
    TOPIC: ClassVar[str] = "work_order.progress_reported.v1"
    __doc__ = ProgressReportedDetails.__doc__


class MeetingHeld(Fact, MeetingHeldDetails):
    NAME: ClassVar[str] = "meeting_held"
    TOPIC: ClassVar[str] = "work_order.meeting_held.v1"
    __doc__ = MeetingHeldDetails.__doc__


class Paused(Fact, PausedDetails):
    NAME: ClassVar[str] = "paused"
    TOPIC: ClassVar[str] = "work_order.paused.v1"
    __doc__ = PausedDetails.__doc__


class Resumed(Fact, ResumedDetails):
    NAME: ClassVar[str] = "resumed"
    TOPIC: ClassVar[str] = "work_order.resumed.v1"
    __doc__ = ResumedDetails.__doc__


class Escalated(Fact, EscalatedDetails):
    NAME: ClassVar[str] = "escalated"
    TOPIC: ClassVar[str] = "work_order.escalated.v1"
    __doc__ = EscalatedDetails.__doc__


class Resolved(Fact, ResolvedDetails):
    NAME: ClassVar[str] = "resolved"
    TOPIC: ClassVar[str] = "work_order.resolved.v1"
    __doc__ = ResolvedDetails.__doc__


class Revisited(Fact, RevisitedDetails):
    NAME: ClassVar[str] = "revisited"
    TOPIC: ClassVar[str] = "work_order.revisited.v1"
    __doc__ = RevisitedDetails.__doc__


class Reopened(Fact, ReopenedDetails):
    NAME: ClassVar[str] = "reopened"
    TOPIC: ClassVar[str] = "work_order.reopened.v1"
    __doc__ = ReopenedDetails.__doc__


class Closed(Fact, ClosedDetails):
    NAME: ClassVar[str] = "closed"
    TOPIC: ClassVar[str] = "work_order.closed.v1"
    __doc__ = ClosedDetails.__doc__


class Cancelled(Fact, CancelledDetails):
    NAME: ClassVar[str] = "cancelled"
    TOPIC: ClassVar[str] = "work_order.cancelled.v1"
    __doc__ = CancelledDetails.__doc__


class Merged(Fact, MergedDetails):
    NAME: ClassVar[str] = "merged"
    TOPIC: ClassVar[str] = "work_order.merged.v1"
    __doc__ = MergedDetails.__doc__


class WaiverRequested(Fact, WaiverRequestedDetails):
    NAME: ClassVar[str] = "waiver_requested"
    TOPIC: ClassVar[str] = "work_order.waiver_requested.v1"
    __doc__ = WaiverRequestedDetails.__doc__


class WaiverApproved(Fact, WaiverApprovedDetails):
    NAME: ClassVar[str] = "waiver_approved"
    TOPIC: ClassVar[str] = "work_order.waiver_approved.v1"
    __doc__ = WaiverApprovedDetails.__doc__


class WaiverRefused(Fact, WaiverRefusedDetails):
    NAME: ClassVar[str] = "waiver_refused"
    TOPIC: ClassVar[str] = "work_order.waiver_refused.v1"
    __doc__ = WaiverRefusedDetails.__doc__


class Corrected(Fact, CorrectedDetails):
    NAME: ClassVar[str] = "corrected"
    TOPIC: ClassVar[str] = "work_order.corrected.v1"
    __doc__ = CorrectedDetails.__doc__


class EvidenceAttached(Fact, EvidenceAttachedDetails):
    NAME: ClassVar[str] = "evidence_attached"
    TOPIC: ClassVar[str] = "work_order.evidence_attached.v1"
    __doc__ = EvidenceAttachedDetails.__doc__


class CostCharged(Fact, CostChargedDetails):
    NAME: ClassVar[str] = "cost_charged"
    TOPIC: ClassVar[str] = "work_order.cost_charged.v1"
    __doc__ = CostChargedDetails.__doc__


class VerdictStated(Fact, VerdictStatedDetails):
    NAME: ClassVar[str] = "verdict_stated"
    TOPIC: ClassVar[str] = "work_order.verdict_stated.v1"
    __doc__ = VerdictStatedDetails.__doc__


FACTS: tuple[type[Fact], ...] = (
    Received,
    Responded,
    Classified,
    Dispatched,
    Accepted,
    Declined,
    Arrived,
    PlanProposed,
    ProgressReported,
    MeetingHeld,
    Paused,
    Resumed,
    Escalated,
    Resolved,
    Revisited,
    Reopened,
    Closed,
    Cancelled,
    Merged,
    WaiverRequested,
    WaiverApproved,
    WaiverRefused,
    Corrected,
    EvidenceAttached,
    CostCharged,
    VerdictStated,
)
"""Every kind of fact, in the order of a work order's life."""

BY_NAME: dict[str, type[Fact]] = {fact.NAME: fact for fact in FACTS}
