"""The small values that facts and commands are made of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

Kind = Literal["repair", "complaint", "enquiry", "service"]
KINDS: tuple[str, ...] = get_args(Kind)
Status = Literal["absent", "open", "paused", "resolved", "closed", "cancelled", "merged"]


class PersonalData:
    """Marks a field whose text may identify a person: it can be encrypted and erased without touching a figure."""

    def __repr__(self) -> str:
        return "PersonalData()"


def _in_utc(instant: datetime) -> datetime:
    if instant.tzinfo is UTC:
        return instant
    try:
        return instant.astimezone(UTC) if instant.utcoffset() else instant.replace(tzinfo=UTC)
    except OverflowError:
        raise ValueError("lies outside the years 1 to 9999 in UTC") from None


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
"""An aware datetime, kept in UTC to the microsecond."""

PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
"""No control characters: such a text can stand in a header, a log line and every database."""

Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=PRINTABLE)]
"""A short name that figures are grouped by: a channel, team, reason, severity. Never personal data."""

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=PRINTABLE)]
"""A technical id: a command, correlation or causation id. Never personal data."""

TypeName = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^.\x00-\x1f\x7f]+(\.[^.\x00-\x1f\x7f]+)*\.?$"
    ),
]
"""The matter, from general to particular, dotted: `facility.lift.entrapment`."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A SHA-256 in 64 lower-case hexadecimal digits."""

PersonalText = Annotated[str, PersonalData(), StringConstraints(max_length=10_000)]
"""Free text or a name; may identify a person."""


class Value(BaseModel):
    """Base of the values inside a fact: frozen, nothing unknown accepted."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Place(Value):
    """Where the matter is.

    `premises` is an opaque id of the flat, shop or installation from the caller's own register; figures such as
    recurrence use it, so that `room` can be erased. None means not known.
    """

    community: Label | None = None
    building: Label | None = None
    unit: Label | None = None
    premises: Label | None = None
    room: PersonalText | None = None


class Reporter(Value):
    """Who reported the matter. `subject` is the caller's opaque id of the person: the handle for erasure."""

    subject: Identifier | None = None
    name: PersonalText | None = None
    telephone: PersonalText | None = None


class Evidence(Value):
    """A document or picture kept elsewhere, held here by its digest only."""

    digest: Digest
    media_type: Label | None = None


Labels = dict[Label, Label]
"""Further dimensions of the embedding system, such as ward or source queue; never personal data."""

GivenDue = dict[Label, Instant]
"""Due times that came with the order, such as an imported contract's; by name, `due` when there is one only."""
