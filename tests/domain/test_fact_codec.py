import json
from decimal import Decimal

import pytest

from slaengine.domain import codec
from slaengine.domain import events as e
from slaengine.domain.codec import BY_TOPIC, decode, encode, shape_of
from slaengine.errors import CorruptFact
from slaengine.testing.examples import FACTS, PUBLICATIONS, RECEIVED_AT, SEAL

ALL = [*FACTS.values(), *PUBLICATIONS.values(), SEAL]
OLD = "work_order.stopped_for_test.v1"
OLDER = "work_order.stopped_for_test.v0"


@pytest.fixture
def old_shapes(monkeypatch):
    """Two older shapes of `paused`: v1 called the reason `why`, v0 kept minutes since a start besides."""

    def renamed(shape):
        return {"reason" if name == "why" else name: value for name, value in shape.items()}

    def without_minutes(shape):
        return {name: value for name, value in shape.items() if name != "minutes"}

    monkeypatch.setitem(codec.UPCASTS, OLD, (e.Paused.TOPIC, renamed))
    monkeypatch.setitem(codec.UPCASTS, OLDER, (OLD, without_minutes))


@pytest.mark.parametrize("fact", ALL, ids=lambda fact: fact.NAME)
def test_a_fact_is_read_back_as_it_was_written(fact):
    assert decode(fact.TOPIC, encode(fact)) == fact


def test_what_is_not_known_is_left_out_and_instants_are_utc():
    assert json.loads(encode(e.Paused(occurred_at="2026-01-05T09:00:00+08:00", reason="parts"))) == {
        "occurred_at": "2026-01-05T01:00:00Z",
        "reason": "parts",
    }


def test_money_keeps_its_digits():
    assert shape_of(FACTS[e.CostCharged])["amount"] == "480.00"
    cost = decode(e.CostCharged.TOPIC, encode(FACTS[e.CostCharged]))
    assert isinstance(cost, e.CostCharged)
    assert cost.amount == Decimal("480.00")


@pytest.mark.usefixtures("old_shapes")
def test_an_older_shape_is_brought_up_to_date_on_reading():
    expected = e.Paused(occurred_at=RECEIVED_AT, reason="parts")
    assert decode(OLD, b'{"occurred_at":"2026-01-05T01:00:00Z","why":"parts"}') == expected


@pytest.mark.usefixtures("old_shapes")
def test_shapes_are_brought_up_to_date_one_version_after_the_other():
    expected = e.Paused(occurred_at=RECEIVED_AT, reason="parts")
    assert decode(OLDER, b'{"occurred_at":"2026-01-05T01:00:00Z","why":"parts","minutes":7}') == expected


@pytest.mark.usefixtures("old_shapes")
@pytest.mark.parametrize("state", [b"{}", b"[]", b"7", b"not json", b'{"occurred_at":"2026-01-05T01:00:00Z","why":5}'])
def test_a_damaged_older_shape_is_named_corrupt(state):
    with pytest.raises(CorruptFact, match=OLD):
        decode(OLD, state)


@pytest.mark.parametrize("state", [b"", b"{}", b"[]", b"\xff\xfe", b'{"occurred_at":"yesterday","reason":"parts"}'])
def test_a_damaged_fact_is_named_corrupt_without_showing_its_content(state):
    with pytest.raises(CorruptFact, match=r"a stored work_order\.paused\.v1 cannot be read") as caught:
        decode(e.Paused.TOPIC, state)
    assert "yesterday" not in f"{caught.value} {caught.value.__cause__}"


def test_a_type_of_a_newer_version_is_named_with_what_to_do():
    with pytest.raises(CorruptFact, match=r"work_order\.paused\.v9, which this version .* upgrade slaengine"):
        decode("work_order.paused.v9", b"{}")


def test_no_old_topic_is_also_one_of_today_and_every_chain_ends():
    assert not codec.UPCASTS.keys() & BY_TOPIC.keys()
    for old in codec.UPCASTS:
        chain = [old]
        while chain[-1] in codec.UPCASTS:
            chain.append(codec.UPCASTS[chain[-1]][0])
            assert len(set(chain)) == len(chain)
        assert chain[-1] in BY_TOPIC
