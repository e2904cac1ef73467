"""Corrections in a bucket: what was put right, put right in the columns, so that such orders are judged as fast as the others.

What a correction means is said by `policies.settle` alone; here the facts concerned are handed to it, and its answer is written
into their rows.
"""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json, to_json

from slaengine.audit.columns import CORRECTION, Codes, Shaped
from slaengine.audit.layout import EVER, Ints
from slaengine.policies.moment import Moment
from slaengine.policies.settle import corrected

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
    if CORRECTION not in rows.facts.words:
        return []
    from slaengine.audit.marking import put_in_order  # noqa: PLC0415 (needs an extra)

    at = np.flatnonzero(rows.facts.codes == rows.facts.words.index(CORRECTION))
    orders = rows.order[at]
    starts = np.searchsorted(rows.order, orders, "left").tolist()
    ends = np.searchsorted(rows.order, orders, "right").tolist()
    mender = _Mender(rows, shaped, EVER if known_at is None else known_at)
    for (first, end), corrections in groupby(zip(starts, ends, at.tolist(), strict=True), key=lambda place: place[:2]):
        mender.put_right(first, end, [row for *_, row in corrections])
    if mender.moved:
        put_in_order(np.array(mender.moved, np.int64), rows.occurred, rows.recorded, rows.shape, rows.version)
    return mender.left_out


class _Mender:
    """Writes corrected facts into their rows; the rows between the bounds in `moved` are then out of order."""

    def __init__(self, rows: Rows, shaped: Shaped, until: int) -> None:
        self._rows, self._shaped, self._until = rows, shaped, until
        self._version, facts = rows.version, rows.facts
        self._received = facts.words.index("received") if "received" in facts.words else -1
        self.moved: list[tuple[int, int]] = []
        self.left_out: list[int] = []

    def put_right(self, first: int, end: int, corrections: list[int]) -> None:
        """Put the order in the rows `[first, end)` right, whose corrections stand in these rows."""
        concerned = self._concerned(first, self._version[first:end].tolist(), corrections)
        moments = list(concerned.values())
        for moment in moments:
            if moment.name == CORRECTION and moment.fields["field"].startswith(GIVEN):
                self.left_out.append(first)
                return
        moved = False
        for row, before, after in zip(concerned, moments, corrected(moments), strict=True):
            if after is before:
                continue
            if after.occurred_at != before.occurred_at:
                self._rows.occurred[row], moved = after.occurred_at, True
            if after.fields is not before.fields and after.name != CORRECTION:
                self._rows.shape[row] = self._shaped.number(after.name, to_json(dict(after.fields)).decode())
        if moved:
            self.moved.append((first + (self._rows.facts.codes[first] == self._received), end))

    def _concerned(self, first: int, versions: list[int], wanted: list[int]) -> dict[int, Moment]:
        """Return by row the corrections known in time, and the facts known in time that they are about."""
        found: dict[int, Moment] = {}
        while wanted:
            row = wanted.pop()
            if row in found or (len(self._rows.recorded) and self._rows.recorded[row] > self._until):
                continue
            moment = found[row] = self._moment(row)
            about = moment.fields["version"] if moment.name == CORRECTION else None
            if about in versions:
                wanted.append(first + versions.index(about))
        return found

    def _moment(self, row: int) -> Moment:
        rows = self._rows
        name, said = rows.facts.words[rows.facts.codes[row]], rows.fields.words[rows.fields.codes[row]]
        return Moment(name, int(rows.occurred[row]), 0, int(rows.version[row]), from_json(said))
