"""Stored facts as typed ones, quickly: those that differ in nothing but when they occurred are validated once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from slaengine.audit.irregular import Known
from slaengine.domain.events import Fact, restored
from slaengine.errors import CorruptFact
from slaengine.projections.reading import KNOWN_MAX, STAMP
from slaengine.storage.fact_rows import FactRow
from slaengine.storage.mapper import FactMapper


class TypedFacts:
    """Reads facts as `FactMapper` does, concealed texts left so. Keeps what it has read, so use one for many."""

    def __init__(self) -> None:
        self._mapper = FactMapper()
        self._met: dict[tuple[str, bytes, bytes], Fact] = {}

    def known(self, facts: Sequence[FactRow]) -> Iterator[Known]:
        """Yield those of an order's facts that can be read."""
        for fact in facts:
            try:
                yield Known(fact[1], fact[4], self._typed(fact))
            except CorruptFact:
                continue  # whoever judges the order has named it already, or it only lacks what judging does not need

    def _typed(self, fact: FactRow) -> Fact:
        order_id, version, topic, state, _ = fact
        before, _, rest = state.partition(STAMP)
        instant, _, after = rest.partition(b'"')
        met = self._met.get((topic, before, after))
        if met is not None and (occurred_at := _utc(instant)) is not None:
            return restored(type(met), {**met.__dict__, "occurred_at": occurred_at})
        typed = self._mapper.fact_of(UUID(bytes=order_id), version, topic, state)
        if STAMP not in after:
            if len(self._met) >= KNOWN_MAX:
                self._met.clear()
            self._met[topic, before, after] = typed
        return typed


def _utc(text: bytes) -> datetime | None:
    """Return an instant written as facts have it, in UTC; None for another form."""
    if not text.endswith(b"Z"):
        return None
    try:
        return datetime.fromisoformat(text.decode()).replace(tzinfo=UTC)
    except ValueError:
        return None
