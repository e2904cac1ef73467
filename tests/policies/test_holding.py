"""Each second of an open order is held by exactly one party."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.policies.desk import micros, order, shown
from tests.policies.drawn import histories

from slaengine.policies.holding import holding


def held(facts, **bounds):
    return [(segment.party, shown(segment.begins), shown(segment.ends)) for segment in holding(facts, **bounds)]


def test_the_company_holds_what_nobody_else_does():
    assert held(order("5 10:00 received", "5 12:00 resolved")) == [("company", "5 10:00", "5 12:00")]


def test_the_holder_has_the_name_that_the_policy_gives_it():
    assert held(order("5 10:00 received"), holder="city") == [("city", "5 10:00", None)]


def test_the_builder_holds_a_defect_until_it_declines_and_the_company_takes_over():
    facts = order(
        "5 10:00 received",
        "5 10:30 classified type=x party=builder",
        "7 10:00 declined party=builder reason=not_ours",
        "7 11:00 dispatched team=engineering",
        "8 10:00 resolved",
    )
    assert held(facts) == [
        ("company", "5 10:00", "5 10:30"),
        ("builder", "5 10:30", "7 10:00"),
        ("company", "7 10:00", "8 10:00"),
    ]


def test_a_dispatch_hands_over_to_the_party_it_names_and_one_without_takes_it_back():
    facts = order(
        "5 10:00 received", "5 11:00 dispatched party=lift_firm", "5 12:00 dispatched team=own", "5 13:00 accepted party=painter"
    )
    assert held(facts) == [
        ("company", "5 10:00", "5 11:00"),
        ("lift_firm", "5 11:00", "5 12:00"),
        ("company", "5 12:00", "5 13:00"),
        ("painter", "5 13:00", None),
    ]


def test_between_its_end_and_its_reopening_nobody_holds_it_and_then_the_same_party_again():
    facts = order("5 10:00 received", "5 11:00 dispatched party=lift_firm", "5 12:00 resolved", "6 10:00 reopened")
    assert held(facts, as_of=micros("6 12:00")) == [
        ("company", "5 10:00", "5 11:00"),
        ("lift_firm", "5 11:00", "5 12:00"),
        ("lift_firm", "6 10:00", "6 12:00"),
    ]


def test_another_partys_refusal_changes_nothing():
    facts = order("5 10:00 received", "5 11:00 dispatched party=lift_firm", "5 12:00 declined party=painter reason=x")
    assert held(facts)[-1] == ("lift_firm", "5 11:00", None)


@given(histories(), st.integers(0, 10_000))
def test_segments_never_overlap_and_never_run_backwards(moments, wait):
    now = max(moment.occurred_at for moment in moments) + wait
    segments = holding(moments, as_of=now)
    assert all(segment.begins < segment.ends for segment in segments)
    assert all(before.ends <= after.begins for before, after in pairwise(segments))
