"""Stored facts as columns, quickly: facts that say the same, but for when they happened, are read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from pydantic_core import to_json

from slaengine.audit.history_schema import OWN, SHARED, arrow, schema
from slaengine.projections.case_file import micros, moment_of

if TYPE_CHECKING:
    import pyarrow as pa

STAMP = b'"occurred_at":"'
ENTRIES_MAX = 200_000
"""Different facts remembered; some hundred bytes each. Logs in which few repeat are read as quickly without."""
WORDS = ("fact", *SHARED, "community", "building", "fields")


class Stored(NamedTuple):
    """Stored facts, column by column: what a log gives, the order ids as 16 bytes."""

    position: Sequence[int]
    order_id: Sequence[bytes]
    version: Sequence[int]
    topic: Sequence[str]
    state: Sequence[bytes]
    recorded_at: Sequence[int]
    hash: Sequence[bytes]


class Entry(NamedTuple):
    """What facts that differ only in when they happened have in common."""

    words: tuple[str | None, ...]
    number: str | None
    due: int | None
    own: str | None


class Shaper:
    """Turns stored facts into tables of the history's columns. Keeps what it has read, so use one for a whole log."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, bytes, bytes], int] = {}
        self._entries: list[Entry] = []

    def table(self, facts: Stored, orders: Mapping[bytes, int]) -> pa.Table:
        """Return the facts as a table, in their order; `orders` gives the position of each order's first fact.

        Raises:
            CorruptFact: a fact cannot be read.
        """
        pa = arrow()
        if len(self._entries) > ENTRIES_MAX:
            self._places, self._entries = {}, []
        places, occurred = self._read(facts)
        order = np.fromiter(map(orders.__getitem__, facts.order_id), np.int64, len(facts.order_id))
        position = np.fromiter(facts.position, np.int64, len(order))
        taken = pa.array(places)
        columns = {
            "order": pa.array(order),
            "position": pa.array(position),
            "version": pa.array(facts.version, pa.int32()),
            "occurred_at": occurred,
            "recorded_at": pa.array(facts.recorded_at, pa.timestamp("us", tz="UTC")),
            "order_id": pa.array(facts.order_id, pa.binary(16), mask=order != position),
            "hash": pa.array(facts.hash, pa.binary(32)),
            **self._shared(taken),
        }
        return pa.table([columns[name] for name in schema().names], schema=schema())

    def _read(self, facts: Stored) -> tuple[np.ndarray[Any, Any], pa.Array]:
        """Return each fact's place among the entries, and when it occurred."""
        known, places, instants = self._places, [], []
        for topic, state, version in zip(facts.topic, facts.state, facts.version, strict=True):
            before, _, rest = state.partition(STAMP)
            instant, quote, after = rest.partition(b'"')
            key = (topic, before, after)
            place = known.get(key)
            if place is None or STAMP in after:
                place, instant = self._met(topic, state, version)
                if quote and STAMP not in after:
                    known[key] = place
            places.append(place)
            instants.append(instant)
        return np.array(places, np.int64), _instants(instants)

    def _met(self, topic: str, state: bytes, version: int) -> tuple[int, bytes]:
        """Read a fact that was not met before; return its place, and when it occurred as text."""
        moment = moment_of(topic, state, version, 0)
        self._entries.append(_entry(moment.name, dict(moment.fields)))
        return len(self._entries) - 1, str(np.datetime64(moment.occurred_at, "us")).encode() + b"Z"

    def _shared(self, taken: pa.Array) -> dict[str, pa.Array]:
        pa = arrow()
        words = zip(*(entry.words for entry in self._entries), strict=True)
        columns = {
            name: pa.array(list(column), schema().field(name).type).take(taken) for name, column in zip(WORDS, words, strict=True)
        }
        for name in ("number", "due", "own"):
            columns[name] = pa.array([getattr(entry, name) for entry in self._entries], schema().field(name).type).take(taken)
        return columns


def _instants(texts: list[bytes]) -> pa.Array:
    """Return ISO 8601 texts in UTC, as facts have them, as instants."""
    pa = arrow()
    import pyarrow.compute as pc  # noqa: PLC0415 (an extra)

    return pc.cast(pa.array(texts, pa.binary()).cast(pa.string()), pa.timestamp("us", tz="UTC"))


def _entry(name: str, fields: dict[str, Any]) -> Entry:
    place = fields.get("place") or {}
    given = fields.get("given_due") or {}
    words = (name, *(_word(fields.get(shared)) for shared in SHARED), place.get("community"), place.get("building"))
    own = {key: fields.pop(key) for key in OWN & fields.keys()}
    if "premises" in place:
        own["premises"] = place["premises"]
        fields["place"] = {key: value for key, value in place.items() if key != "premises"}
    number = own.pop("number", None)
    due = micros(datetime.fromisoformat(given["due"])) if "due" in given else None
    return Entry((*words, to_json(fields).decode()), number, due, to_json(own).decode() if own else None)


def _word(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)


def stored(facts: Iterable[Any]) -> Stored:
    """Return facts that came one by one as columns."""
    rows = [(f.position, f.order_id.bytes, f.version, f.topic, f.state, f.recorded_at, f.hash) for f in facts]
    return Stored(*zip(*rows, strict=True))
