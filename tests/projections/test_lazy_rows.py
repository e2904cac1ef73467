"""Rows that are made when they are looked at are, in everything, the list of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from slaengine.projections.lazy import AT_ONCE, Rows


class Row(BaseModel):
    name: str
    counts: list[int]


class Table(BaseModel):
    rows: Rows[Row]


def made(values: list[int]) -> tuple[Rows[Row], list[Row]]:
    counts = np.array([[value, -value] for value in values], np.int64).reshape(len(values), 2)
    rows = Rows(lambda n, pair: Row(name=f"row {n}", counts=pair), np.array(values, np.int32), counts)
    return rows, [Row(name=f"row {value}", counts=[value, -value]) for value in values]


@given(st.lists(st.integers(0, 100), max_size=12), st.data())
def test_they_equal_the_list_of_them(values, data):
    rows, plain = made(values)
    assert rows == plain
    assert plain == rows
    assert rows == made(values)[0]
    assert list(rows) == plain
    assert (len(rows), bool(rows), repr(rows)) == (len(plain), bool(plain), repr(plain))
    assert rows != [*plain, Row(name="another", counts=[])]
    part = slice(*data.draw(st.tuples(st.integers(-15, 15), st.integers(-15, 15), st.sampled_from([-2, -1, 1, 3]))))
    assert rows[part] == plain[part]
    if plain:
        place = data.draw(st.integers(-len(plain), len(plain) - 1))
        assert rows[place] == plain[place]
        assert plain[place] in rows
        assert rows.index(plain[place]) == plain.index(plain[place])


@given(st.lists(st.integers(0, 100), max_size=12))
def test_in_json_they_are_the_list_of_them(values):
    rows, plain = made(values)
    table = Table(rows=rows)
    assert table.rows is rows
    assert table.model_dump() == {"rows": [row.model_dump() for row in plain]}
    assert Table.model_validate_json(table.model_dump_json()) == Table(rows=plain) == table


def test_more_rows_than_are_taken_at_once_come_in_their_order():
    rows, plain = made(list(range(2 * AT_ONCE + 1)))
    assert list(rows) == plain


def test_a_place_behind_the_last_is_refused_as_by_a_list():
    with pytest.raises(IndexError):
        made([1, 2])[0][2]
    assert [row.name for row in reversed(made([1, 2])[0])] == ["row 2", "row 1"]


def test_rows_are_checked_when_they_are_read_and_described_as_a_list():
    with pytest.raises(ValueError, match="name"):
        Table.model_validate({"rows": [{"counts": []}]})
    assert Table.model_json_schema()["properties"]["rows"]["type"] == "array"
