"""Cutting orders into groups gives what putting each order's words side by side gives."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.projections.build import orders

from slaengine.projections import groups
from slaengine.projections.groups import groups_of
from slaengine.projections.periods import label

DAYS = ("2025-12-28", "2025-12-31", "2026-01-01", "2026-01-05", "2026-02-10", "2027-03-01")
words = st.sampled_from([None, "a", "b", "a.x", "b.y.z", ""])
rows = st.lists(st.tuples(st.sampled_from(DAYS), words, words, words), max_size=12)


def prefixed(word: str | None) -> str | None:
    return word if word is None else word.split(".", maxsplit=1)[0]


@pytest.mark.parametrize(("counted", "days"), [(10_000_000, 10_000), (10_000_000, 3), (5, 10_000), (1, 0)])
@given(rows=rows, period=st.sampled_from([None, "day", "month", "year"]))
def test_orders_of_the_same_words_are_of_one_group(counted, days, rows, period):
    said = [{"received": f"{day}T12:00", "type": one, "team": two, "person": three} for day, one, two, three in rows]
    by = ("type.1", "team", "person")
    before = groups.COUNTED_MAX, groups.DAYS_MAX
    groups.COUNTED_MAX, groups.DAYS_MAX = counted, days
    try:
        found = groups_of(orders(*said), period, by)
    finally:
        groups.COUNTED_MAX, groups.DAYS_MAX = before
    named = [label(date.fromisoformat(day).toordinal(), period) if period else None for day, *_ in rows]
    keys = [
        (name, dict(zip(by, (prefixed(one), two, three), strict=True)))
        for name, (_, one, two, three) in zip(named, rows, strict=True)
    ]
    assert [found.keys[g] for g in found.group.tolist()] == keys
    ranks = [[(word is None, word or "") for word in (period, *group.values())] for period, group in found.keys]
    assert ranks == sorted(ranks)
    assert len({str(key) for key in found.keys}) == len(found.keys) == len({str(key) for key in keys})


def test_without_a_period_or_dimension_all_orders_are_one_group():
    found = groups_of(orders({"received": "2026-01-05T09:00"}, {"received": "2026-01-06T09:00"}), None, ())
    assert (found.group.tolist(), found.keys) == ([0, 0], [(None, {})])
    assert groups_of(orders(), None, ()).keys == []
