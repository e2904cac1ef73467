"""Stored facts as moments, quickly: facts that say the same, but for when they occurred, are read once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from slaengine.domain.events import Received
from slaengine.policies.moment import Moment
from slaengine.projections.case_file import micros, moment_of

STAMP = b'"occurred_at":"'
KNOWN_MAX = 20_000
"""Different facts remembered, some hundred bytes each; then it begins anew."""


class Reader:
    """Reads facts as `moment_of` does. Keeps what it has read, so use one for many facts; not for several threads."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, bytes, bytes], tuple[str, Mapping[str, Any]]] = {}

    def moment(self, topic: str, state: bytes, version: int, recorded_at: int) -> Moment:
        """Return a stored fact of a work order as a moment; its fields may be shared with other moments.

        Raises:
            CorruptFact: the topic is unknown, or the content is not a fact's.
        """
        before, _, rest = state.partition(STAMP)
        instant, _, after = rest.partition(b'"')
        known = self._known.get((topic, before, after))
        if known is not None:
            try:
                occurred_at = micros(datetime.fromisoformat(instant.decode()))
            except (ValueError, TypeError):
                return moment_of(topic, state, version, recorded_at)
            return Moment(known[0], occurred_at, recorded_at, version, known[1])
        moment = moment_of(topic, state, version, recorded_at)
        if topic != Received.TOPIC and STAMP not in after:  # no two receipts are alike: each holds its number
            if len(self._known) >= KNOWN_MAX:
                self._known.clear()
            self._known[topic, before, after] = moment.name, moment.fields
        return moment
