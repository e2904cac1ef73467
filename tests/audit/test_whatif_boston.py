"""What if Boston had not changed its promises on 2015-02-16: our table of changed verdicts beside an independent query."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.whatif_boston import DATA, WHOLE, by_query, changed_rows, table_of, undone

SAMPLE = Path(str(DATA / "boston311_2015_jan_jun_sample20k.csv.gz"))
ROWS = 1_200


@pytest.mark.parametrize(
    ("source", "count", "least"),
    [
        pytest.param(SAMPLE, ROWS, 40, id="a sample"),
        pytest.param(WHOLE, None, 1_000, id="the half year", marks=pytest.mark.deep),
    ],
)
def test_the_promises_of_2015_undone(tmp_path: Path, source: Path, count: int | None, least: int):
    changed_rows(source, tmp_path / "changed.csv", count)
    ours, theirs = table_of(undone(tmp_path)), by_query(tmp_path)
    assert ours == theirs
    assert sum(theirs.values()) > least
