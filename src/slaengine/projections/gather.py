"""Gathering a tile: from the rows of tables, or from entries that were judged for the asking."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from pydantic_core import from_json

from slaengine.projections.columns import MINUTE, NEVER, NO_CADENCE, NOT_STOPPED, STATUSES, VERDICTS, Words
from slaengine.projections.entry import Entry
from slaengine.projections.groups import DIMENSIONS, LABEL
from slaengine.projections.rows import (
    CLOCK_COLUMNS,
    HELD_COLUMNS,
    ORDER_COLUMNS,
    Values,
    clock_values,
    held_values,
    order_values,
)
from slaengine.projections.tile import CLOCK, HELD, ORDER, Records, Tile

JUDGED = frozenset({"met", "missed", "waived"})
STATUS_CODES = {status: code for code, status in enumerate(STATUSES)}
VERDICT_CODES = {verdict: code for code, verdict in enumerate(VERDICTS)}
Column = Sequence[Any]
Columns = Mapping[str, Column | NDArray[Any]]


def tile_of_rows(orders: Sequence[Values], clocks: Sequence[Values], held: Sequence[Values]) -> Tile:
    """Return the tile of orders and of their clocks and holders, with every dimension and label.

    Rows hold what `projections.rows` says, in the order of `seq`; those of clocks and holders are those of these orders.
    """
    said, ticking, parties = _columns(ORDER_COLUMNS, orders), _columns(CLOCK_COLUMNS, clocks), _columns(HELD_COLUMNS, held)
    covered, targets, holders = Words.of(said["covered"]), Words.of(ticking["target"]), Words.of(parties["party"])
    seqs = np.array(said["seq"], np.int64)
    by_order: Columns = {
        **said,
        "covered": covered.codes,
        "status": [STATUS_CODES[status] for status in said["status"]],
    }
    by_clock: Columns = {
        **ticking,
        "order": np.searchsorted(seqs, np.array(ticking["seq"], np.int64)),
        "target": targets.codes,
        "verdict": [VERDICT_CODES[verdict] for verdict in ticking["verdict"]],
        "elapsed": _counted(ticking, ticking["elapsed"]),
        "stopped": [NOT_STOPPED if stop is None else stop // MINUTE for stop in _counted(ticking, ticking["stopped_at"])],
        "cadence": [NO_CADENCE if rule is None else rule for rule in ticking["cadence"]],
    }
    by_holder: Columns = {**parties, "order": np.searchsorted(seqs, np.array(parties["seq"], np.int64)), "party": holders.codes}
    return Tile(
        records(ORDER, by_order, len(orders)),
        records(CLOCK, by_clock, len(clocks)),
        records(HELD, by_holder, len(held)),
        _texts(covered),
        _texts(targets),
        _texts(holders),
        {name: Words.of(said[name]) for name in DIMENSIONS} | _labels(said["labels"]),
    )


def tile_of_entries(entries: Iterable[Entry], dimensions: Sequence[str] | None, seqs: Mapping[UUID, int] | None = None) -> Tile:
    """Return the tile of entries, with these dimensions (None: all); `seqs` are their places, ascending (None: counted)."""
    orders: list[Values] = []
    clocks: list[Values] = []
    held: list[Values] = []
    for place, entry in enumerate(entries):
        seq = place if seqs is None else seqs[entry.case_file.order_id]
        orders.append(order_values(seq, entry))
        clocks.extend(clock_values(seq, entry))
        held.extend(held_values(seq, entry))
    tile = tile_of_rows(orders, clocks, held)
    return tile if dimensions is None else tile.with_only(dimensions)


def records(kind: np.dtype[np.void], columns: Columns, count: int) -> Records:
    """Return `count` records of `kind` from columns by name; None becomes `NEVER`."""
    made = np.empty(count, kind)
    for name in kind.names or ():
        column = columns[name]
        if not isinstance(column, np.ndarray) and None in column:
            column = [NEVER if value is None else value for value in column]
        made[name] = column
    return made


def _texts(words: Words) -> list[str]:
    return [word or "" for word in words.words]


def _columns(names: Sequence[str], rows: Sequence[Values]) -> dict[str, Column]:
    columns: Iterable[Column] = zip(*rows, strict=True) if rows else ((),) * len(names)
    return dict(zip(names, columns, strict=True))


def _counted(ticking: Mapping[str, Column], column: Column) -> Column:
    """Return what a column holds of clocks that a fact of theirs stopped, and None of the others."""
    counts = zip(column, ticking["stopped_by"], ticking["verdict"], strict=True)
    return [value if by is not None and verdict in JUDGED else None for value, by, verdict in counts]


def _labels(texts: Column) -> dict[str, Words]:
    """Return what the orders say in each label that any of them has; `texts` are JSON objects, None for none."""
    if not any(texts):
        return {}
    said = [from_json(text) if text else {} for text in texts]
    names = sorted({name for labels in said for name in labels})
    return {LABEL + name: Words.of([labels.get(name) for labels in said]) for name in names}
