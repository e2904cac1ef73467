"""A bucket in several parts is read as if it had been sorted whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pa = pytest.importorskip("pyarrow")
pytest.importorskip("numba")

from slaengine.audit.history_schema import sorted_table  # noqa: E402
from slaengine.audit.merging import merged  # noqa: E402

ROW = st.tuples(st.integers(1, 4), st.sampled_from(["received", "responded", "resolved"]), st.integers(0, 3), st.integers(0, 2))


@given(rows=st.lists(ROW, min_size=1, max_size=40))
def test_parts_are_merged_as_the_whole_is_sorted(rows: list[tuple[int, str, int, int]]) -> None:
    """The last number of a row is its part; versions count up, so no two rows are alike."""
    parts = [
        sorted_table(table([(*row[:3], version) for version, row in enumerate(rows) if row[3] == part]))
        for part in sorted({row[3] for row in rows})
    ]

    assert merged(parts).to_pylist() == sorted_table(pa.concat_tables(parts).unify_dictionaries()).to_pylist()


def table(rows: list[tuple[int, str, int, int]]) -> pa.Table:
    order, fact, occurred, version = (list(column) for column in zip(*rows, strict=True))
    return pa.table(
        {
            "order": pa.array(order, pa.int64()),
            "fact": pa.array(fact).dictionary_encode(),
            "occurred_at": pa.array(occurred, pa.timestamp("us", tz="UTC")),
            "version": pa.array(version, pa.int32()),
        }
    )
