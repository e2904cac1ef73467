"""What if, diff and the figures of a replay: the same as judging every order twice by itself and counting."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from town_logs import START, TownLog, pausing

from slaengine.audit.history import History
from slaengine.audit.judging import Question
from slaengine.audit.totals import report, totals
from slaengine.audit.whatif import BREACHES, Changes, what_if
from slaengine.engine import SlaEngine
from slaengine.policies.book import PolicyBook
from slaengine.policies.clock import judge
from slaengine.policies.moment import Moment
from slaengine.policies.settle import settled
from slaengine.projections.case_file import micros
from slaengine.projections.order_view import view_of
from slaengine.projections.report import Question as Asked

Cases = dict[int, list[Moment]]
LATER = START + timedelta(days=3)
END = START + timedelta(days=60)


def judged(cases: Cases, question: Question) -> dict[tuple[str, str, int], tuple[str, int | None]]:
    found = {}
    for moments in cases.values():
        number = next(str(moment.fields["number"]) for moment in moments if moment.name == "received")
        for row in judge(question.book, moments, as_of=question.as_of, known_at=question.known_at):
            found[number, row.target, row.cycle] = (row.verdict, row.due)
    return found


QUESTIONS = {
    "another policy": (Question(pausing(), micros(END)), Question(PolicyBook.pack("service-standard"), micros(END))),
    "restated": (Question(pausing(), micros(END)), Question(pausing("restate"), micros(END))),
    "another instant": (Question(pausing(), micros(LATER)), Question(pausing(), micros(END))),
    "as known then": (Question(pausing(), micros(LATER), micros(LATER)), Question(pausing(), micros(LATER))),
    "the same": (Question(pausing(), micros(END)), Question(pausing(), micros(END))),
}


@pytest.mark.parametrize("asked", QUESTIONS.values(), ids=QUESTIONS)
def test_the_changes_are_those_of_judging_every_order_twice(history: History, cases: Cases, asked: tuple[Question, Question]):
    before, after = (judged(cases, question) for question in asked)
    found = what_if(history, *asked)
    expected = {
        key: (before.get(key, (None, None)), after.get(key, (None, None)))
        for key in {*before, *after}
        if before.get(key, (None,))[0] != after.get(key, (None,))[0]
    }
    assert {(c.order, c.target, c.cycle): ((c.before, c.due_before), (c.after, c.due_after)) for c in found.changes} == expected
    assert found.clocks == len({*before, *after})
    assert found.moved == sum(before[key][1] != after[key][1] for key in before.keys() & after.keys())
    assert found.before == Counter((target, verdict) for (_, target, _), (verdict, _) in before.items())
    assert found.cost() == sum(v in BREACHES for v, _ in after.values()) - sum(v in BREACHES for v, _ in before.values())
    assert found.cost() == sum(row["cost"] for row in found.by("type", "team")) == sum(row["cost"] for row in found.totals())


def test_the_same_question_twice_changes_nothing(history: History):
    assert what_if(history, *QUESTIONS["the same"]).changes == []


def test_changes_carry_the_type_and_team_of_their_order(history: History, cases: Cases):
    found: Changes = what_if(history, *QUESTIONS["restated"])
    views = {view.number: view for view in (view_of(settled(moments)) for moments in cases.values())}
    assert found.changes
    assert all((c.type, c.team) == (views[c.order].type, views[c.order].team) for c in found.changes)


def test_totals_are_the_counts_of_every_clock(history: History, cases: Cases):
    question = Question(pausing(), micros(END))
    counted = Counter((target, verdict) for (_, target, _), (verdict, _) in judged(cases, question).items())
    for row in totals(history, question):
        assert all(row[verdict] == counted[row["target"], verdict] for verdict in ("met", "missed", "overdue", "waived"))
        assert row["rate"] == pytest.approx(row["met"] / (row["met"] + row["missed"] + row["overdue"]))


@pytest.mark.parametrize("by", [(), ("type", "team")])
def test_a_report_from_the_history_is_the_one_from_the_store(town: TownLog, history: History, by: tuple[str, ...]):
    book = PolicyBook.pack("service-standard")
    engine = SlaEngine(town.database, policy=book, clock=lambda: END)
    for as_of, known_at in ((END, None), (LATER, LATER)):
        asked = Question(book, micros(as_of), None if known_at is None else micros(known_at))
        live = engine.report(period="week", by=by, as_of=as_of, known_at=known_at)
        assert report(history, asked, Asked.of(as_of, known_at, period="week", by=by)) == live
