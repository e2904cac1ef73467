"""Rows that were read from a log as the table that judging takes: order by order, each order's facts as they happened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from slaengine.audit.history_schema import arrow, schema
from slaengine.projections.columns import NEVER

if TYPE_CHECKING:
    import pyarrow as pa

    from slaengine.audit.cutter import Cutter, Rows

COLUMNS = ("order", "version", "fact", "occurred_at", "recorded_at", "fields", "due", "own")
"""The columns that can be made of rows; the others need the facts whole."""


class Taken(NamedTuple):
    """The facts of the orders that began in a bucket, piece by piece, and what knows the words behind their numbers."""

    cutter: Cutter
    pieces: list[Rows]


def table_of(taken: Taken, columns: Sequence[str]) -> pa.Table:
    """Return some of `COLUMNS`, sorted by order and then as the facts happened: the receipt first, ties as recorded."""
    cutter, rows = taken.cutter, _in_order(taken)
    made = {name: _column(name, cutter, rows) for name in columns if name not in ("fact", "fields")}
    made |= _words(cutter, rows.shape)
    return arrow().table({name: made[name] for name in columns})


def _in_order(taken: Taken) -> Rows:
    """Return all rows of a bucket, in the order of `table_of`."""
    from slaengine.audit.cutter import Rows  # noqa: PLC0415 (needs an extra)
    from slaengine.audit.marking import places_in_order  # noqa: PLC0415 (needs an extra)

    if not taken.pieces:
        return Rows.none()
    rows = Rows._make([np.concatenate(columns) for columns in zip(*taken.pieces, strict=True)])
    first = int(rows.order.min())
    received = np.array([shape.name == "received" for shape in taken.cutter.shapes], np.bool_)
    ends = np.cumsum(np.bincount(rows.order - first))
    places = np.empty(len(rows.order), np.int32)
    places_in_order(rows.order - first, ends, received[rows.shape], rows.occurred, rows.version, places)
    return Rows._make([column[places] if len(column) else column for column in rows])


def _column(name: str, cutter: Cutter, rows: Rows) -> pa.Array:
    pa = arrow()
    instant = schema().field("occurred_at").type
    if name == "order":
        return pa.array(cutter.begun[rows.order])
    if name == "version":
        return pa.array(rows.version)
    if name == "own":
        return pa.array(rows.own, pa.string())
    if name == "due":
        return pa.array(rows.due, mask=rows.due == NEVER).cast(instant)
    return pa.array(rows.occurred if name == "occurred_at" else rows.recorded).cast(instant)


def _words(cutter: Cutter, shape: NDArray[np.int32]) -> dict[str, pa.Array]:
    """Return the columns of words: the facts' names, and what they say."""
    pa = arrow()
    used = np.zeros(len(cutter.shapes), np.bool_)
    used[shape] = True
    numbers = np.flatnonzero(used).tolist()
    found = {}
    for column, name in enumerate(("fact", "fields")):
        words = {cutter.shapes[number][column]: None for number in numbers}
        codes = {word: code for code, word in enumerate(words)}
        by_shape = np.zeros(len(used), np.int32)
        by_shape[used] = [codes[cutter.shapes[number][column]] for number in numbers]
        found[name] = pa.DictionaryArray.from_arrays(by_shape[shape], pa.array(list(words), pa.string()))
    return found
