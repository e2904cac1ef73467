"""Orders' facts as the kernel's numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np

from slaengine.policies import tables as t
from slaengine.policies.calendar_instants import as_micros
from slaengine.policies.compile import EVERY_REASON, Compiled
from slaengine.policies.compiled import BITS, Columns
from slaengine.policies.moment import Moment

LIFE: Final = {
    "paused": t.PAUSED,
    "resumed": t.RESUMED,
    "resolved": t.DONE,
    "closed": t.DONE,
    "reopened": t.REOPENED,
    "cancelled": t.VOIDED,
    "merged": t.VOIDED,
}
NOT_A_FACT: Final = 0
"""The version of what is no fact: the passing of an instant at which an edition takes running clocks over."""


class Batch:
    """The facts of many orders as columns of numbers, in the order they were added."""

    def __init__(self, compiled: Compiled) -> None:
        self.compiled = compiled
        self.times: list[int] = []
        self.hits: list[int] = []
        self.life: list[int] = []
        self.detail: list[int] = []
        self.profiles: list[int] = []
        self.versions: list[int] = []
        self.given: list[int] = []
        self.bounds: list[int] = [0]

    def add(self, moments: Sequence[Moment], until: int) -> None:
        """Add an order: its settled moments; editions take clocks over up to and including `until` (µs)."""
        whole: Iterable[Moment] = moments
        if self.compiled.repins:
            whole = self._with_repins(moments, until)
        plans, reasons = self.compiled.plans, _Reasons(self.compiled.reasons)
        known: dict[str, Any] = {}
        profile, dispatched = t.NONE, False
        for moment in whole:
            name, fields = moment.name, moment.fields
            hits, conditional = plans[name]
            for bit, trigger in conditional:
                if trigger.hit_by(name, fields):
                    hits |= bit
            life, detail = LIFE.get(name, t.NOTHING), 0
            if name in ("received", "classified"):
                profile = self._profile(known, name, fields)
            elif name == "dispatched":
                life, dispatched = (t.REASSIGNED if dispatched else t.NOTHING), True
            elif name in ("paused", "resumed"):
                detail = reasons.bits(fields.get("reason"))
            elif name == "":
                life, detail = t.REPINNED, moment.recorded_at
            self.times.append(moment.occurred_at)
            self.hits.append(hits)
            self.life.append(life)
            self.detail.append(detail)
            self.profiles.append(profile)
            self.versions.append(moment.version)
        self.bounds.append(len(self.times))
        self._add_given(moments[0].fields.get("given_due"))

    def facts(self) -> t.Facts:
        """Return the columns as the kernel takes them."""
        empty = len(self.times)
        return t.Facts(self.times, self.hits, self.life, self.detail, self.profiles, [0] * empty, [0] * empty)

    def columns(self) -> Columns:
        """Return the facts as arrays.

        Raises:
            OverflowError: there are more triggers or pause reasons than fit a machine word.
        """
        if self.compiled.bits > BITS:
            raise OverflowError
        numbers = (self.times, self.hits, self.life, self.detail, self.profiles, self.bounds, self.given)
        return Columns._make([*(np.array(column, np.int64) for column in numbers), len(self.compiled.given_names)])

    def _with_repins(self, moments: Sequence[Moment], until: int) -> list[Moment]:
        first = moments[0].occurred_at
        passing = [Moment("", at, edition, NOT_A_FACT, {}) for at, edition in self.compiled.repins if first < at <= until]
        if not passing:
            return list(moments)
        return [moments[0], *sorted([*passing, *moments[1:]], key=lambda moment: (moment.occurred_at, moment.name != ""))]

    def _profile(self, known: dict[str, Any], name: str, fields: Mapping[str, Any]) -> int:
        if name == "received":
            place = fields.get("place") or {}
            known |= {"kind": fields.get("kind"), "channel": fields.get("channel"), "source": fields.get("source")}
            known |= {"community": place.get("community"), "building": place.get("building")}
            known |= {f"labels.{label}": value for label, value in (fields.get("labels") or {}).items()}
        else:
            known |= {"type": fields.get("type"), "severity": fields.get("severity")}
            known |= {kept: fields[kept] for kept in ("party", "warranty") if fields.get(kept) is not None}
        return self.compiled.profile(tuple([known.get(name) for name in self.compiled.dimensions]))

    def _add_given(self, given: Mapping[str, str] | None) -> None:
        for name in self.compiled.given_names:
            text = given.get(name) if given else None
            self.given.append(t.NONE if text is None else as_micros(datetime.fromisoformat(text)))


class _Reasons:
    """Bits for the reasons of one order: the policy's own, and further ones as they come up."""

    __slots__ = ("_further", "_named")

    def __init__(self, named: dict[str, int]) -> None:
        self._named = named
        self._further: dict[str, int] = {}

    def bits(self, reason: str | None) -> int:
        if reason is None:
            return EVERY_REASON
        number = self._named.get(reason)
        if number is None:
            number = self._further.setdefault(reason, len(self._named) + len(self._further))
        return 1 << number
