"""What a command leads to: facts, nothing because it is already so, or a named refusal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slaengine.domain import commands as c
from slaengine.domain import events
from slaengine.domain.corrections import corrected
from slaengine.domain.events import Fact
from slaengine.domain.repeats import already_so, recorded
from slaengine.domain.values import Status
from slaengine.domain.work_order import Standing, WorkOrder
from slaengine.errors import AlreadyReceived, InvalidCommand, InvalidTransition

UNDER_WAY: frozenset[Status] = frozenset({"open", "paused"})
DONE: frozenset[Status] = frozenset({"resolved", "closed"})
EXISTS: frozenset[Status] = UNDER_WAY | DONE | {"cancelled", "merged"}

PERMITTED: dict[type[c.Command], frozenset[Status]] = {
    c.Receive: frozenset({"absent"}),
    c.Respond: UNDER_WAY,
    c.Classify: UNDER_WAY | {"resolved"},
    c.Dispatch: UNDER_WAY,
    c.Accept: UNDER_WAY,
    c.Decline: UNDER_WAY,
    c.Arrive: UNDER_WAY,
    c.ProposePlan: UNDER_WAY,
    c.ReportProgress: UNDER_WAY,
    c.HoldMeeting: UNDER_WAY,
    c.Pause: UNDER_WAY,
    c.Resume: frozenset({"paused"}),
    c.Escalate: UNDER_WAY | DONE,
    c.Resolve: UNDER_WAY,
    c.Revisit: DONE,
    c.Reopen: DONE,
    c.Close: frozenset({"resolved"}),
    c.Cancel: UNDER_WAY,
    c.Merge: UNDER_WAY,
    c.RequestWaiver: EXISTS,
    c.ApproveWaiver: EXISTS,
    c.RefuseWaiver: EXISTS,
    c.Correct: EXISTS,
    c.AttachEvidence: EXISTS,
    c.ChargeCost: EXISTS,
    c.StateVerdict: EXISTS,
}
"""The statuses in which each command is accepted, at the time it says it happened."""


def decide(command: c.Command, state: WorkOrder) -> list[Fact]:
    """Return the facts that `command` leads to; empty when what it asks is already so.

    The order's status is taken at `command.occurred_at`, so that a report that comes late is accepted just as if it
    had come in time.

    Raises:
        AlreadyReceived: the order exists with other contents.
        InvalidTransition: the status at that time does not permit the command.
        InvalidCommand: the command's fields do not fit this order.
    """
    fact = command.fact()
    if recorded(fact, state):
        return []
    kind = type(command)
    if kind is c.Receive and state.version:
        raise AlreadyReceived(state.received.number)
    standing = state.standing_at(command.occurred_at)
    if already_so(fact, standing, state):
        return []
    if standing.status not in PERMITTED[kind]:
        raise _refusal(command, standing.status, state)
    check = CHECKS.get(kind)
    if check:
        check(fact, standing, state)
    return [fact]


def _refusal(command: c.Command, status: Status, state: WorkOrder) -> InvalidTransition:
    number = state.received.number if state.version else None
    return InvalidTransition(status, _verb(command), _hint(command, status), number=number, at=command.occurred_at)


def _hint(command: c.Command, status: Status) -> str:
    """Return what the caller can do about a command that this status does not permit."""
    match status:
        case "absent":
            return "receive it first"
        case "open" if isinstance(command, c.Resume):
            return "nothing was being waited for; send the pause first"
        case "open" | "paused" if isinstance(command, c.Reopen):
            return "there is nothing to reopen before it is resolved"
        case "open" | "paused":
            return "resolve it first"
        case "cancelled":
            return "receive a new work order"
        case "merged":
            return "send it to the work order it was merged into"
        case _ if status == command.FACT.NAME:
            return "it was said with other contents; use `correct` to mend a field"
        case _:
            return "reopen it first, or give the time at which it happened"


def _names_someone(fact: events.Dispatched, _: Standing, __: WorkOrder) -> None:
    if fact.team is None and fact.person is None and fact.party is None:
        raise InvalidCommand("dispatch", "team, person and party", "are all missing; name at least one")


def _waits_for_it(fact: events.Resumed, standing: Standing, _: WorkOrder) -> None:
    if fact.reason and fact.reason not in standing.waits:
        waits = ", ".join(sorted(standing.waits))
        raise InvalidCommand("resume", "reason", f"'{fact.reason}' is not what it waits for; it waits for {waits}")


def _names_the_person(verb: str) -> Callable[[Fact, Standing, WorkOrder], None]:
    def check(fact: Fact, _: Standing, __: WorkOrder) -> None:
        if fact.by is None:
            raise InvalidCommand(verb, "by", "is missing; a waiver names the person who asks or decides")

    return check


def _can_be_corrected(fact: events.Corrected, _: Standing, state: WorkOrder) -> None:
    if fact.version > state.version:
        raise InvalidCommand(
            "correct", "version", f"is {fact.version}, and the order has {state.version} facts; name one of them"
        )
    corrected(state.known[fact.version - 1], fact)


CHECKS: dict[type[c.Command], Callable[[Any, Standing, WorkOrder], None]] = {
    c.Dispatch: _names_someone,
    c.Resume: _waits_for_it,
    c.RequestWaiver: _names_the_person("request waiver"),
    c.ApproveWaiver: _names_the_person("approve waiver"),
    c.RefuseWaiver: _names_the_person("refuse waiver"),
    c.Correct: _can_be_corrected,
}
"""What else must hold, of the command's fields and the order together."""


def _verb(command: c.Command) -> str:
    return command.NAME.replace("_", " ")
