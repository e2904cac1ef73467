"""Counting in one pass gives what counting each thing by itself gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.projections.build import ints, orders

import slaengine.projections.columns
from slaengine.projections import closure, counting, tally
from slaengine.projections.cells import Cells, Tally
from slaengine.projections.closure import ClosureRow
from slaengine.projections.columns import NEVER, NO_CADENCE, NOT_STOPPED, SPANS, STATUSES, VERDICTS, ClockColumns, Words, marks
from slaengine.projections.compliance import ComplianceRow
from slaengine.projections.groups import Groups
from slaengine.projections.percentiles import grouped
from slaengine.projections.trusted import trusted

HALF_YEAR = 180 * 86_400 * 1_000_000
CELLS = 7
NOW = 1_000
clocks = st.lists(
    st.tuples(
        st.integers(0, CELLS - 1),
        st.integers(0, len(VERDICTS) - 1),
        st.one_of(st.none(), st.integers(0, 60_000_000), st.integers(0, 3 * HALF_YEAR)),
        st.one_of(st.none(), st.integers(0, 2 * NOW)),
        st.booleans(),
        st.sampled_from([NO_CADENCE, 3]),
    ),
    max_size=80,
)


EACH = Cells(np.arange(CELLS, dtype=np.int32), CELLS, ints([0]), 1)
"""Each order is a group by itself."""


def columns(rows) -> ClockColumns:
    cell, verdict, elapsed, due, excused, cadence = zip(*rows, strict=True) if rows else ((),) * 6
    taken = ints(NEVER if value is None else value for value in elapsed)
    return ClockColumns(
        order=ints(cell),
        target=Words.of(["fix"] * len(cell)),
        verdict=ints(verdict),
        due=ints(NEVER if value is None else value for value in due),
        elapsed=taken,
        stopped=ints(NOT_STOPPED for _ in cell),
        excused=np.array(excused, np.bool_),
        cadence=ints(cadence),
        mark=marks(ints(verdict), taken),
    )


@pytest.mark.parametrize("bins", [4_000_000, 2_000, 100])
@given(rows=clocks)
def test_one_pass_counts_verdicts_and_finds_percentiles(bins, rows):
    ticking, before = columns(rows), tally.BINS_MAX
    tally.BINS_MAX = bins
    try:
        found = tally.tally_plainly(EACH, ticking, NOW, (0.5, 0.9))
    finally:
        tally.BINS_MAX = before
    assert_counted(found, ticking)


def assert_counted(found: Tally, ticking: ClockColumns) -> None:
    """Assert that it is what counting each verdict, and putting all times of each cell in order, gives."""
    width = len(VERDICTS)
    plain = np.bincount(ticking.order * width + ticking.verdict_at(NOW), minlength=CELLS * width).reshape(CELLS, width)
    stopped = ticking.elapsed != NEVER
    assert found.counts.tolist() == plain.tolist()
    expected = grouped(ticking.order[stopped], ticking.elapsed[stopped], CELLS, (0.5, 0.9))
    np.testing.assert_array_equal(found.percentiles, expected)


@pytest.fixture(scope="module")
def loops():
    """The compiled loops; others in this process go on counting without them."""
    pytest.importorskip("numba")
    assert counting.load()
    yield counting._LOADED[0]
    counting._LOADED.clear()


@pytest.mark.usefixtures("loops")
@pytest.mark.parametrize("counters", [800_000, 200, 10])
@given(rows=clocks)
def test_the_compiled_loops_count_and_find_the_same(counters, rows):
    ticking, before = columns(rows), counting.COUNTERS_MAX
    counting.COUNTERS_MAX = counters
    try:
        found = counting.tally_compiled(EACH, ticking, NOW, (0.5, 0.9))
    finally:
        counting.COUNTERS_MAX = before
    assert_counted(found, ticking)
    np.testing.assert_array_equal(found.percentiles, tally.tally_plainly(EACH, ticking, NOW, (0.5, 0.9)).percentiles)


told = st.fixed_dictionaries(
    {
        "status": st.sampled_from(STATUSES),
        "asked": st.integers(0, 2),
        "open_revisits": st.integers(0, 1),
        "reopened": st.integers(0, 2),
        "place": st.sampled_from(["1-1-101", "2-1-101"]),
        "ended": st.sampled_from([None, "2026-01-07T09:00", "2026-02-07T09:00"]),
        "received": st.sampled_from(["2026-01-05T09:00", "2026-01-20T09:00"]),
    }
)


@pytest.mark.usefixtures("loops")
@given(st.lists(st.tuples(st.integers(0, 3), told), max_size=20))
def test_the_compiled_loop_counts_the_flags_of_orders(rows):
    groups = Groups(np.array([group for group, _ in rows], np.int32), [(None, {})] * 4)
    them = orders(*(row | {"type": "lift"} for _, row in rows))
    plain = closure._counts(groups, list(closure.closure_flags(them).values()))
    assert tuple(closure.closure_flags(them)) == closure.FLAGS
    assert closure.closure_counts(groups, them).tolist() == plain.tolist()


def test_the_compiled_loops_know_the_codes_of_the_columns():
    pytest.importorskip("numba")
    from slaengine.projections import compiled_counting as loops

    assert (len(VERDICTS), len(closure.FLAGS)) == (loops.VERDICTS, loops.FLAGS)
    for name in ("MISSED", "RUNNING", "OVERDUE", "WAIVED", "NEVER", "NO_CADENCE"):
        assert getattr(loops, name) == getattr(slaengine.projections.columns, name)


@given(st.lists(st.integers(0, 10**17), min_size=2, max_size=30))
def test_marks_grow_with_the_elapsed_time_and_tell_the_verdict(values):
    ordered = marks(ints([4] * len(values)), ints(sorted(values)))
    assert (np.diff(ordered.astype(int)) >= 0).all()
    assert set((ordered % 6).tolist()) == {4}
    assert 1 <= ordered.min() // 6 <= ordered.max() // 6 <= SPANS
    assert marks(ints([2]), ints([NEVER])).tolist() == [2]


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans()), max_size=40))
def test_orders_counted_by_kind_are_those_counted_flag_by_flag(rows):
    groups = Groups(np.array([row[0] for row in rows], np.int32), [(None, {})] * 4)
    flags = [np.array([row[n] for row in rows], np.bool_) for n in (1, 2)]
    found, before = closure._counts(groups, flags), closure.KINDS_MAX
    closure.KINDS_MAX = 0
    try:
        assert found.tolist() == closure._counts(groups, flags).tolist()
    finally:
        closure.KINDS_MAX = before


@pytest.mark.parametrize("model", [ComplianceRow, ClosureRow])
def test_a_row_that_was_not_looked_at_equals_one_that_was(model):
    values = dict.fromkeys(model.model_fields)
    whole = {"period": "2026", "group": {"type": None}, "target": "fix", "promise": "sla"}
    values |= {name: value for name, value in whole.items() if name in values}
    values = {
        name: 1 if value is None and not name.endswith(("rate", "_s", "goal", "band")) else value
        for name, value in values.items()
    }
    quick, plain = trusted(model, values), model(**values)
    assert quick == plain
    assert quick.model_dump_json() == plain.model_dump_json()
    assert hash(quick.model_copy().period) == hash(plain.period)
