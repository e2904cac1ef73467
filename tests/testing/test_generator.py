from collections import Counter
from dataclasses import fields
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from slaengine.domain import commands as c
from slaengine.domain.codec import decode
from slaengine.domain.decide import decide
from slaengine.domain.work_order import INITIAL, evolve, fold
from slaengine.testing.generator import encoded, enlarged, histories
from slaengine.testing.town import Mix

SOME = list(histories(600, seed=11))


def test_every_generated_command_leads_to_exactly_one_fact():
    for history in SOME:
        order = INITIAL
        for command in history.commands:
            facts = decide(command, order)
            assert facts == [command.fact()]
            order = evolve(order, facts[0])


@pytest.mark.deep
def test_every_command_of_a_large_town_leads_to_exactly_one_fact():
    for seed in range(4):
        for history in histories(10_000, seed=seed):
            order = INITIAL
            for command in history.commands:
                (fact,) = decide(command, order)
                order = evolve(order, fact)


def test_the_same_seed_gives_the_same_histories_and_another_seed_others():
    assert list(histories(50, seed=11)) == SOME[:50]
    assert next(histories(1, seed=12)) != SOME[0]


def test_ids_and_numbers_are_unique_and_ids_sort_by_time_of_receipt():
    assert len({history.order_id for history in SOME}) == len({history.commands[0].number for history in SOME}) == len(SOME)
    for earlier, later in pairwise(SOME):
        assert earlier.commands[0].occurred_at <= later.commands[0].occurred_at
        assert earlier.order_id.int >> 80 <= later.order_id.int >> 80


def test_nothing_is_recorded_before_it_occurred_nor_out_of_order():
    for history in SOME:
        recorded = [arrival.recorded_at for arrival in history.arrivals]
        assert recorded == sorted(recorded)
        assert all(arrival.recorded_at >= arrival.command.occurred_at for arrival in history.arrivals)


def test_the_mix_holds_late_facts_overlapping_pauses_reopenings_reclassifications_and_all_ends():
    seen = Counter()
    for history in SOME:
        order = INITIAL
        for command in history.commands:
            seen["late"] += command.occurred_at < order.latest
            order = evolve(order, command.fact())
            seen["overlap"] += len(order.standing.waits) > 1
            seen[command.NAME] += 1
        seen["reclassified"] += sum(type(command) is c.Classify for command in history.commands) > 1
        seen[order.status] += 1
    often = ("late", "overlap", "reclassified", "reopen", "pause", "decline", "correct", "revisit", "escalate")
    assert min(seen[what] for what in often) >= 5
    assert min(seen[status] for status in ("open", "resolved", "closed", "cancelled", "merged")) >= 5


def test_a_backlog_stays_when_the_story_is_cut_at_an_instant():
    until = datetime(2026, 1, 3, tzinfo=UTC)
    cut = list(histories(600, seed=11, until=until))
    assert 0 < len(cut) < len(SOME)
    assert all(arrival.recorded_at <= until for history in cut for arrival in history.arrivals)
    assert Counter(fold(command.fact() for command in history.commands).status for history in cut)["open"] > 20


def test_a_mix_of_nothing_special_is_plain():
    plain = Mix(**{field.name: 0 for field in fields(Mix)} | {"revisited": 1, "closed": 1})
    kinds = Counter(command.NAME for history in histories(100, mix=plain) for command in history.commands)
    assert kinds["close"] == kinds["revisit"] == kinds["resolve"] == 100
    assert not {"pause", "reopen", "cancel", "merge", "correct", "decline"} & kinds.keys()


def test_encoded_facts_are_those_of_the_commands():
    facts = list(encoded(SOME[:20]))
    decoded = [decode(fact.topic, fact.state) for fact in facts]
    assert decoded == [command.fact() for history in SOME[:20] for command in history.commands]
    assert [fact.version for fact in facts if fact.order_id == SOME[0].order_id] == list(range(1, len(SOME[0].arrivals) + 1))


def test_an_enlarged_town_repeats_its_orders_elsewhere_under_other_names():
    drawn = list(encoded(histories(30, seed=4)))
    facts = list(enlarged(drawn, 3))
    assert facts[::3] == drawn
    assert len({fact.order_id for fact in facts}) == 90
    received = [decode(fact.topic, fact.state) for fact in facts if fact.version == 1]
    assert len({fact.number for fact in received}) == 90
    versions = {}
    for fact in facts:
        assert fact.version == versions.get(fact.order_id, 0) + 1
        versions[fact.order_id] = fact.version
    ids = {fact.order_id for fact in facts}
    assert all(decode(fact.topic, fact.state).into in ids for fact in facts if fact.topic == "work_order.merged.v1")
