"""What a command leads to: facts, nothing because it is already so, or a named refusal."""

from __future__ import annotations

from slaengine.domain import commands as c
from slaengine.domain.events import Fact
from slaengine.domain.values import Status
from slaengine.domain.work_order import INITIAL, WorkOrder, evolve
from slaengine.errors import AlreadyReceived, InvalidCommand, InvalidTransition

UNDER_WAY: frozenset[Status] = frozenset({"open", "paused"})
DONE: frozenset[Status] = frozenset({"resolved", "closed"})
EXISTS: frozenset[Status] = frozenset({"open", "paused", "resolved", "closed", "cancelled", "merged"})

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
    c.Resume: UNDER_WAY,
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

LEADS_TO: dict[type[c.Command], Status] = {
    c.Resolve: "resolved",
    c.Close: "closed",
    c.Cancel: "cancelled",
    c.Merge: "merged",
}
"""Commands that make a status: sent again in that status with the same contents, they change nothing."""

HINTS: dict[type[c.Command], str] = {
    c.Close: "resolve it first",
    c.Revisit: "resolve it first",
    c.Reopen: "only a resolved or closed order can be reopened",
}


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
    if _recorded(fact, state):
        return []
    if isinstance(command, c.Receive) and state.version:
        raise AlreadyReceived(state.received.number)
    if _already_so(command, fact, state):
        return []
    _check_fields(command, state)
    status = state.standing_at(command.occurred_at).status
    if status == "absent" and state.version:
        status = "open"  # it happened before the desk registered the order: the first status is what it met
    if status not in PERMITTED[type(command)]:
        raise InvalidTransition(status, command.NAME.replace("_", " "), HINTS.get(type(command), ""))
    return [fact]


def decide_all(commands: list[c.Command], state: WorkOrder) -> list[Fact]:
    """Return the facts that several commands to one order lead to, each deciding on what the ones before it did."""
    facts: list[Fact] = []
    for command in commands:
        for fact in decide(command, state):
            state = evolve(state, fact)
            facts.append(fact)
    return facts


def _recorded(fact: Fact, state: WorkOrder) -> bool:
    """Whether the very same thing was recorded before; correlation and causation do not make it another."""
    ids = {"correlation_id": None, "causation_id": None}
    return any(
        type(old) is type(fact) and old.occurred_at == fact.occurred_at and {**old.__dict__, **ids} == {**fact.__dict__, **ids}
        for old in state.facts
    )


def _already_so(command: c.Command, fact: Fact, state: WorkOrder) -> bool:
    standing = state.standing_at(command.occurred_at)
    match command:
        case c.Pause(reason=reason):
            return reason in standing.waits
        case c.Resume(reason=None):
            return standing.status == "open"
        case c.Resume(reason=reason):
            return standing.status in UNDER_WAY and reason not in standing.waits
        case c.Classify() | c.Dispatch():
            latest = _latest(fact, state)
            return latest is not None and standing.status in UNDER_WAY and _details(latest) == _details(fact)
        case c.Resolve() | c.Close() | c.Cancel() | c.Merge() if standing.status == LEADS_TO[type(command)]:
            latest = _latest(fact, state)
            return latest is not None and _details(latest) == _details(fact)
        case _:
            return False


def _latest(fact: Fact, state: WorkOrder) -> Fact | None:
    """Return the latest fact of the same kind that occurred no later than `fact`."""
    same = [old for old in state.facts if type(old) is type(fact) and old.occurred_at <= fact.occurred_at]
    return max(same, key=lambda old: old.occurred_at, default=None)


STAMP = frozenset({"occurred_at", "by", "channel", "correlation_id", "causation_id"})


def _details(fact: Fact) -> dict[str, object]:
    return {name: value for name, value in fact.__dict__.items() if name not in STAMP}


def _check_fields(command: c.Command, state: WorkOrder) -> None:
    match command:
        case c.Dispatch(team=None, person=None, party=None):
            raise InvalidCommand("dispatch", "team, person and party", "are all missing; name at least one")
        case c.ApproveWaiver(by=None) | c.RefuseWaiver(by=None) | c.RequestWaiver(by=None):
            raise InvalidCommand(
                command.NAME.replace("_", " "), "by", "is missing; a waiver names the person who asks or decides"
            )
        case c.Correct():
            _check_correction(command, state)
        case _:
            pass


def _check_correction(command: c.Correct, state: WorkOrder) -> None:
    if command.version > state.version:
        raise InvalidCommand("correct", "version", f"is {command.version}, and the order has {state.version} facts")
    wrong = state.facts[command.version - 1]
    corrected(wrong, command.field, command.value)


def corrected(fact: Fact, field: str, value: object) -> Fact:
    """Return `fact` as if `field` (dotted for a field within) had always been `value`.

    Raises:
        InvalidCommand: the fact has no such field, or the value does not fit it.
    """
    whole = fact.model_dump(mode="json")
    inner, *rest = field.split(".")
    if inner not in whole:
        known = ", ".join(sorted(whole))
        raise InvalidCommand("correct", "field", f"'{field}' is not a field of {fact.NAME}; it has {known}")
    target = whole
    for name in rest:
        if not isinstance(target[inner], dict):
            target[inner] = {}
        target, inner = target[inner], name
    target[inner] = value
    try:
        return type(fact).model_validate(whole)
    except ValueError as error:
        raise InvalidCommand("correct", "value", f"does not fit {fact.NAME}.{field}") from error


__all__ = ["INITIAL", "PERMITTED", "corrected", "decide", "decide_all"]
