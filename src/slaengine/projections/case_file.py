"""The case file: one order's facts in compact form, without personal data. All figures are judged from it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from pydantic_core import from_json, to_json

from slaengine.domain.codec import BY_TOPIC, upcast
from slaengine.errors import CorruptFact
from slaengine.policies.moment import Moment
from slaengine.projections.personal import strip

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CaseFile:
    """An order and its facts as moments, in the order they were recorded; the first one is `received`."""

    order_id: UUID
    moments: tuple[Moment, ...]

    @property
    def number(self) -> str:
        """The order's readable number."""
        return str(self.moments[0].fields["number"])

    @property
    def version(self) -> int:
        """The number of facts the file holds."""
        return len(self.moments)

    def encode(self) -> bytes:
        """Return the file as compact JSON: `[[name, occurred µs, recorded µs, fields]…]`; the version is the place."""
        return to_json([(m.name, m.occurred_at, m.recorded_at, m.fields) for m in self.moments])

    @classmethod
    def decode(cls, order_id: UUID, content: bytes) -> CaseFile:
        """Return the file that `encode` wrote."""
        rows = enumerate(from_json(content), 1)
        return cls(order_id, tuple(Moment(name, occurred, recorded, v, fields) for v, (name, occurred, recorded, fields) in rows))

    def plus(self, moments: Iterable[Moment]) -> CaseFile:
        """Return the file with further moments; those it already holds (by version) change nothing.

        Raises:
            CorruptFact: a version is missing in between.
        """
        whole = list(self.moments)
        for moment in moments:
            if moment.version == len(whole) + 1:
                whole.append(moment)
            elif moment.version > len(whole):
                raise CorruptFact(f"work order {self.order_id}: fact {len(whole) + 1} is missing before fact {moment.version}")
        return CaseFile(self.order_id, tuple(whole))


def moment_of(topic: str, state: bytes, version: int, recorded_at: int) -> Moment:
    """Return a stored fact of a work order as a moment: upcast to today's shape, personal fields left out.

    Raises:
        CorruptFact: the topic is unknown, or the content is not a fact's.
    """
    try:
        shape: dict[str, Any] = from_json(state)
        if topic not in BY_TOPIC:
            topic, shape = upcast(topic, shape)
        occurred_at = micros(datetime.fromisoformat(shape.pop("occurred_at")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptFact(f"a stored {topic} cannot be read: its content is not of that shape") from error
    return Moment(BY_TOPIC[topic].NAME, occurred_at, recorded_at, version, strip(topic, shape))


def micros(instant: datetime) -> int:
    """Return an aware instant as µs since the epoch, UTC; exact."""
    since = instant - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
