"""A history's rows as the kernel's columns: names are looked up once for each different fact, not once for each fact.

What `policies.prepare` does order by order in Python is done here for whole buckets, by tables that say what each shape of
fact is to the kernel.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from slaengine.audit.history_schema import OWN, arrow
from slaengine.audit.layout import DISPATCH, IDLE, NOT_HERE, PLAIN, RECEIPT, UNKNOWN, Ints, Shapes
from slaengine.policies import tables as t
from slaengine.policies.compile import EVERY_REASON, Compiled
from slaengine.policies.compiled import BITS
from slaengine.policies.prepare import LIFE
from slaengine.projections.case_file import micros

if TYPE_CHECKING:
    import pyarrow as pa

CORRECTION = "corrected"
SAID = {
    "received": frozenset({"kind", "channel", "source", "place.community", "place.building", "labels"}),
    "classified": frozenset({"type", "severity", "party", "warranty"}),
    "paused": frozenset({"reason"}),
    "resumed": frozenset({"reason"}),
    "waiver_approved": frozenset({"target", "reason"}),
    "waiver_refused": frozenset({"target"}),
}
"""What of a fact the kernel may be told beside its name, whatever the triggers ask."""
NUMBERED_MAX = 200_000
"""Different facts remembered."""
TRANSITIONS_MAX = 20_000_000
"""Entries of the table of profiles by facts: beyond that the orders differ too much for tables to pay."""


class Codes(NamedTuple):
    """A column of words: `words[codes[i]]` is that of row i."""

    codes: NDArray[np.int32]
    words: pa.StringArray

    def word(self, row: int) -> str:
        """Return the word of a row."""
        return str(self.words[int(self.codes[row])])

    def code(self, word: str) -> int:
        """Return the code of a word; -1 when no row has it."""
        return int(self.words.index(word).as_py())


class Shaped:
    """What each shape of fact is to the kernel under one policy; grows as new ones are met. Not for use by several threads."""

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled
        self._numbers: dict[tuple[str, str], int] = {}
        self._columns: dict[tuple[int, ...], int] = {}
        self._arrays: Shapes | None = None
        self._reasons: dict[str, int] = dict(compiled.reasons)
        self._excuses: dict[str, int] = {}
        self._parts: dict[tuple[Any, ...], int] = {(): 0}
        self._targets = {name: number for number, name in enumerate(compiled.targets)}
        self._following = np.empty((1, 0), np.int64)
        self._heard: dict[str, frozenset[str]] = {}
        self._hears: dict[tuple[str, str], bool] = {}

    def fits(self) -> bool:
        """Whether the policy can be looked up like this: its triggers ask for nothing that differs from fact to fact."""
        asked: set[str] = {condition.field for trigger in self._compiled.triggers for condition in trigger.conditions}
        corrections = any(trigger.fact == CORRECTION and trigger.conditions for trigger in self._compiled.triggers)
        return not asked & OWN and not corrections and bool(self._compiled.bits <= BITS)

    def heard(self, name: str) -> frozenset[str]:
        """Return the fields of a fact of this name on which it depends what the fact is to the kernel.

        A field within another is named by that and itself, such as `place.community`; a label by `labels`.
        """
        if name not in self._heard:
            conditions = {c.field for trigger in self._compiled.triggers if trigger.fact == name for c in trigger.conditions}
            told = SAID.get(name, frozenset())
            if name in ("received", "classified"):
                known = {dimension.partition(".")[0] for dimension in self._compiled.dimensions}
                told = frozenset(field for field in told if field.rpartition(".")[2] in known)
            self._heard[name] = told | conditions
        return self._heard[name]

    def hears(self, name: str, field: str) -> bool:
        """Whether a fact of this name may be another to the kernel when this field says something else."""
        if (name, field) not in self._hears:
            parts = (f"{heard}." for heard in self.heard(name))
            self._hears[name, field] = any(part.startswith(f"{field}.") or f"{field}.".startswith(part) for part in parts)
        return self._hears[name, field]

    def shapes(self, facts: Codes, fields: Codes, shapes: NDArray[np.int32]) -> None:
        """Write the number of each row's shape into `shapes`."""
        from slaengine.audit.heard import cut  # noqa: PLC0415 (needs an extra)
        from slaengine.audit.marking import mark, numbered  # noqa: PLC0415 (needs an extra)

        names = facts.words.to_pylist()
        asked = [name for name in names if self.heard(name)]
        alike = np.array([-1 - asked.index(n) if n in asked else self.number(n, "{}") for n in names], np.int32)
        present = np.zeros((len(asked), len(fields.words)), np.bool_)
        mark(facts.codes, fields.codes, alike, present)
        numbers = np.zeros(present.shape, np.int32)
        for fact, name in enumerate(asked):
            said = np.flatnonzero(present[fact])
            heard = cut(fields.words.take(arrow().array(said)), {field.partition(".")[0] for field in self.heard(name)})
            kinds = np.array([self.number(name, text) for text in heard.dictionary.to_pylist()], np.int32)
            numbers[fact, said] = kinds[heard.indices.to_numpy()]
        numbered(facts.codes, fields.codes, alike, numbers, shapes)

    def number(self, name: str, text: str) -> int:
        """Return the number of the shape of facts of this name, with these fields as JSON."""
        number = self._numbers.get((name, text))
        if number is None:
            if len(self._numbers) > NUMBERED_MAX:
                self._numbers.clear()
            column = self._column(name, from_json(text))
            if column not in self._columns:
                self._columns[column], self._arrays = len(self._columns), None
            number = self._numbers[name, text] = self._columns[column]
        return number

    def arrays(self) -> Shapes | None:
        """Return the tables; None when orders wait for too many reasons for bits."""
        if self._arrays is None:
            self._arrays = Shapes._make(np.array([*self._columns], np.int64).T.copy())
        return self._arrays if len(self._reasons) <= BITS else None

    def allowed(self) -> Ints:
        """Return by edition and number of a waiver's reason whether it excuses a breach."""
        editions = [edition.version.waivers.reasons for edition in self._compiled.editions]
        rows = [[reason in reasons for reason in self._excuses] for reasons in editions]
        return np.array(rows, np.int64).reshape(len(editions), len(self._excuses))

    def _column(self, name: str, said: dict[str, Any]) -> tuple[int, ...]:
        """Return what such a fact is to the kernel: the fields of `Shapes`."""
        how = {"dispatched": DISPATCH, "received": RECEIPT}.get(name, PLAIN)
        detail = self._reason(said.get("reason")) if name in ("paused", "resumed") else 0
        hits, life, part = self._hits(name, said), LIFE.get(name, t.NOTHING), self._part(name, said)
        target, reason = self._waiver(name, said)
        if how == PLAIN and not hits and life == t.NOTHING and not part and target == NOT_HERE:
            how = IDLE
        return how, hits, life, detail, part, target, reason

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

    def _waiver(self, name: str, said: dict[str, Any]) -> tuple[int, int]:
        """Return the target that a waiver is about, and the number of its reason where it is approved."""
        target = self._targets.get(said.get("target", ""), NOT_HERE)
        if name == "waiver_approved":
            return target, self._excuses.setdefault(said["reason"], len(self._excuses))
        return target if name == "waiver_refused" else NOT_HERE, NOT_HERE

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

    def following(self) -> Ints:
        """Return the profile after a fact, as far as it was learned: by that before it (the last line: none), and its part."""
        missing = (len(self._compiled.profiles) + 1 - len(self._following), len(self._parts) - self._following.shape[1])
        if missing != (0, 0):
            wider = np.full((len(self._compiled.profiles) + 1, len(self._parts)), UNKNOWN, np.int64)
            lines, parts = self._following.shape
            wider[: lines - 1, :parts], wider[-1, :parts] = self._following[:-1], self._following[-1]
            self._following = wider
        return self._following

    def learn(self, known: int, part: int) -> None:
        """Learn what follows from profile `known` (`UNKNOWN` for none yet) by `part`."""
        name, *said = list(self._parts)[part]
        before = list(self._compiled.profiles)[known] if known != UNKNOWN and name != "received" else ()
        told = dict(zip(self._compiled.dimensions, before, strict=False)) | dict(said)
        after = self._compiled.profile(tuple([told.get(dimension) for dimension in self._compiled.dimensions]))
        self.following()[known, part] = after

    def too_many(self) -> bool:
        """Whether orders differ too much for tables of what they are known to be."""
        return (len(self._compiled.profiles) + 1) * len(self._parts) > TRANSITIONS_MAX


