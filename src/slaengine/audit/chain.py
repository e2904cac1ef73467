"""The hash chain over the log: each fact's hash covers its content and the hash before it.

Nothing but the standard library, so that anybody can recompute it. For the fact at one position:

    sha256(DOMAIN ‖ previous hash ‖ order id ‖ position ‖ version ‖ recorded_at ‖ len(topic) ‖ topic ‖ len(state) ‖ state)

The previous hash of position 1 is `GENESIS`. The order id is the UUID's 16 bytes; numbers are 8 bytes, big-endian
(signed); topic is UTF-8; state is the stored bytes as they are. Every part has a fixed length or stands behind its own,
so no two facts share an encoding.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from struct import Struct
from struct import error as StructError  # noqa: N812 (a class)
from typing import Protocol
from uuid import UUID

DOMAIN = b"slaengine.fact.v1\x00"
GENESIS = bytes(32)
"""The hash before the first fact."""

_BEFORE_TOPIC = Struct(">16sqqqq").pack
_LENGTH = Struct(">q").pack


class Link(Protocol):
    """A stored fact, as far as the chain sees it. `recorded_at` is µs since the epoch, UTC."""

    @property
    def position(self) -> int: ...  # noqa: D102  each is a column of the log
    @property
    def order_id(self) -> UUID: ...  # noqa: D102
    @property
    def version(self) -> int: ...  # noqa: D102
    @property
    def topic(self) -> str: ...  # noqa: D102
    @property
    def state(self) -> bytes: ...  # noqa: D102
    @property
    def recorded_at(self) -> int: ...  # noqa: D102
    @property
    def hash(self) -> bytes: ...  # noqa: D102


class Columns(Protocol):
    """Stored facts, column by column, the order ids as 16 bytes."""

    @property
    def position(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def order_id(self) -> Sequence[bytes]: ...  # noqa: D102
    @property
    def version(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def topic(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def state(self) -> Sequence[bytes]: ...  # noqa: D102
    @property
    def recorded_at(self) -> Sequence[int]: ...  # noqa: D102
    @property
    def hash(self) -> Sequence[bytes]: ...  # noqa: D102


def link_hash(  # noqa: PLR0913, PLR0917  (each is a column; an object around them would double the cost)
    previous: bytes, position: int, order_id: UUID, version: int, recorded_at: int, topic: str, state: bytes
) -> bytes:
    """Return the 32 bytes that chain this fact to the one before it, whose hash is `previous`."""
    return link_bytes_hash(previous, position, order_id.bytes, version, recorded_at, topic.encode(), state)


def link_bytes_hash(  # noqa: PLR0913, PLR0917  (as above)
    previous: bytes, position: int, order_id: bytes, version: int, recorded_at: int, topic: bytes, state: bytes
) -> bytes:
    """Return the same as `link_hash`, for whoever has the order's id and the topic as bytes already."""
    numbers = _BEFORE_TOPIC(order_id, position, version, recorded_at, len(topic))
    return sha256(b"".join((DOMAIN, previous, numbers, topic, _LENGTH(len(state)), state))).digest()


def expected_hash(previous: bytes, fact: Link) -> bytes | None:
    """Return the hash that `fact` must have behind `previous`; None when a column does not even hold its type of value."""
    try:
        return link_hash(previous, fact.position, fact.order_id, fact.version, fact.recorded_at, fact.topic, fact.state)
    except (TypeError, AttributeError, StructError):  # SQLite keeps text in a column of bytes, if told to
        return None


def verify(facts: Iterable[Link], *, previous: bytes = GENESIS, after: int = 0) -> int | None:
    """Return the first position at which the chain does not hold, or None when it holds throughout.

    Args:
        facts: in order of position, the first at `after` + 1.
        previous: the hash of the fact at `after`, known from elsewhere; GENESIS for the whole log.
        after: the position before the first fact.

    A missing or repeated position is bad where it should have stood. Facts taken off the end leave a chain that holds:
    compare the last hash with a head or checkpoint kept elsewhere.
    """
    expected = after
    for fact in facts:
        expected += 1
        if fact.position != expected:
            return expected
        computed = expected_hash(previous, fact)
        if computed != fact.hash:
            return expected
        previous = fact.hash
    return None


def verify_columns(facts: Columns, *, previous: bytes = GENESIS, after: int = 0) -> int | None:
    """Return the same as `verify`, for facts that came as columns: order ids as 16 bytes."""
    topics: dict[str, bytes] = {}
    rows = zip(
        facts.position, facts.order_id, facts.version, facts.topic, facts.state, facts.recorded_at, facts.hash, strict=True
    )
    try:
        for expected, (position, order_id, version, topic, state, recorded_at, known) in enumerate(rows, after + 1):
            name = topics.get(topic)
            if name is None:
                name = topics[topic] = topic.encode()
            if position != expected or known != link_bytes_hash(previous, position, order_id, version, recorded_at, name, state):
                return expected
            previous = known
    except (TypeError, AttributeError, StructError):
        return expected
    return None
