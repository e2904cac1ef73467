"""Replay from a history: the very answers that judging each order by itself gives, compiled or not."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from town_logs import START, TownLog, moments_of, odd, pausing

from slaengine.audit import judging
from slaengine.audit.clocks import VERDICTS, Clock, clock_of
from slaengine.audit.history import History
from slaengine.audit.judging import Question
from slaengine.audit.replay import Replay
from slaengine.audit.totals import totals
from slaengine.engine import SlaEngine
from slaengine.policies.book import PolicyBook
from slaengine.policies.clock import judge
from slaengine.policies.moment import Moment
from slaengine.projections.case_file import micros

DAY = 86_400_000_000
HALF = micros(START) + 2 * DAY


def one_by_one(cases: dict[int, list[Moment]], question: Question) -> dict[int, list[Clock]]:
    judged = {
        order: judge(question.book, moments, as_of=question.as_of, known_at=question.known_at) for order, moments in cases.items()
    }
    return {order: [clock_of(row) for row in rows] for order, rows in judged.items() if rows}


def replayed(history: History, question: Question) -> dict[int, list[Clock]]:
    replay = Replay(history, question)
    return {order: rows for bucket in replay.run() for order, rows in bucket.clocks.by_order(replay.names)}


INSTANTS = [(None, None), (HALF, None), (micros(START) + 90 * DAY, None), (None, HALF), (HALF, HALF + DAY // 2)]


@pytest.mark.parametrize("instants", INSTANTS, ids=["open", "half way", "long after", "as known then", "both"])
@pytest.mark.parametrize("policy", ["new_orders", "open_clocks", "restate", "service-standard"])
def test_a_replay_answers_as_judging_each_order_does(
    history: History, cases: dict[int, list[Moment]], policy: str, instants: tuple[int | None, int | None]
):
    book = PolicyBook.pack(policy) if policy == "service-standard" else pausing(policy)
    question = Question(book, *instants)
    expected = one_by_one(cases, question)
    assert replayed(history, question) == expected
    assert len(expected) > 50


@pytest.mark.parametrize("policy", ["new_orders", "open_clocks", "service-standard"])
def test_totals_count_the_clocks_that_a_replay_yields(history: History, policy: str):
    question = Question(PolicyBook.pack(policy) if policy == "service-standard" else pausing(policy), HALF)
    counted = {
        (row["target"], verdict): row[verdict] for row in totals(history, question) for verdict in VERDICTS if row[verdict]
    }
    clocks = [clock for clocks in replayed(history, question).values() for clock in clocks]
    assert counted == Counter((clock.target, clock.verdict) for clock in clocks)


def test_waivers_are_met_with(history: History):
    found = replayed(history, Question(pausing("new_orders")))
    assert any(clock.verdict == "waived" for clocks in found.values() for clock in clocks)


def test_without_the_compiled_kernel_the_answers_are_the_same(history: History, monkeypatch: pytest.MonkeyPatch):
    question = Question(pausing("open_clocks"), HALF)
    compiled = replayed(history, question)
    monkeypatch.setattr(judging, "available", lambda: False)
    assert replayed(history, question) == compiled


def test_a_policy_that_asks_for_what_differs_from_fact_to_fact_is_replayed_too(history: History, cases: dict[int, list[Moment]]):
    question = Question(odd(), HALF + 30 * DAY)
    assert replayed(history, question) == one_by_one(cases, question)


def test_buckets_are_judged_beside_each_other_and_come_in_order(town: TownLog, tmp_path: Path, monkeypatch):
    from slaengine.audit import history as exporting

    monkeypatch.setattr(exporting, "BUCKET", 300)
    made = History(tmp_path, create=True)
    made.extend(town, step=500)
    assert len(made.buckets()) > 4
    replay = Replay(made, Question(pausing("new_orders")), workers=3)
    done: list[int] = []
    found = list(replay.run(done.append))
    assert [bucket.bucket for bucket in found] == made.buckets()
    assert done[-1] == town.head().position


HOURS_MOVED = [(4, 1), (2, 9), (6, 3), (3, 30), (2, -5), (5, 5)]
"""A fact's version, and how many hours after the receipt it is said to have occurred after all."""


@pytest.mark.parametrize("moved", [HOURS_MOVED[:1], HOURS_MOVED[1:2], HOURS_MOVED[2:4], HOURS_MOVED], ids=str)
def test_a_fact_whose_time_is_put_right_past_several_others_is_replayed(tmp_path: Path, moved: list[tuple[int, int]]):
    clock = START
    with SlaEngine.open("memory:", clock=lambda: clock + timedelta(days=9)) as engine:
        for i in range(40):
            clock = START + timedelta(hours=i)
            order = engine.receive(kind="repair", channel="app", number=f"R-{i}", occurred_at=clock)
            engine.dispatch(order, team="one", occurred_at=clock + timedelta(hours=2))
            engine.pause(order, reason="waiting_parts", occurred_at=clock + timedelta(hours=3))
            engine.resume(order, occurred_at=clock + timedelta(hours=6))
            engine.respond(order, occurred_at=clock + timedelta(hours=7))
            engine.resolve(order, occurred_at=clock + timedelta(hours=8))
            for version, hours in moved if i % 2 else ():
                right = (clock + timedelta(hours=hours)).isoformat()
                engine.correct(order, version=version, field="occurred_at", value=right, occurred_at=clock + timedelta(days=3))
        made = History(tmp_path, create=True)
        made.extend(engine.log)
        cases = moments_of(engine.log)
    for question in (Question(pausing("new_orders")), Question(pausing("open_clocks"), None, micros(START) + 10 * DAY)):
        assert replayed(made, question) == one_by_one(cases, question)
