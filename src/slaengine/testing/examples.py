"""One valid example of every command, fact and publication, from the life of a burst pipe."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from slaengine.domain import commands as c
from slaengine.domain.events import Fact
from slaengine.domain.promises import CalendarPublished, HolidaysPublished, PolicyPublished, Published
from slaengine.domain.seals import CheckpointSigned
from slaengine.domain.values import Evidence, Place, Reporter

ORDER_ID = UUID("019b8bbb-5a00-7000-8000-000000000001")
OTHER_ORDER_ID = UUID("019b8bbb-5a00-7000-8000-000000000002")
RECEIVED_AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
"""Nine o'clock on a Monday morning in Shanghai."""


def after(minutes: float) -> datetime:
    """Return the instant so many minutes after the examples' receipt."""
    return RECEIVED_AT + timedelta(minutes=minutes)


PHOTO = Evidence(digest="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", media_type="image/jpeg")

_COMMANDS: tuple[c.Command, ...] = (
    c.Receive(
        occurred_at=RECEIVED_AT,
        by="clerk-07",
        channel="app",
        command_id="app-88121",
        kind="repair",
        number="WO-20260105-000123",
        place=Place(community="Lakeside", building="3", unit="2", premises="F-030201", room="201"),
        reporter=Reporter(subject="owner-4711", name="Wang Min", telephone="+86 21 5550 0100"),
        description="Water runs from the ceiling of the bathroom.",
        restated="A burst pipe above the bathroom of 3-2-201.",
        expected_at=after(120),
        received_by="clerk-07",
        source="owner-app",
        labels={"ward": "east"},
        given_due={"contract": after(240)},
    ),
    c.Respond(occurred_at=after(4), by="clerk-07", channel="telephone", note="A plumber is on the way."),
    c.Classify(
        occurred_at=after(6),
        by="clerk-07",
        type="facility.plumbing.burst_pipe",
        severity="emergency",
        party="company",
        warranty=False,
    ),
    c.Dispatch(occurred_at=after(8), by="clerk-07", team="engineering", person="plumber-02"),
    c.Accept(occurred_at=after(11), by="plumber-02"),
    c.Decline(occurred_at=after(12), by="builder-desk", reason="outside_warranty", party="builder", evidence=(PHOTO,)),
    c.Arrive(occurred_at=after(35), by="plumber-02"),
    c.ProposePlan(occurred_at=after(50), by="plumber-02", stage="first", note="Replace two metres of pipe."),
    c.ReportProgress(occurred_at=after(55), by="clerk-07", method="push"),
    c.HoldMeeting(occurred_at=after(60), by="manager-01", parties=("owner", "neighbour", "company")),
    c.Pause(occurred_at=after(65), by="plumber-02", reason="parts"),
    c.Resume(occurred_at=after(125), by="plumber-02", reason="parts"),
    c.Escalate(occurred_at=after(130), by="clerk-07", level=1, to="manager-01", reason="owner_waits"),
    c.Resolve(occurred_at=after(170), by="plumber-02", outcome="repaired", cause="corrosion"),
    c.Revisit(occurred_at=after(1500), by="clerk-09", method="telephone", satisfaction="satisfied"),
    c.Reopen(occurred_at=after(1510), by="clerk-09", reason="leaks_again"),
    c.Close(occurred_at=after(1600), by="clerk-09", outcome="done"),
    c.Cancel(occurred_at=after(20), by="clerk-07", reason="withdrawn"),
    c.Merge(occurred_at=after(20), by="clerk-07", into=OTHER_ORDER_ID),
    c.RequestWaiver(occurred_at=after(1700), by="plumber-02", target="resolution", reason="no_access", evidence=(PHOTO,)),
    c.ApproveWaiver(occurred_at=after(1800), by="manager-01", target="resolution", reason="no_access"),
    c.RefuseWaiver(occurred_at=after(1800), by="manager-01", target="resolution", reason="no_access"),
    c.Correct(occurred_at=after(1900), by="clerk-07", version=1, field="place.building", value="5"),
    c.AttachEvidence(occurred_at=after(171), by="plumber-02", evidence=PHOTO),
    c.ChargeCost(occurred_at=after(1650), by="manager-01", party="builder", amount=Decimal("480.00"), currency="CNY"),
    c.StateVerdict(occurred_at=after(1600), by="old-system", target="contract", verdict="met"),
)

COMMANDS: dict[type[c.Command], c.Command] = {type(command): command for command in _COMMANDS}
"""Each kind of command → an example of it."""

FACTS: dict[type[Fact], Fact] = {command.FACT: command.fact() for command in _COMMANDS}
"""Each kind of fact → an example of it: what the example of its command leads to."""

PUBLICATIONS: dict[type[Published], Published] = {
    kind: kind(
        occurred_at=RECEIVED_AT,
        by="manager-01",
        name=name,
        version="2026.1",
        effective_from=datetime(2025, 12, 31, 16, 0, tzinfo=UTC),
        text=text,
    )
    for kind, name, text in (
        (PolicyPublished, "service-standard", "policy: service-standard\n…"),
        (CalendarPublished, "office", "weekly:\n  mon: [['09:00', '18:00']]\n"),
        (HolidaysPublished, "town", "- 2026-01-01\n"),
    )
}
"""Each kind of publication → an example of it; the text of the policy is cut."""

SEAL = CheckpointSigned(
    occurred_at=after(2000),
    by="owners-committee",
    note="slaengine/log\n1042\nn4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=\n\n— owners-committee …\n",
)
"""An example of a seal; its signature is cut."""
