"""A stretch of a log, packed: its columns as few long texts, as a database joins them up faster than it hands over rows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from slaengine.audit.shapes import Stored

NEWLINE = b"\n"


class Packed(NamedTuple):
    """So many facts column by column, every column in the same order of facts.

    `states` and `order_ids` stand without anything between, the latter 16 bytes each; `topics` has a newline between, the
    numbers, in decimal, a comma. `lengths` are those of the states, in bytes; `recorded_at` is µs since the epoch, UTC.
    """

    facts: int
    positions: bytes
    order_ids: bytes
    versions: bytes
    topics: bytes
    states: bytes
    lengths: bytes
    recorded_at: bytes


class PackedLog(Protocol):
    """The log, as far as a replay reads it without writing a history."""

    def packed(self, after: int, last: int, /) -> Packed:
        """Return the facts at the positions behind `after` up to `last`."""

    def head(self) -> Any:
        """Return the end of the log; its `position` is the last one."""

    def columns(self, after: int, limit: int, /) -> Stored | None:
        """Return up to `limit` facts behind position `after`, in order of position; None when there are none."""

    def facts_of_many(self, order_ids: Collection[UUID], /) -> Any:
        """Return the facts of each of these orders in order of version."""


def packed_of(facts: Stored | None, last: int | None = None) -> Packed:
    """Return facts that came column by column in this form, up to the position `last`."""
    if facts is not None and last is not None:
        facts = Stored._make([column[: bisect_right(facts.position, last)] for column in facts])
    if facts is None or not facts.position:
        return Packed(0, *[b""] * 7)
    states = [state if isinstance(state, bytes) else str(state).encode() for state in facts.state]
    return Packed(
        len(states),
        _numbers(facts.position),
        b"".join(facts.order_id),
        _numbers(facts.version),
        NEWLINE.join([topic.encode() for topic in facts.topic]),
        b"".join(states),
        _numbers(list(map(len, states))),
        _numbers(facts.recorded_at),
    )


def _numbers(numbers: Sequence[int]) -> bytes:
    return ",".join(map(str, numbers)).encode()
