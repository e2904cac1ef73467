"""The commands: what a caller asks to be recorded about a work order."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from slaengine.domain import events
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
from slaengine.domain.values import Identifier


class Command(Stamp):
    """Base of all commands. `NAME` is its verb, `FACT` what it leads to.

    `command_id` makes sending it again harmless, whatever happened in between; None means that only the contents can
    tell a repetition.
    """

    NAME: ClassVar[str]
    FACT: ClassVar[type[events.Fact]]
    command_id: Identifier | None = None

    def fact(self) -> events.Fact:
        """Return the fact that this command asks to record."""
        fields = self.__dict__.copy()
        del fields["command_id"]
        return events.restored(self.FACT, fields)

    def at(self, instant: datetime) -> Self:
        """Return the same command, of something that happened at `instant`, aware and in UTC."""
        return events.restored(type(self), {**self.__dict__, "occurred_at": instant})


class Receive(Command, ReceivedDetails):
    """Ask to record `Received`."""

    NAME: ClassVar[str] = "receive"
    FACT: ClassVar[type[events.Fact]] = events.Received


class Respond(Command, RespondedDetails):
    """Ask to record `Responded`."""

    NAME: ClassVar[str] = "respond"
    FACT: ClassVar[type[events.Fact]] = events.Responded


class Classify(Command, ClassifiedDetails):
    """Ask to record `Classified`."""

    NAME: ClassVar[str] = "classify"
    FACT: ClassVar[type[events.Fact]] = events.Classified


class Dispatch(Command, DispatchedDetails):
    """Ask to record `Dispatched`."""

    NAME: ClassVar[str] = "dispatch"
    FACT: ClassVar[type[events.Fact]] = events.Dispatched


class Accept(Command, AcceptedDetails):
    """Ask to record `Accepted`."""

    NAME: ClassVar[str] = "accept"
    FACT: ClassVar[type[events.Fact]] = events.Accepted


class Decline(Command, DeclinedDetails):
    """Ask to record `Declined`."""

    NAME: ClassVar[str] = "decline"
    FACT: ClassVar[type[events.Fact]] = events.Declined


class Arrive(Command, ArrivedDetails):
    """Ask to record `Arrived`."""

    NAME: ClassVar[str] = "arrive"
    FACT: ClassVar[type[events.Fact]] = events.Arrived


class ProposePlan(Command, PlanProposedDetails):
    """Ask to record `PlanProposed`."""

    NAME: ClassVar[str] = "propose_plan"
    FACT: ClassVar[type[events.Fact]] = events.PlanProposed


class ReportProgress(Command, ProgressReportedDetails):
    """Ask to record `ProgressReported`."""

    NAME: ClassVar[str] = "report_progress"
    FACT: ClassVar[type[events.Fact]] = events.ProgressReported


class HoldMeeting(Command, MeetingHeldDetails):
    """Ask to record `MeetingHeld`."""

    NAME: ClassVar[str] = "hold_meeting"
    FACT: ClassVar[type[events.Fact]] = events.MeetingHeld


class Pause(Command, PausedDetails):
    """Ask to record `Paused`."""

    NAME: ClassVar[str] = "pause"
    FACT: ClassVar[type[events.Fact]] = events.Paused


class Resume(Command, ResumedDetails):
    """Ask to record `Resumed`."""

    NAME: ClassVar[str] = "resume"
    FACT: ClassVar[type[events.Fact]] = events.Resumed


class Escalate(Command, EscalatedDetails):
    """Ask to record `Escalated`."""

    NAME: ClassVar[str] = "escalate"
    FACT: ClassVar[type[events.Fact]] = events.Escalated


class Resolve(Command, ResolvedDetails):
    """Ask to record `Resolved`."""

    NAME: ClassVar[str] = "resolve"
    FACT: ClassVar[type[events.Fact]] = events.Resolved


class Revisit(Command, RevisitedDetails):
    """Ask to record `Revisited`."""

    NAME: ClassVar[str] = "revisit"
    FACT: ClassVar[type[events.Fact]] = events.Revisited


class Reopen(Command, ReopenedDetails):
    """Ask to record `Reopened`."""

    NAME: ClassVar[str] = "reopen"
    FACT: ClassVar[type[events.Fact]] = events.Reopened


class Close(Command, ClosedDetails):
    """Ask to record `Closed`."""

    NAME: ClassVar[str] = "close"
    FACT: ClassVar[type[events.Fact]] = events.Closed


class Cancel(Command, CancelledDetails):
    """Ask to record `Cancelled`."""

    NAME: ClassVar[str] = "cancel"
    FACT: ClassVar[type[events.Fact]] = events.Cancelled


class Merge(Command, MergedDetails):
    """Ask to record `Merged`."""

    NAME: ClassVar[str] = "merge"
    FACT: ClassVar[type[events.Fact]] = events.Merged


class RequestWaiver(Command, WaiverRequestedDetails):
    """Ask to record `WaiverRequested`."""

    NAME: ClassVar[str] = "request_waiver"
    FACT: ClassVar[type[events.Fact]] = events.WaiverRequested


class ApproveWaiver(Command, WaiverApprovedDetails):
    """Ask to record `WaiverApproved`."""

    NAME: ClassVar[str] = "approve_waiver"
    FACT: ClassVar[type[events.Fact]] = events.WaiverApproved


class RefuseWaiver(Command, WaiverRefusedDetails):
    """Ask to record `WaiverRefused`."""

    NAME: ClassVar[str] = "refuse_waiver"
    FACT: ClassVar[type[events.Fact]] = events.WaiverRefused


class Correct(Command, CorrectedDetails):
    """Ask to record `Corrected`."""

    NAME: ClassVar[str] = "correct"
    FACT: ClassVar[type[events.Fact]] = events.Corrected


class AttachEvidence(Command, EvidenceAttachedDetails):
    """Ask to record `EvidenceAttached`."""

    NAME: ClassVar[str] = "attach_evidence"
    FACT: ClassVar[type[events.Fact]] = events.EvidenceAttached


class ChargeCost(Command, CostChargedDetails):
    """Ask to record `CostCharged`."""

    NAME: ClassVar[str] = "charge_cost"
    FACT: ClassVar[type[events.Fact]] = events.CostCharged


class StateVerdict(Command, VerdictStatedDetails):
    """Ask to record `VerdictStated`."""

    NAME: ClassVar[str] = "state_verdict"
    FACT: ClassVar[type[events.Fact]] = events.VerdictStated


COMMANDS: tuple[type[Command], ...] = (
    Receive,
    Respond,
    Classify,
    Dispatch,
    Accept,
    Decline,
    Arrive,
    ProposePlan,
    ReportProgress,
    HoldMeeting,
    Pause,
    Resume,
    Escalate,
    Resolve,
    Revisit,
    Reopen,
    Close,
    Cancel,
    Merge,
    RequestWaiver,
    ApproveWaiver,
    RefuseWaiver,
    Correct,
    AttachEvidence,
    ChargeCost,
    StateVerdict,
)
"""Every command, in the order of a work order's life."""

BY_NAME: dict[str, type[Command]] = {command.NAME: command for command in COMMANDS}
