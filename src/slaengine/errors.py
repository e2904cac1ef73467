"""The tree of errors: every failure a user can meet has a name here.

SlaEngineError
├── WorkOrderError          a command was refused; nothing was recorded
│   ├── UnknownWorkOrder
│   ├── AlreadyReceived
│   ├── InvalidTransition
│   ├── InvalidCommand
│   ├── CommandIdReused
│   ├── NumberTaken
│   └── FutureFact
├── PolicyError             a promise or calendar that cannot be used
│   ├── CalendarError
│   │   └── NoOpenTime
│   └── UnknownPolicy
├── ConcurrencyError        other writers were quicker, too often; try again
│   └── Overtaken
├── StorageError            the store cannot be opened, read or written
│   └── CorruptFact
├── ImportingError          a file or mapping that cannot be read
├── StreamingError          Kafka, its topics or its messages
│   ├── DeliveryFailed
│   ├── LeaseLost
│   └── UnreadableMessage
├── AuditError              history that does not hold together
├── MissingExtra            an optional part is not installed
└── UsageError              the question itself makes no sense
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from difflib import get_close_matches


def nearest(word: str, valid: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the valid word closest to `word`, or an empty string when none is close."""
    close = get_close_matches(word, list(valid), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""


class SlaEngineError(Exception):
    """Base of every error that slaengine raises on purpose; its text is one sentence for a person."""


class WorkOrderError(SlaEngineError):
    """A command was refused; nothing was recorded."""


class UnknownWorkOrder(WorkOrderError):
    """No work order has this id or number."""

    def __init__(self, order: str) -> None:
        super().__init__(f"no work order '{order}' in this store; `slaengine orders` lists what is there")
        self.order = order


class AlreadyReceived(WorkOrderError):
    """The work order exists and was received with other contents."""

    def __init__(self, number: str) -> None:
        super().__init__(f"work order {number} was already received with other contents; use `correct` to mend a field")
        self.number = number


class InvalidTransition(WorkOrderError):
    """The work order's status, at the time the command says it happened, does not permit the command.

    `number` is None for an order that was never received.
    """

    def __init__(self, status: str, command: str, hint: str, *, number: str | None, at: datetime) -> None:
        standing = f"work order {number} was {status} at {at:%Y-%m-%dT%H:%M:%SZ}" if number else "there is no such work order"
        super().__init__(f"cannot {command}: {standing}; {hint}")
        self.status, self.command, self.number, self.at = status, command, number, at


class InvalidCommand(WorkOrderError):
    """The command's own fields cannot be used."""

    def __init__(self, command: str, field: str, problem: str) -> None:
        super().__init__(f"cannot {command}: {field} {problem}")
        self.command, self.field, self.problem = command, field, problem


class CommandIdReused(WorkOrderError):
    """The command id was used before, for another command."""

    def __init__(self, command_id: str) -> None:
        super().__init__(f"command id '{command_id}' already stands for another command; give each command an id of its own")
        self.command_id = command_id


class NumberTaken(WorkOrderError):
    """Another work order carries this number."""

    def __init__(self, number: str) -> None:
        super().__init__(f"number '{number}' belongs to another work order; numbers are unique")
        self.number = number


class FutureFact(WorkOrderError):
    """The fact is said to occur later than now, beyond the allowed clock skew."""

    def __init__(self, occurred_at: str, now: str) -> None:
        super().__init__(f"cannot record what has not happened: it is said to occur at {occurred_at}, and it is {now}")
        self.occurred_at, self.now = occurred_at, now


class PolicyError(SlaEngineError):
    """A policy that cannot be used; the message names file, line, column and field where they are known."""


class CalendarError(PolicyError):
    """A calendar that cannot be used, or a question that it cannot answer.

    `fields` are the paths of the fields at fault, such as `("weekly", "mon", 0)`; empty when it is the question.
    """

    def __init__(self, message: str, fields: tuple[tuple[str | int, ...], ...] = ()) -> None:
        super().__init__(message)
        self.fields = fields


class NoOpenTime(CalendarError):
    """The calendar never opens, in the direction that was asked."""


class UnknownPolicy(PolicyError):
    """No policy of this name or version is shipped or published."""


class ConcurrencyError(SlaEngineError):
    """Other writers got in first, more often than we retry; sending the command again is safe."""


class Overtaken(ConcurrencyError):
    """Between reading and writing, another writer recorded facts of the same order, or took the same number or command id."""


class StorageError(SlaEngineError):
    """The store cannot be opened, read or written."""


class CorruptFact(StorageError):
    """A stored fact cannot be read back: damaged, or written by a newer version."""


class ImportingError(SlaEngineError):
    """A file or mapping that cannot be imported."""


class StreamingError(SlaEngineError):
    """Kafka, a topic or a message that cannot be used."""


class DeliveryFailed(StreamingError):
    """A message was not acknowledged; it may or may not have arrived, and sending it again is safe."""


class LeaseLost(StreamingError):
    """Another publisher has taken over; this one must stop."""

    def __init__(self, topic: str) -> None:
        super().__init__(f"another publisher has taken over topic {topic}; this one stops sending")
        self.topic = topic


class UnreadableMessage(StreamingError):
    """A message is not one of the contract: a header is missing or malformed, or the body is not of its schema."""


class AuditError(SlaEngineError):
    """A history, proof or seal that does not hold together."""


class MissingExtra(SlaEngineError):
    """An optional part of slaengine is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional part: pip install 'slaengine[{extra}]'")
        self.what, self.extra = what, extra


class UsageError(SlaEngineError):
    """The question makes no sense as asked; the message says what would."""
