"""A fact as a message: CloudEvents 1.0 in Kafka's binary binding, attributes in headers and the fact as JSON in the body.

| header | what |
| --- | --- |
| `ce_specversion` | `1.0` |
| `ce_id` | `ORDER-ID:VERSION`: the same fact has the same id, however often it is sent |
| `ce_type` | `slaengine.` and the fact's type with its version, such as `slaengine.work_order.received.v1` |
| `ce_source` | the log it comes from |
| `ce_subject` | the order's readable number |
| `ce_time` | when it occurred |
| `ce_recordedtime` | when it was recorded |
| `ce_sequence` | its position in the source's log, from 1 |
| `ce_version` | its number in its order, from 1 |
| `ce_hash` | its hash in the source's chain, hexadecimal |
| `ce_correlationid`, `ce_causationid` | where the fact has them |
| `content-type` | `application/json` |
"""

from __future__ import annotations

from binascii import hexlify
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import repeat
from operator import add
from typing import NamedTuple
from uuid import UUID

from pydantic_core import from_json, to_json

from slaengine.domain.codec import BY_TOPIC, upcast
from slaengine.projections.personal import PERSONAL, strip
from slaengine.storage.fact_rows import LogRow
from slaengine.storage.log import StoredFact
from slaengine.streaming.port import Headers, Message, Messages

TYPE_PREFIX = "slaengine."
JSON = b"application/json"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LINKS = ("correlation_id", "causation_id")
LINKED = b'ation_id":'
"""What both names end in: most facts have neither."""
OCCURRED = b'"occurred_at":"'
_PERSONAL_NAMES = {topic: tuple(f'"{path[-1]}":'.encode() for path in paths) for topic, paths in PERSONAL.items()}
"""The names without which a fact of a topic holds nothing personal: most facts need not be taken apart."""


class Address(NamedTuple):
    """Under what an order's messages go.

    `subject` is the header with its readable number (what has none, a policy say, goes by its id), `prefix` what its facts' ids
    begin with; `partition` None lets Kafka's own rule choose.
    """

    subject: tuple[str, bytes]
    prefix: bytes
    key: bytes
    partition: int | None

    @classmethod
    def of(cls, subject: bytes, key: bytes, partition: int | None) -> Address:
        """Return the address of the order with this number and key."""
        return cls(("ce_subject", subject), key + b":", key, partition)


class Envelope:
    """Makes messages of the facts of one log.

    `source` names the log. `personal` True carries personal fields as they stand in the log; otherwise they are left out.
    """

    def __init__(self, source: str, topic: str, *, personal: bool = False) -> None:
        self._topic, self._personal = topic, personal
        self._specversion = ("ce_specversion", b"1.0")
        self._source = ("ce_source", source.encode())
        self._content = ("content-type", JSON)

    def message(self, stored: StoredFact, subject: bytes, key: bytes, partition: int | None) -> Message:
        """Return the message for a stored fact; `subject` is its order's number.

        Raises:
            CorruptFact: the fact is of a newer version, of which we cannot tell what is personal.
        """
        order = stored.order_id.bytes
        return self.messages([(stored.position, order, *stored[2:])], {order: Address.of(subject, key, partition)})[0]

    def messages(self, facts: Sequence[LogRow], addresses: Mapping[bytes, Address]) -> Messages:
        """Return the messages for facts of the log.

        Raises:
            CorruptFact: as `message`.
        """
        if not facts:
            return Messages.of(())
        positions, orders, versions, stored_as, kept, recorded, links = zip(*facts, strict=True)
        subjects, prefixes, keys, partitions = zip(*map(addresses.__getitem__, orders), strict=True)
        topics, states = self._as_sent(stored_as, kept)
        columns = [  # a loop over the facts takes twice as long
            repeat(self._specversion),
            zip(repeat("ce_id"), map(add, prefixes, map(_DIGITS.__getitem__, versions))),
            map(_TYPES.__getitem__, topics),
            repeat(self._source),
            subjects,
            zip(repeat("ce_time"), _occurred(states)),
            map(_recorded, recorded),
            zip(repeat("ce_sequence"), _numbers(positions)),
            map(_VERSIONS.__getitem__, versions),
            repeat(self._content),
        ]
        if all(links):
            columns.append(zip(repeat("ce_hash"), map(hexlify, links)))
        headers = list(map(list, zip(*columns, strict=False)))  # some of them have no end
        if not all(links) or LINKED in b"".join(states):
            self._add_rare(headers, states, links)
        return Messages([self._topic] * len(keys), keys, states, headers, partitions)

    def _add_rare(self, headers: list[Headers], states: Sequence[bytes], links: Sequence[bytes]) -> None:
        """Add what not every fact has: a hash, if some have none, and what it is linked to."""
        whole = all(links)
        for some, state, link in zip(headers, states, links, strict=True):
            if link and not whole:
                some.append(("ce_hash", link.hex().encode()))
            if LINKED in state:
                some.extend(_links(state))

    def _as_sent(self, topics: Sequence[str], states: Sequence[bytes]) -> tuple[Sequence[str], Sequence[bytes]]:
        """Return types and bodies in today's shape, without what is personal unless that is let through."""
        if not BY_TOPIC.keys() >= set(topics):
            topics, states = zip(*map(_today, topics, states), strict=True)
        names: Mapping[str, tuple[bytes, ...]] = {} if self._personal else _PERSONAL_NAMES
        telling = [n for n, topic in enumerate(topics) if topic in names for name in names[topic] if name in states[n]]
        if telling:
            states = list(states)
            for n in dict.fromkeys(telling):
                states[n] = to_json(strip(topics[n], from_json(states[n])))
        return topics, states


