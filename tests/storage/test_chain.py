from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from slaengine.audit.chain import GENESIS, link_hash, verify
from slaengine.storage.log import StoredFact

ORDER = UUID("019b8bbb-5a00-7000-8000-000000000001")


def chain(length: int) -> list[StoredFact]:
    facts, previous = [], GENESIS
    for position in range(1, length + 1):
        state = b'{"n":%d}' % position
        previous = link_hash(previous, position, ORDER, position, 1_000 + position, "work_order.responded.v1", state)
        facts.append(StoredFact(position, ORDER, position, "work_order.responded.v1", state, 1_000 + position, previous))
    return facts


def test_the_hash_is_the_published_one() -> None:
    """A change of this value would make every sealed history look forged."""
    made = link_hash(GENESIS, 1, ORDER, 1, 1_767_574_800_000_000, "work_order.received.v1", b'{"kind":"repair"}')
    assert made.hex() == "8145415f707707115ff2d3954ad4d86a71f5fe618fb294b528ab8ab78df69441"


def test_an_untouched_chain_holds() -> None:
    assert verify(chain(7)) is None
    assert verify([]) is None


def test_a_part_of_a_chain_holds_behind_the_hash_before_it() -> None:
    facts = chain(7)
    assert verify(facts[3:], previous=facts[2].hash, after=3) is None
    assert verify(facts[3:], previous=facts[1].hash, after=3) == 4


EDITS: dict[str, Callable[[StoredFact], StoredFact]] = {
    "order": lambda f: f._replace(order_id=UUID(int=f.order_id.int ^ 1)),
    "version": lambda f: f._replace(version=f.version + 1),
    "topic": lambda f: f._replace(topic=f.topic + "x"),
    "state": lambda f: f._replace(state=f.state[:-1] + b" }"),
    "recorded_at": lambda f: f._replace(recorded_at=f.recorded_at - 1),
    "hash": lambda f: f._replace(hash=bytes(32)),
    "topic to state": lambda f: f._replace(topic=f.topic[:-1], state=f.topic[-1:].encode() + f.state),
}


@given(st.sampled_from(sorted(EDITS)), st.integers(2, 12), st.data())
def test_an_edited_fact_is_found_where_it_stands(edit: str, length: int, data: st.DataObject) -> None:
    facts = chain(length)
    place = data.draw(st.integers(0, length - 1))
    facts[place] = EDITS[edit](facts[place])
    assert verify(facts) == place + 1


@given(st.integers(2, 12), st.data())
def test_a_removed_repeated_or_swapped_fact_is_found(length: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, length - 2))
    removed, repeated, swapped = chain(length), chain(length), chain(length)
    del removed[place]
    repeated.insert(place, repeated[place])
    swapped[place], swapped[place + 1] = swapped[place + 1], swapped[place]
    assert verify(removed) == place + 1
    assert verify(repeated) == place + 2
    assert verify(swapped) == place + 1


@given(st.integers(2, 12), st.data())
def test_a_rechained_insertion_is_found_by_the_next_hash(length: int, data: st.DataObject) -> None:
    facts = chain(length)
    place = data.draw(st.integers(0, length - 2))
    old = facts[place]
    before = facts[place - 1].hash if place else GENESIS
    forged = link_hash(before, old.position, old.order_id, old.version, old.recorded_at, old.topic, b"{}")
    facts[place] = old._replace(state=b"{}", hash=forged)
    assert verify(facts) == place + 2