def given_due(compiled: Compiled, table: pa.Table, order: Ints) -> Ints:
    """Return the given due times that the policy asks for, order by order; `order` is that column of the table."""
    receipts = np.flatnonzero(np.diff(order, prepend=-1))
    columns = []
    for name in compiled.given_names:
        if name == "due":
            due = table["due"].take(receipts)
            columns.append(np.where(due.is_valid().to_numpy(), ints(due.fill_null(0)), t.NONE))
        else:
            columns.append(np.array([_named(own, name) for own in table["own"].take(receipts).to_pylist()], np.int64))
    return np.stack(columns, axis=1).reshape(-1)


def _named(own: str | None, name: str) -> int:
    text = (from_json(own).get("given_due") or {}).get(name) if own else None
    return t.NONE if text is None else micros(datetime.fromisoformat(text))


def codes(column: pa.ChunkedArray) -> Codes:
    """Return a column of words."""
    joined = column.chunk(0) if column.num_chunks == 1 else column.unify_dictionaries().combine_chunks()
    if hasattr(joined, "chunks"):
        joined = joined.chunk(0)
    return Codes(joined.indices.to_numpy(), joined.dictionary)


def ints(column: Any) -> Ints:
    """Return a column of instants or numbers."""
    numbers: Ints = column.cast("int64").to_numpy()
    return numbers
