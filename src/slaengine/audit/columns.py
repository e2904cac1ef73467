"""A history's rows as the kernel's columns: names are looked up once for each different fact, not once for each fact.

What `policies.prepare` does order by order in Python is done here for whole buckets in compiled loops. Orders that need
more than a look-up, because a fact of theirs was corrected or an edition took their clocks over, go through
`policies.prepare` itself.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from slaengine.audit.filling import (
    DISPATCH,
    DONE_WIDTH,
    ENTRIES,
    EVER,
    KNOWN,
    ORDERS,
    PART,
    PLAIN,
    RECEIPT,
    SPECIAL,
    UNKNOWN,
    Filled,
    Shapes,
    Source,
    filling,
)
from slaengine.audit.history_schema import OWN
from slaengine.policies import tables as t
from slaengine.policies.compile import EVERY_REASON, Compiled
from slaengine.policies.compiled import BITS
from slaengine.policies.prepare import LIFE
from slaengine.projections.case_file import micros

if TYPE_CHECKING:
    import pyarrow as pa

Ints = NDArray[np.int64]

TRANSITIONS_MAX = 20_000_000
"""Entries of the table of profiles by facts: beyond that the orders differ too much for tables to pay."""


class Codes(NamedTuple):
    """A column of words: `words[codes[i]]` is that of row i."""

    codes: Ints
    words: list[str]

    def rows(self, wanted: Collection[str]) -> Ints:
        """Return the rows that hold one of these words."""
        chosen = np.array([word in wanted for word in self.words], np.bool_)
        return np.flatnonzero(chosen[self.codes]) if chosen.any() else np.empty(0, np.int64)


class Prepared(NamedTuple):
    """A bucket's facts as columns, in whole orders.

    Order n has the entries `[bounds[n], bounds[n + 1])` and began at position `order[n]`; `row` is the entry's row in the
    bucket. `special` are the rows of the orders that are left to `policies.prepare`, `facts` the words of all rows.
    """

    times: Ints
    hits: Ints
    life: Ints
    detail: Ints
    profile: Ints
    row: Ints
    bounds: Ints
    order: Ints
    special: NDArray[np.bool_]
    facts: Codes


class Preparer:
    """Prepares buckets for one policy. Not for use by several threads.

    Args:
        compiled: the policy's tables; profiles are added to them.
        as_of, known_at: leave out what occurred, or was recorded, after this instant (µs); None leaves out nothing.
    """

    def __init__(self, compiled: Compiled, as_of: int | None, known_at: int | None) -> None:
        self._compiled = compiled
        self._limits = np.array([EVER if as_of is None else as_of, EVER if known_at is None else known_at], np.int64)
        self._repins = np.array([e.holds_from for e in compiled.editions if e.repins], np.int64)
        self._reasons: dict[str, int] = dict(compiled.reasons)
        self._parts: dict[tuple[Any, ...], int] = {(): 0}
        self._room = Filled.room(0)
        self._columns: dict[tuple[str, str], tuple[int, ...]] = {}

    def fits(self) -> bool:
        """Whether the policy can be looked up like this: its triggers ask for nothing that differs from fact to fact."""
        asked: set[str] = {condition.field for trigger in self._compiled.triggers for condition in trigger.conditions}
        return not asked & OWN and bool(self._compiled.bits <= BITS)

    def prepare(self, table: pa.Table) -> Prepared | None:
        """Return the rows of a bucket, prepared; None when they differ too much and must go the other way.

        The table may lack `recorded_at` when no `known_at` is asked for.
        """
        facts, fields = _codes(table["fact"]), _codes(table["fields"])
        shape = facts.codes * len(fields.words) + fields.codes
        shapes = self._shapes(shape, facts.words, fields.words)
        if shapes is None:
            return None
        occurred = _ints(table["occurred_at"])
        recorded = _ints(table["recorded_at"]) if "recorded_at" in table.column_names else occurred
        source = Source(_ints(table["order"]), occurred, recorded, shape)
        filled, done = self._filled(len(shape)), np.zeros(DONE_WIDTH, np.int64)
        following = self._transitions()
        run = filling()
        while not run(source, shapes, following, self._limits, self._repins, filled, done):
            following = self._learn(following, int(done[KNOWN]), int(done[PART]))
            if following.size > TRANSITIONS_MAX:
                return None
        entries, orders = int(done[ENTRIES]), int(done[ORDERS])
        columns = [*(column[:entries] for column in filled[:5]), filled.row[:entries]]
        special = filled.special[: len(shape)].astype(np.bool_)
        return Prepared._make([*columns, filled.bounds[: orders + 1], filled.kept[:orders], special, facts])

    def _filled(self, rows: int) -> Filled:
        """Return room for so many rows, the same as before where that is enough: what is prepared holds until the next time."""
        if len(self._room.times) < rows:
            self._room = Filled.room(rows)
        self._room.special[:rows] = 0
        return self._room

    # ---- facts by shape

    def _shapes(self, shape: Ints, facts: list[str], fields: list[str]) -> Shapes | None:
        """Return the look-up table of the shapes that occur; None when there are too many pause reasons for bits."""
        present = np.zeros(len(facts) * len(fields), np.bool_)
        present[shape] = True
        codes = np.flatnonzero(present)
        columns = np.zeros((len(Shapes._fields), len(present)), np.int64)
        places = [divmod(code, len(fields)) for code in codes.tolist()]
        columns[:, codes] = np.array([self._column(facts[fact], fields[said]) for fact, said in places], np.int64).T
        return Shapes._make(columns) if len(self._reasons) <= BITS else None

    def _column(self, name: str, text: str) -> tuple[int, ...]:
        """Return what a fact of this name, with these fields as JSON, is to the kernel: the fields of `Shapes`."""
        column = self._columns.get((name, text))
        if column is None:
            said = from_json(text)
            detail = self._reason(said.get("reason")) if name in ("paused", "resumed") else 0
            column = (_how(name), self._hits(name, said), LIFE.get(name, t.NOTHING), detail, self._part(name, said))
            self._columns[name, text] = column
        return column

    def _hits(self, name: str, said: dict[str, Any]) -> int:
        hits = 0
        for trigger, bit in self._compiled.triggers.items():
            if trigger.hit_by(name, said):
                hits |= 1 << bit
        return hits

    def _reason(self, reason: str | None) -> int:
        if reason is None:
            return EVERY_REASON
        number = self._reasons.setdefault(reason, len(self._reasons))
        return 1 << min(number, BITS)

    # ---- what an order is known to be

    def _part(self, name: str, said: dict[str, Any]) -> int:
        """Return the number of what a receipt or classification says in the policy's dimensions; 0 for other facts."""
        if name == "received":
            place = said.get("place") or {}
            told = {"kind": said.get("kind"), "channel": said.get("channel"), "source": said.get("source")}
            told |= {"community": place.get("community"), "building": place.get("building")}
            told |= {f"labels.{label}": value for label, value in (said.get("labels") or {}).items()}
        elif name == "classified":
            told = {"type": said.get("type"), "severity": said.get("severity")}
            told |= {kept: said[kept] for kept in ("party", "warranty") if said.get(kept) is not None}
        else:
            return 0
        part = (name, *((dimension, told[dimension]) for dimension in self._compiled.dimensions if dimension in told))
        return self._parts.setdefault(part, len(self._parts))

    def _transitions(self) -> Ints:
        """Return a table of the profile after a fact: by that before it (the last line: none), and the fact's part."""
        return np.full((len(self._compiled.profiles) + 1, len(self._parts)), UNKNOWN, np.int64)

    def _learn(self, following: Ints, known: int, part: int) -> Ints:
        """Fill in what follows from profile `known` by `part`, which was asked for; `UNKNOWN` stands for no profile yet."""
        name, *said = list(self._parts)[part]
        before = list(self._compiled.profiles)[known] if known != UNKNOWN and name != "received" else ()
        told = dict(zip(self._compiled.dimensions, before, strict=False)) | dict(said)
        after = self._compiled.profile(tuple([told.get(dimension) for dimension in self._compiled.dimensions]))
        missing = after + 2 - len(following)
        if missing > 0:
            fresh = np.full((missing, following.shape[1]), UNKNOWN, np.int64)
            following = np.concatenate((following[:-1], fresh, following[-1:]))
        following[known, part] = after
        return following


