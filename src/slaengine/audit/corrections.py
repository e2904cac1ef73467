"""Corrections in a bucket: what was put right, put right in the columns, so that such orders are judged as fast as the others.

What a correction means is said by `policies.settle` alone; here its answer is written into the rows. Most orders that have one
have a single one, which moves a fact in time or says what no promise asks for: these need no more than that.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json, to_json

from slaengine.audit.columns import CORRECTION, Codes, Shaped
from slaengine.audit.history_schema import arrow
from slaengine.audit.layout import NOWHERE, Ints
from slaengine.policies.moment import Moment
from slaengine.policies.settle import corrected, moved_to

GIVEN = "given_due"


class Rows(NamedTuple):
    """The columns of a bucket's rows that corrections change; they are the bench's own, and written to.

    `recorded` is empty where nobody asks what was known when.
    """

    order: Ints
    occurred: Ints
    recorded: Ints
    shape: NDArray[np.int32]
    version: Ints
    facts: Codes
    fields: Codes


def correct(rows: Rows, shaped: Shaped, known_at: int | None) -> list[int]:
    """Put right what was corrected by `known_at` (µs; None: ever), in order of occurrence again.

    Returns the first rows of the orders that must be judged another way: the due time they came with was corrected.
    """
    correction = rows.facts.code(CORRECTION)
    if correction < 0:
        return []
    from slaengine.audit.marking import located, put_in_order  # noqa: PLC0415 (needs an extra)

    at = np.flatnonzero(rows.facts.codes == correction)
    if known_at is not None:
        at = at[rows.recorded[at] <= known_at]
    said = list(map(from_json, rows.fields.words.take(arrow().array(rows.fields.codes[at])).to_pylist()))
    orders, versions = rows.order[at], np.array([correction["version"] for correction in said], np.int64)
    firsts, ends = np.searchsorted(rows.order, orders, "left"), np.searchsorted(rows.order, orders, "right")
    about = np.empty(len(at), np.int64)
    located(firsts, ends, versions, rows.version, about)
    if known_at is not None:
        about[rows.recorded[about] > known_at] = NOWHERE
    mender = _Mender(rows, shaped)
    corrections = map(_Correction, firsts.tolist(), ends.tolist(), at.tolist(), about.tolist(), said)
    for _, several in groupby(corrections, key=itemgetter(0)):
        mender.put_right(list(several))
    if mender.moved:
        bounds = np.array(mender.moved, np.int64)
        bounds[:, 0] += rows.facts.codes[bounds[:, 0]] == rows.facts.code("received")  # it stays the first
        put_in_order(bounds, rows.occurred, rows.recorded, rows.shape, rows.version)
    return mender.left_out


class _Correction(NamedTuple):
    """A correction in the row `row`, of an order in the rows `[first, end)`.

    `about` is the row of the fact it is about, `NOWHERE` when that is not there, or not yet.
    """

    first: int
    end: int
    row: int
    about: int
    said: dict[str, Any]


class _Mender:
    """Writes corrected facts into their rows; the rows between the bounds in `moved` are then out of order."""

    def __init__(self, rows: Rows, shaped: Shaped) -> None:
        self._rows, self._shaped, self._names = rows, shaped, rows.facts.words.to_pylist()
        self.moved: list[tuple[int, int]] = []
        self.left_out: list[int] = []

    def put_right(self, corrections: list[_Correction]) -> None:
        """Put an order right by all of its corrections that were known in time."""
        first, end, *_ = corrections[0]
        if any(correction.said["field"].startswith(GIVEN) for correction in corrections):
            self.left_out.append(first)
        elif self._single(corrections[0]) if len(corrections) == 1 else self._several(corrections):
            self.moved.append((first, end))

    def _single(self, correction: _Correction) -> bool:
        """Put right what an order's only correction says, and return whether a fact moves."""
        _, _, _, about, said = correction
        if about == NOWHERE:
            return False
        if said["field"] == "occurred_at":
            self._rows.occurred[about] = moved_to(said)
            return True
        return self._shaped.hears(self._name(about), said["field"]) and self._several([correction])

    def _several(self, corrections: list[_Correction]) -> bool:
        """Put right what corrections say, of each other too, and return whether a fact moves."""
        own = {correction.row: correction.said for correction in corrections}
        about = dict.fromkeys(correction.about for correction in corrections)
        rows = [row for row in about if row not in own and row != NOWHERE]
        moments = [self._moment(row, own.get(row)) for row in (*rows, *own)]
        moved = False
        for row, before, after in zip(rows, moments, corrected(moments), strict=False):  # the corrections stand behind
            if after.occurred_at != before.occurred_at:
                self._rows.occurred[row], moved = after.occurred_at, True
            if after.fields is not before.fields:
                self._rows.shape[row] = self._shaped.number(after.name, to_json(dict(after.fields)).decode())
        return moved

    def _name(self, row: int) -> str:
        return str(self._names[self._rows.facts.codes[row]])

    def _moment(self, row: int, said: dict[str, Any] | None) -> Moment:
        fields = from_json(self._rows.fields.word(row)) if said is None else said
        return Moment(self._name(row), int(self._rows.occurred[row]), 0, int(self._rows.version[row]), fields)
