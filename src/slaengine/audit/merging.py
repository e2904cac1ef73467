"""Several parts of a bucket, each in its order, made one in that order. Imported only where Numba is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from slaengine.audit.history_schema import arrow
from slaengine.audit.machine_code import machine_code

if TYPE_CHECKING:
    import pyarrow as pa

DONE = (1 << 63) - 1
"""Where a part has no further order."""


def merged(parts: list[pa.Table]) -> pa.Table:
    """Return the rows of all parts as `history_schema.sorted_table` does; each part is sorted like that by itself."""
    pa, said = arrow(), parts[0].schema.names.index("fields") if "fields" in parts[0].schema.names else -1
    rest = [part.drop_columns(["fields"]) if said >= 0 else part for part in parts]
    table = pa.concat_tables(rest).unify_dictionaries().combine_chunks()
    if said >= 0:
        table = table.add_column(said, parts[0].schema.field(said), _one_behind_the_other([part["fields"] for part in parts]))
    order, occurred, version = (table[name].chunk(0).cast("int64").to_numpy() for name in ("order", "occurred_at", "version"))
    fact = table["fact"].chunk(0)
    later = fact.indices.to_numpy() != fact.dictionary.index("received").as_py()
    bounds = np.cumsum([0, *(part.num_rows for part in parts)])
    return table.take(pa.array(merge(order, later, occurred, version, bounds)))


def _one_behind_the_other(columns: list[pa.ChunkedArray]) -> pa.Array:
    """Return the columns as one, their words too: they are many, and to find those that are alike would cost more."""
    chunks = [chunk for column in columns for chunk in column.chunks]
    before = np.cumsum([0, *(len(chunk.dictionary) for chunk in chunks)])
    codes = [chunk.indices.to_numpy() + np.int32(first) for chunk, first in zip(chunks, before, strict=False)]
    words = arrow().concat_arrays([chunk.dictionary for chunk in chunks])
    return arrow().DictionaryArray.from_arrays(np.concatenate(codes), words)


@machine_code
def merge(order: Any, later: Any, occurred: Any, version: Any, bounds: Any) -> Any:
    """Return the rows in their order. The parts stand in `[bounds[n], bounds[n + 1])`; all but receipts are `later`."""
    rows = np.empty(len(order), np.int64)
    heads, made = bounds[:-1].copy(), 0
    while made < len(rows):
        least = DONE
        for n in range(len(heads)):
            if heads[n] < bounds[n + 1]:
                least = min(least, order[heads[n]])
        begun = made
        for n in range(len(heads)):
            row = heads[n]
            mixed = made > begun
            while row < bounds[n + 1] and order[row] == least:
                at = made
                while mixed and at > begun and before(row, rows[at - 1], later, occurred, version):
                    rows[at] = rows[at - 1]
                    at -= 1
                rows[at] = row
                made += 1
                row += 1
            heads[n] = row
    return rows


@machine_code
def before(one: Any, other: Any, later: Any, occurred: Any, version: Any) -> Any:
    """Whether a row stands before another of the same order."""
    if later[one] != later[other]:
        return later[other]
    return occurred[one] < occurred[other] or (occurred[one] == occurred[other] and version[one] < version[other])
