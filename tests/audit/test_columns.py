"""What a replay reads of a fact's fields."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json, to_json

pa = pytest.importorskip("pyarrow")
pytest.importorskip("numba")

NAMES = st.sampled_from(["kind", "kin", "kinds", "place", 'quo"ted', "back\\slash", "{", "类型", ""])
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**12) | st.text(st.sampled_from('a"\\,:{}[]é\n')),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@given(objects=st.lists(st.dictionaries(NAMES, VALUES), min_size=1), names=st.sets(NAMES))
def test_only_the_named_fields_of_the_objects_own_level_stay(objects: list[dict[str, Any]], names: set[str]) -> None:
    from slaengine.audit.heard import cut

    told = cut(pa.array([to_json(one).decode() for one in objects]), names)

    assert [from_json(text) for text in told.to_pylist()] == [
        {name: value for name, value in one.items() if name in names} for one in objects
    ]