def _today(topic: str, state: bytes) -> tuple[str, bytes]:
    """Return a fact's type and body in today's shape."""
    if topic in BY_TOPIC:
        return topic, state
    topic, shape = upcast(topic, from_json(state))
    return topic, to_json(shape)


def key_of(order_id: UUID) -> bytes:
    """Return the key under which an order's facts stand."""
    return str(order_id).encode()


def keys_of(order_ids: Sequence[bytes]) -> list[bytes]:
    """Return the key of each order, as `key_of` does, by their ids as 16 bytes."""
    digits = [order_id.hex() for order_id in order_ids]
    return [f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}".encode() for h in digits]


def _numbers(numbers: Sequence[int]) -> list[bytes]:
    """Return numbers in decimal: all by one step of Python's."""
    return str(list(numbers))[1:-1].encode().split(b", ")


class _Digits(dict[int, bytes]):
    """Small numbers in decimal, each written once."""

    def __missing__(self, number: int) -> bytes:
        made = self[number] = b"%d" % number
        return made


class _Versions(dict[int, tuple[str, bytes]]):
    """The header of each version, made once."""

    def __missing__(self, version: int) -> tuple[str, bytes]:
        made = self[version] = ("ce_version", _DIGITS[version])
        return made


_DIGITS, _VERSIONS = _Digits(), _Versions()
_TYPES = {topic: ("ce_type", f"{TYPE_PREFIX}{topic}".encode()) for topic in BY_TOPIC}


def _occurred(states: Sequence[bytes]) -> Sequence[bytes]:
    """Return the instants of occurrence as they stand in the JSON of facts.

    Inside a text a quotation mark is escaped, so the name that is looked for stands only where it is a name; it is the fact's
    own when nothing is nested between it and the end.
    """
    tails = [state.rpartition(OCCURRED)[2] for state in states]  # the whole, with its brace, where it is not found
    joined = b"".join(tails)
    if b"{" not in joined and joined.count(b"}") == len(states):
        return [tail.partition(b'"')[0] for tail in tails]
    return [str(from_json(state)["occurred_at"]).encode() for state in states]


def instant_text(micros: int) -> str:
    """Return an instant (µs UTC) as RFC 3339 text."""
    second, rest = divmod(micros, 1_000_000)
    return f"{_second(second)}.{rest:06d}Z" if rest else f"{_second(second)}Z"


@lru_cache(1_000)
def _second(second: int) -> str:
    return (EPOCH + timedelta(seconds=second)).isoformat().removesuffix("+00:00")


@lru_cache(1_000)
def _recorded(micros: int) -> tuple[str, bytes]:
    return "ce_recordedtime", instant_text(micros).encode()


def _links(state: bytes) -> list[tuple[str, bytes]]:
    shape = from_json(state)
    return [(f"ce_{name.replace('_', '')}", shape[name].encode()) for name in LINKS if name in shape]
