"""Facts as they come from the stream: one message at a time, or many at once, column by column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache, partial
from itertools import repeat
from operator import itemgetter
from typing import NamedTuple
from uuid import UUID

from slaengine.domain.codec import BY_TOPIC, decode
from slaengine.domain.events import Fact
from slaengine.errors import UnreadableMessage
from slaengine.storage.log import StoredFact
from slaengine.streaming.envelope import EPOCH, TYPE_PREFIX
from slaengine.streaming.port import Record

MICROSECOND = timedelta(microseconds=1)


class StreamedFact(NamedTuple):
    """A fact as it was read from the stream.

    `topic`, `partition` and `offset` say where it was read, `type` is the fact's type with its version without the prefix
    `slaengine.`; `position` counts the source's log, `version` the order; `recorded_at` is µs since the epoch, UTC.
    `skipped`: a person decided to go on without it; `state` may then be empty. `hash` is the fact's in the source's chain; empty
    where the publisher did not tell it yet.
    """

    source: str
    position: int
    order_id: UUID
    number: str
    version: int
    type: str
    state: bytes
    recorded_at: int
    topic: str = ""
    partition: int = 0
    offset: int = 0
    skipped: bool = False
    hash: bytes = b""

    @property
    def fact(self) -> Fact:
        """The fact itself, typed. What the stream leaves out, because it is personal, is None.

        Raises:
            CorruptFact: this version of slaengine does not know the type, or the body is not of its shape.
        """
        return decode(self.type, self.state)

    @property
    def known(self) -> bool:
        """Whether this version of slaengine knows what kind of fact it is, whatever the version of its shape."""
        return is_known(self.type)

    @property
    def usable(self) -> bool:
        """Whether it is to be handled, rather than passed over."""
        return self.known and not self.skipped

    def stored(self) -> StoredFact:
        """Return it as a reader of the log would see it."""
        return StoredFact(self.position, self.order_id, self.version, self.type, self.state, self.recorded_at, self.hash)


Unreadable = tuple[Record, UnreadableMessage]
"""A record that carries no fact, with the reason."""

_STREAMED = partial(tuple.__new__, StreamedFact)
_MALFORMED = (ValueError, TypeError, AttributeError)
"""What comes of a header's value that is no number, no text, or null."""
_HEADERS = itemgetter(
    *("ce_specversion", "ce_source", "ce_sequence", "ce_subject", "ce_version", "ce_type", "ce_recordedtime", "ce_hash")
)


def read(record: Record) -> StreamedFact:
    """Return the fact that a message carries.

    Raises:
        UnreadableMessage: a header is missing or malformed, or the body is not a JSON object.
    """
    headers = dict(record.headers)
    topic, partition, offset, key, value, *_ = record
    state = value or b""
    try:
        version = int(headers["ce_version"])
        streamed = _STREAMED(
            (
                _text(headers["ce_source"]),
                int(headers["ce_sequence"]),
                _order_id(key or b""),
                _text(headers["ce_subject"]),
                version,
                _type_of(headers["ce_type"]),
                state,
                _micros(headers["ce_recordedtime"]),
                *(topic, partition, offset, False),
                bytes.fromhex(headers.get("ce_hash", b"").decode()),
            )
        )
    except KeyError as error:
        raise _unreadable(record, f"header {error} is missing") from error
    except _MALFORMED as error:
        raise _unreadable(record, "a header or its key is malformed") from error
    if headers.get("ce_specversion") != b"1.0":
        raise _unreadable(record, "ce_specversion is not 1.0")
    if version < 1 or not state.startswith(b"{"):
        raise _unreadable(record, "the body is not a JSON object, or ce_version is below 1")
    return streamed


def read_many(records: Iterable[Record]) -> tuple[list[StreamedFact], list[Unreadable]]:
    """Return the facts that records carry, and the records that cannot be read."""
    some = list(records)
    with suppress(KeyError, *_MALFORMED):
        return _in_columns(some), []
    facts: list[StreamedFact] = []
    unreadable: list[Unreadable] = []
    for record in some:
        try:
            facts.append(read(record))
        except UnreadableMessage as error:
            unreadable.append((record, error))
    return facts, unreadable


def _in_columns(records: Sequence[Record]) -> list[StreamedFact]:
    """Return the facts of records that `read` would read without a word, and that have a hash; at a third of the cost.

    Raises:
        KeyError, ValueError, TypeError, AttributeError: one of them is another.
    """
    if not records:
        return []
    topics, partitions, offsets, keys, states, headers, _ = zip(*records, strict=True)
    spec, sources, positions, numbers, counted, types, recorded, hashes = zip(
        *[_HEADERS(dict(named)) for named in headers], strict=True
    )
    versions = list(map(int, counted))
    if set(spec) != {b"1.0"} or min(versions) < 1 or not all([state[:1] == b"{" for state in states]):  # noqa: C419 (quicker)
        raise ValueError
    columns = zip(
        *(map(_text, sources), map(int, positions), map(_order_id, keys), map(_text, numbers), versions),
        *(map(_type_of, types), states, map(_micros, recorded), topics, partitions, offsets, repeat(False)),
        map(bytes.fromhex, map(bytes.decode, hashes)),
        strict=False,  # one has no end
    )
    return list(map(_STREAMED, columns))


@lru_cache(10_000)
def _text(value: bytes) -> str:
    return value.decode()


@lru_cache(1_000)
def _type_of(value: bytes) -> str:
    return value.decode().removeprefix(TYPE_PREFIX)


@lru_cache(10_000)
def _order_id(key: bytes) -> UUID:
    """Return the order's id; its facts come close together, and reading an id costs as much as the rest of the message."""
    return UUID(key.decode())


@lru_cache(1_000)
def _micros(instant: bytes) -> int:
    return (datetime.fromisoformat(instant.decode()) - EPOCH) // MICROSECOND


def _unreadable(record: Record, why: str) -> UnreadableMessage:
    return UnreadableMessage(f"the message at {record.topic}, partition {record.partition}, offset {record.offset}: {why}")


def order_of(record: Record) -> tuple[UUID | None, int | None]:
    """Return the order and version of a message that cannot be read, as far as they can be told."""
    order_id, version = None, None
    with suppress(ValueError):
        order_id = UUID((record.key or b"").decode())
    with suppress(KeyError, *_MALFORMED):
        version = int(dict(record.headers)["ce_version"])
    return order_id, version


def _name(topic: str) -> str:
    return topic.rpartition(".v")[0]


_KNOWN = {_name(topic) for topic in BY_TOPIC}


@lru_cache(1_000)
def is_known(topic: str) -> bool:
    """Tell whether this version of slaengine knows what kind of fact a topic is of, whatever the version of its shape."""
    return _name(topic) in _KNOWN
