"""Replay from a history: the very answers that judging each order by itself gives, compiled or not."""

from __future__ import annotations

from pathlib import Path

import pytest
from town_logs import START, TownLog, arrivals, town_log

from slaengine.audit import replay as replaying
from slaengine.audit.clocks import Clock, clock_of
from slaengine.audit.history import History
from slaengine.audit.replay import Question, Replay
from slaengine.policies.book import PolicyBook
from slaengine.policies.clock import judge
from slaengine.policies.moment import Moment
from slaengine.projections.case_file import micros, moment_of
from slaengine.testing.town import Mix

DAY = 86_400_000_000
BUSY = Mix(corrected=0.15, waiver=0.15, reopened=0.2, paused=0.5, reclassified=0.3)
HALF = micros(START) + 2 * DAY

PAUSING = """
policy: town
time_zone: Asia/Shanghai
calendars:
  office: {weekly: {mon: [["08:30","12:00"],["13:00","17:30"]], tue: [["08:30","17:30"]], wed: [["08:30","17:30"]],
                    thu: [["08:30","17:30"]], fri: [["08:30","17:30"]]}, holidays: [2026-01-21]}
versions:
  - version: "1"
    effective_from: 2020-01-01
    waivers: {reasons: [WAIVERS]}
    targets:
      - {name: answered, start: received, stop: responded, limit: 15 min}
      - {name: resolution, start: received, stop: resolved, limit: 8 h, calendar: office, pause: [any],
         applies: {kind: repair}, reopen: continue}
      - {name: resolution, start: received, stop: resolved, limit: 3 wd, calendar: office, reopen: new_cycle}
      - {name: called, start: resolved, stop: {fact: revisited, method: telephone}, limit: 24 h}
      - {name: sent, start: received, stop: dispatched, limit: 30 min, reassign: restart}
  - version: "2"
    effective_from: 2026-01-22T09:00:00
    scope: SCOPE
    waivers: {reasons: [WAIVERS]}
    targets:
      - {name: answered, start: received, stop: responded, limit: 5 min}
      - {name: resolution, start: received, stop: resolved, limit: 4 h, calendar: office, pause: [waiting_parts], reopen: restart}
      - {name: called, start: resolved, stop: revisited, limit: 48 h}
"""


def pausing(waivers: list[str], scope: str) -> PolicyBook:
    return PolicyBook.parse(PAUSING.replace("WAIVERS", ", ".join(waivers)).replace("SCOPE", scope), "town.yaml")


@pytest.fixture(scope="module")
def log():
    with town_log() as filled:
        filled.take(arrivals(250, seed=11, mix=BUSY))
        yield filled


@pytest.fixture(scope="module")
def history(log: TownLog, tmp_path_factory: pytest.TempPathFactory) -> History:
    made = History(tmp_path_factory.mktemp("history"), create=True)
    made.extend(log, step=700)
    return made


@pytest.fixture(scope="module")
def cases(log: TownLog) -> dict[int, list[Moment]]:
    found: dict[int, list[Moment]] = {}
    first: dict[object, int] = {}
    for fact in log.scan():
        found.setdefault(first.setdefault(fact.order_id, fact.position), []).append(
            moment_of(fact.topic, fact.state, fact.version, fact.recorded_at)
        )
    return found


@pytest.fixture(scope="module")
def reasons(cases: dict[int, list[Moment]]) -> list[str]:
    return sorted({m.fields["reason"] for moments in cases.values() for m in moments if m.name == "waiver_approved"})


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
    history: History, cases: dict[int, list[Moment]], reasons: list[str], policy: str, instants: tuple[int | None, int | None]
):
    book = PolicyBook.pack(policy) if policy == "service-standard" else pausing(reasons, policy)
    question = Question(book, *instants)
    expected = one_by_one(cases, question)
    assert replayed(history, question) == expected
    assert len(expected) > 50


def test_waivers_are_met_with(history: History, reasons: list[str]):
    found = replayed(history, Question(pausing(reasons, "new_orders")))
    assert any(clock.verdict == "waived" for clocks in found.values() for clock in clocks)


def test_without_the_compiled_kernel_the_answers_are_the_same(
    history: History, reasons: list[str], monkeypatch: pytest.MonkeyPatch
):
    question = Question(pausing(reasons, "open_clocks"), HALF)
    compiled = replayed(history, question)
    monkeypatch.setattr(replaying, "available", lambda: False)
    assert replayed(history, question) == compiled


def test_a_policy_that_asks_for_what_differs_from_fact_to_fact_is_replayed_too(history: History, cases: dict[int, list[Moment]]):
    book = PolicyBook.parse(
        """
policy: odd
time_zone: UTC
version: "1"
effective_from: 2020-01-01
targets:
  - {name: number, start: {fact: received, received_by: [clerk-01, clerk-02]}, stop: responded, limit: 1 h}
""",
        "odd.yaml",
    )
    question = Question(book, HALF + 30 * DAY)
    assert replayed(history, question) == one_by_one(cases, question)


def test_buckets_are_judged_beside_each_other_and_come_in_order(log: TownLog, reasons: list[str], tmp_path: Path, monkeypatch):
    from slaengine.audit import history as exporting

    monkeypatch.setattr(exporting, "BUCKET", 300)
    made = History(tmp_path, create=True)
    made.extend(log, step=500)
    assert len(made.buckets()) > 4
    replay = Replay(made, Question(pausing(reasons, "new_orders")), workers=3)
    done: list[int] = []
    found = list(replay.run(done.append))
    assert [bucket.bucket for bucket in found] == made.buckets()
    assert done[-1] == log.head().position
