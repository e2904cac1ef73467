from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slaengine.streaming.inbox import sort_out, verdict
from slaengine.streaming.streamed import StreamedFact

ORDERS = [UUID(int=number) for number in range(1, 4)]


def fact(order: int, version: int, offset: int = 0) -> StreamedFact:
    return StreamedFact("s", 1, ORDERS[order], "n", version, "work_order.resolved.v1", b"{}", 0, "t", 0, offset)


def names(facts: list[StreamedFact]) -> list[tuple[int, int]]:
    return [(ORDERS.index(each.order_id), each.version) for each in facts]


@pytest.mark.parametrize(("version", "expected"), [(3, "skip"), (4, "skip"), (5, "handle"), (6, "wait")])
def test_the_next_version_is_handled_earlier_ones_skipped_later_ones_wait(version: int, expected: str) -> None:
    assert verdict(4, version) == expected


def test_a_fact_that_fills_a_gap_brings_what_waited_for_it() -> None:
    found = sort_out([fact(0, 2)], {ORDERS[0]: 1}, {ORDERS[0]: {3: fact(0, 3), 5: fact(0, 5)}}, ())
    assert names(found.due) == [(0, 2), (0, 3)]
    assert found.early == []
    assert found.versions == {ORDERS[0]: 3}


def test_nothing_of_a_blocked_order_is_due_and_others_go_on() -> None:
    found = sort_out([fact(0, 4), fact(1, 1)], {ORDERS[0]: 2}, {ORDERS[0]: {3: fact(0, 3)}}, {ORDERS[0]})
    assert names(found.due) == [(1, 1)]
    assert names(found.early) == [(0, 4)]


def test_what_is_held_already_is_not_held_twice() -> None:
    found = sort_out([fact(0, 3), fact(0, 4)], {ORDERS[0]: 1}, {ORDERS[0]: {3: fact(0, 3)}}, ())
    assert names(found.early) == [(0, 4)]
    assert found.repeated == 1


@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 6)), max_size=40),
    st.lists(st.integers(1, 10), min_size=1, max_size=10),
)
def test_in_any_order_and_any_batches_each_fact_is_due_once_and_in_order(
    arrivals: list[tuple[int, int]], sizes: list[int]
) -> None:
    """Whatever is repeated, shuffled or cut into batches: due are, in order, the versions from 1 without a gap."""
    versions: dict[UUID, int] = {}
    held: dict[UUID, dict[int, StreamedFact]] = {}
    handled: dict[int, list[int]] = {0: [], 1: [], 2: []}
    rest = [fact(order, version, offset) for offset, (order, version) in enumerate(arrivals)]
    for size in sizes * (len(rest) + 1):
        some, rest = rest[:size], rest[size:]
        found = sort_out(some, versions, held, ())
        for each in found.due:
            handled[ORDERS.index(each.order_id)].append(each.version)
            held.get(each.order_id, {}).pop(each.version, None)
        for each in found.early:
            held.setdefault(each.order_id, {})[each.version] = each
        versions.update(found.versions)
    for order in range(3):
        came = {version for which, version in arrivals if which == order}
        whole = next(n for n in range(1, 8) if n not in came)
        assert handled[order] == list(range(1, whole))