def given_due(compiled: Compiled, table: pa.Table, receipts: Ints) -> Ints:
    """Return the given due times that the policy asks for, of the orders whose receipts stand in these rows of the table."""
    columns = []
    for name in compiled.given_names:
        if name == "due":
            due = table["due"].take(receipts)
            columns.append(np.where(due.is_valid().to_numpy(), _ints(due.fill_null(0)), t.NONE))
        else:
            columns.append(np.array([_named(own, name) for own in table["own"].take(receipts).to_pylist()], np.int64))
    return np.stack(columns, axis=1).reshape(-1) if columns else np.empty(0, np.int64)


def _named(own: str | None, name: str) -> int:
    text = (from_json(own).get("given_due") or {}).get(name) if own else None
    return t.NONE if text is None else micros(datetime.fromisoformat(text))


def _how(name: str) -> int:
    return {"corrected": SPECIAL, "dispatched": DISPATCH, "received": RECEIPT}.get(name, PLAIN)


def _codes(column: pa.ChunkedArray) -> Codes:
    joined = column.unify_dictionaries().combine_chunks()
    if hasattr(joined, "chunks"):
        joined = joined.chunk(0)
    return Codes(joined.indices.to_numpy().astype(np.int64), joined.dictionary.to_pylist())


def _ints(column: Any) -> Ints:
    numbers: Ints = column.cast("int64").to_numpy()
    return numbers
