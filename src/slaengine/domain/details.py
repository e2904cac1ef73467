"""The fields of each fact, said once: a command and the fact it leads to carry the same ones."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from slaengine.domain.values import (
    Evidence,
    GivenDue,
    Identifier,
    Instant,
    Kind,
    Label,
    Labels,
    PersonalText,
    Place,
    Reporter,
    TypeName,
)


class Stamp(BaseModel):
    """What every command and every fact says: when it happened, who did it, on which channel, and because of what.

    `occurred_at` is the time in the world. When we recorded it stands beside the fact in the log, stamped there.
    `by` is the person or system that acted, as a staff or system id. `correlation_id` names the conversation a fact
    belongs to, `causation_id` the message that led to it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
    occurred_at: Instant
    by: Label | None = None
    channel: Label | None = None
    correlation_id: Identifier | None = None
    causation_id: Identifier | None = None


class ReceivedDetails(BaseModel):
    """受理. A matter came in and was registered.

    `restated` is the matter in our words, as read back to the reporter; `received_by` the first-responsible person;
    `expected_at` the time at which the owner expects it done; `source` the system or register it came from;
    `given_due` holds due times that came with the order, which a target with the limit `given` goes by.
    """

    kind: Kind
    number: Identifier
    place: Place = Place()
    reporter: Reporter | None = None
    description: PersonalText | None = None
    restated: PersonalText | None = None
    expected_at: Instant | None = None
    received_by: Label | None = None
    source: Label | None = None
    labels: Labels = Field(default_factory=dict)
    given_due: GivenDue = Field(default_factory=dict)


class RespondedDetails(BaseModel):
    """The reporter was answered, for the first time or again."""

    note: PersonalText | None = None


class ClassifiedDetails(BaseModel):
    """分类. What the matter is, how urgent, and whose; said again, it reclassifies.

    `party` is the responsible party (company, contractor, builder…); `warranty` is true within the builder's warranty
    period (质保期); `cause` is the root cause as far as it is known.
    """

    type: TypeName
    severity: Label | None = None
    party: Label | None = None
    warranty: bool | None = None
    cause: Label | None = None


class DispatchedDetails(BaseModel):
    """派单. The order goes to a team or person, at least one; said again, it reassigns.

    `party` names the firm the order goes to when it is not the company's own team.
    """

    team: Label | None = None
    person: Label | None = None
    party: Label | None = None


class AcceptedDetails(BaseModel):
    """The team, contractor or builder takes the order on."""

    party: Label | None = None


class DeclinedDetails(BaseModel):
    """The team, contractor or builder refuses the order; `evidence` may hold the signed refusal."""

    reason: Label
    party: Label | None = None
    evidence: tuple[Evidence, ...] = ()


class ArrivedDetails(BaseModel):
    """到场. Someone is on site; `party` when it is not the company's own team."""

    party: Label | None = None


class PlanProposedDetails(BaseModel):
    """A plan was put to the owner; `stage` tells which (`first`, `measures`, `rectification`…)."""

    stage: Label | None = None
    note: PersonalText | None = None


class ProgressReportedDetails(BaseModel):
    """The owner was told how it stands; `method` tells how (`push`, `telephone`…)."""

    method: Label | None = None
    note: PersonalText | None = None


class MeetingHeldDetails(BaseModel):
    """A meeting was held; `parties` are the sides at the table, such as `owner`, `neighbour`, `company`."""

    parties: tuple[Label, ...] = ()


class PausedDetails(BaseModel):
    """Work waits for `reason`. Pauses for different reasons may overlap."""

    reason: Label


class ResumedDetails(BaseModel):
    """The wait for `reason` is over; None means every wait is."""

    reason: Label | None = None


class EscalatedDetails(BaseModel):
    """Handed up to `level` (1 is the first level above the handler)."""

    level: Annotated[int, Field(ge=1, le=99)]
    to: Label | None = None
    reason: Label | None = None


class ResolvedDetails(BaseModel):
    """解决. `outcome` is the system's own word for how it ended; `cause` the root cause that was found."""

    outcome: Label | None = None
    cause: Label | None = None
    note: PersonalText | None = None


class RevisitedDetails(BaseModel):
    """回访. `method` is telephone, on_site…; `satisfaction` the owner's answer."""

    method: Label
    satisfaction: Label | None = None
    note: PersonalText | None = None


class ReopenedDetails(BaseModel):
    """A resolved or closed order is taken up again."""

    reason: Label | None = None


class ClosedDetails(BaseModel):
    """关闭. Nothing more is to be done."""

    outcome: Label | None = None


class CancelledDetails(BaseModel):
    """The order is void: withdrawn, or never should have been."""

    reason: Label


class MergedDetails(BaseModel):
    """The same matter is handled under another order, `into`."""

    into: UUID


class WaiverDetails(BaseModel):
    """On which target a breach is to be excused, and why; `reason` comes from the policy's list."""

    target: Label
    reason: Label
    evidence: tuple[Evidence, ...] = ()


class WaiverRequestedDetails(WaiverDetails):
    """A person (`by`) asks that a breach be excused."""


class WaiverApprovedDetails(WaiverDetails):
    """A person (`by`) excuses the breach."""


class WaiverRefusedDetails(WaiverDetails):
    """A person (`by`) does not excuse the breach."""


class CorrectedDetails(BaseModel):
    """Fact number `version` of this order was wrong in `field` (dotted for a field within, such as `place.building`).

    It has always been `value`, or `text` where the field is personal; None means that it is not known.
    """

    version: Annotated[int, Field(ge=1)]
    field: Annotated[str, StringConstraints(pattern=r"^[a-z_]+(\.[^.\x00-\x1f\x7f]+)*$", max_length=300)]
    value: JsonValue = None
    text: PersonalText | None = None


class EvidenceAttachedDetails(BaseModel):
    """A document or picture belongs to the order."""

    evidence: Evidence


class CostChargedDetails(BaseModel):
    """A cost falls on `party`. `amount` is in major units of `currency` (ISO 4217)."""

    party: Label
    amount: Annotated[Decimal, Field(max_digits=18, decimal_places=4)]
    currency: Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")] = "CNY"


class VerdictStatedDetails(BaseModel):
    """Another system's own verdict on its own promise, kept beside ours; `unknown` where it left the field empty."""

    target: Label
    verdict: Literal["met", "missed", "unknown"]
