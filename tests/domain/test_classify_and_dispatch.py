from slaengine.domain import commands as c
from slaengine.domain import events as e
from slaengine.errors import InvalidCommand, InvalidTransition
from slaengine.testing.examples import FACTS, after
from slaengine.testing.scenario import given

RECEIVED = FACTS[e.Received]
LEAK = {"type": "facility.plumbing.leak", "severity": "general"}
BURST = {"type": "facility.plumbing.burst_pipe", "severity": "emergency"}
RESOLVED = e.Resolved(occurred_at=after(60))
CLOSED = e.Closed(occurred_at=after(70))


def test_classifying_records_type_and_severity():
    given(RECEIVED).when(c.Classify(occurred_at=after(5), **LEAK)).then(e.Classified(occurred_at=after(5), **LEAK))


def test_classifying_the_same_again_later_records_nothing():
    given(RECEIVED, e.Classified(occurred_at=after(5), **LEAK)).when(c.Classify(occurred_at=after(9), **LEAK)).then_nothing()


def test_classifying_otherwise_reclassifies():
    given(RECEIVED, e.Classified(occurred_at=after(5), **LEAK)).when(c.Classify(occurred_at=after(9), **BURST)).then(
        e.Classified(occurred_at=after(9), **BURST)
    )


def test_a_resolved_order_is_reclassified_by_its_cause_but_a_closed_one_is_not():
    classify = c.Classify(occurred_at=after(75), **LEAK)
    given(RECEIVED, RESOLVED).when(classify).then(e.Classified(occurred_at=after(75), **LEAK))
    given(RECEIVED, RESOLVED, CLOSED).when(classify).then_refused(InvalidTransition, "was closed")


def test_of_two_classifications_at_one_instant_the_one_recorded_last_holds():
    tie = (e.Classified(occurred_at=after(5), **LEAK), e.Classified(occurred_at=after(5), **BURST))
    given(RECEIVED, *tie).when(c.Classify(occurred_at=after(9), **BURST)).then_nothing()
    given(RECEIVED, *tie).when(c.Classify(occurred_at=after(9), **LEAK)).then(e.Classified(occurred_at=after(9), **LEAK))


def test_dispatching_names_the_team_and_person():
    given(RECEIVED).when(c.Dispatch(occurred_at=after(8), team="engineering", person="plumber-02")).then(
        e.Dispatched(occurred_at=after(8), team="engineering", person="plumber-02")
    )


def test_dispatching_to_nobody_is_refused():
    nobody = c.Dispatch(occurred_at=after(8))
    given(RECEIVED).when(nobody).then_refused(InvalidCommand, "team, person and party", "name at least one")


def test_dispatching_the_same_again_records_nothing_and_elsewhere_reassigns():
    dispatched = e.Dispatched(occurred_at=after(8), team="engineering")
    given(RECEIVED, dispatched).when(c.Dispatch(occurred_at=after(20), team="engineering")).then_nothing()
    given(RECEIVED, dispatched).when(c.Dispatch(occurred_at=after(20), team="cleaning")).then(
        e.Dispatched(occurred_at=after(20), team="cleaning")
    )


def test_dispatching_to_the_builder_again_after_a_refusal_is_a_new_attempt():
    sent = e.Dispatched(occurred_at=after(8), party="builder")
    refused = e.Declined(occurred_at=after(30), reason="outside_warranty", party="builder")
    given(RECEIVED, sent, refused).when(c.Dispatch(occurred_at=after(40), party="builder")).then(
        e.Dispatched(occurred_at=after(40), party="builder")
    )


def test_dispatching_to_the_same_team_after_a_reopening_is_a_new_assignment():
    sent = e.Dispatched(occurred_at=after(8), team="engineering")
    given(RECEIVED, sent, RESOLVED, e.Reopened(occurred_at=after(70))).when(
        c.Dispatch(occurred_at=after(80), team="engineering")
    ).then(e.Dispatched(occurred_at=after(80), team="engineering"))


def test_a_resolved_order_is_dispatched_only_after_it_is_reopened():
    given(RECEIVED, RESOLVED).when(c.Dispatch(occurred_at=after(65), team="engineering")).then_refused(
        InvalidTransition, "cannot dispatch", "was resolved", "reopen it first"
    )
