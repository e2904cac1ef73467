"""Facts that reach us late, out of order, or from before the receipt are judged by when they occurred."""

from slaengine.domain import commands as c
from slaengine.domain import events as e
from slaengine.domain.work_order import fold
from slaengine.errors import InvalidTransition
from slaengine.testing.examples import FACTS, after
from slaengine.testing.scenario import given

RECEIVED = FACTS[e.Received]
RESOLVED = e.Resolved(occurred_at=after(60))
CLOSED = e.Closed(occurred_at=after(90))


def test_an_arrival_reported_after_the_closing_is_accepted_because_the_order_was_open_then():
    order = given(RECEIVED, RESOLVED, CLOSED).when(c.Arrive(occurred_at=after(30))).then(e.Arrived(occurred_at=after(30)))
    assert order.status == "closed"


def test_an_arrival_after_the_resolution_is_refused_even_if_the_order_was_open_when_we_heard():
    given(RECEIVED, RESOLVED, e.Reopened(occurred_at=after(90))).when(c.Arrive(occurred_at=after(70))).then_refused(
        InvalidTransition, "was resolved at 2026-01-05T02:10:00Z", "the time at which it happened"
    )


def test_a_late_pause_and_its_resumption_leave_a_resolved_order_resolved():
    order = given(RECEIVED, RESOLVED).when(c.Pause(occurred_at=after(20), reason="parts")).after
    assert order.status == "resolved"
    assert order.standing_at(after(30)).waits == {"parts"}
    resumed = given(*order.facts).when(c.Resume(occurred_at=after(40), reason="parts")).after
    assert resumed.standing_at(after(50)).status == "open"


def test_a_late_cancellation_takes_effect_from_when_it_occurred():
    order = given(RECEIVED, RESOLVED).when(c.Cancel(occurred_at=after(30), reason="withdrawn")).after
    assert (order.status, order.standing_at(after(29)).status) == ("cancelled", "open")


def test_a_reopening_after_a_late_cancellation_still_reopens():
    reopened = e.Reopened(occurred_at=after(70))
    cancelled = e.Cancelled(occurred_at=after(30), reason="withdrawn")
    assert fold([RECEIVED, RESOLVED, reopened, cancelled]).status == "open"


def test_a_second_reopening_that_occurred_earlier_does_not_end_a_wait_that_came_between():
    order = fold([RECEIVED, RESOLVED, e.Reopened(occurred_at=after(90)), e.Reopened(occurred_at=after(70))])
    paused = given(*order.facts).when(c.Pause(occurred_at=after(80), reason="parts")).after
    assert (paused.status, paused.standing.waits) == ("paused", {"parts"})


def test_work_may_begin_before_the_desk_registers_the_order():
    order = given(RECEIVED).when(c.Arrive(occurred_at=after(-20))).then(e.Arrived(occurred_at=after(-20)))
    assert order.status == "open"


def test_work_may_even_end_before_the_desk_registers_the_order():
    order = given(RECEIVED).when(c.Resolve(occurred_at=after(-5))).then(e.Resolved(occurred_at=after(-5)))
    assert order.status == "resolved"
    given(*order.facts).when(c.Pause(occurred_at=after(-2), reason="parts")).then_refused(InvalidTransition, "was resolved")


def test_facts_of_one_instant_take_effect_in_the_order_they_were_recorded():
    paused, resumed = e.Paused(occurred_at=after(10), reason="parts"), e.Resumed(occurred_at=after(10), reason="parts")
    assert fold([RECEIVED, paused, resumed]).status == "open"
    assert fold([RECEIVED, resumed, paused]).status == "paused"


def test_a_command_meets_what_occurred_at_its_own_instant():
    given(RECEIVED, RESOLVED).when(c.Close(occurred_at=after(60))).then(e.Closed(occurred_at=after(60)))
    given(RECEIVED).when(c.Resolve(occurred_at=RECEIVED.occurred_at)).then(e.Resolved(occurred_at=RECEIVED.occurred_at))


def test_a_late_classification_is_compared_with_the_one_in_force_when_it_occurred():
    order = given(RECEIVED, e.Classified(occurred_at=after(5), type="a"), e.Classified(occurred_at=after(30), type="b"))
    order.when(c.Classify(occurred_at=after(20), type="a")).then_nothing()
    order.when(c.Classify(occurred_at=after(20), type="b")).then(e.Classified(occurred_at=after(20), type="b"))
    order.when(c.Classify(occurred_at=after(40), type="a")).then(e.Classified(occurred_at=after(40), type="a"))


def test_a_resolution_before_a_recorded_resumption_holds():
    facts = [RECEIVED, e.Paused(occurred_at=after(10), reason="parts"), e.Resumed(occurred_at=after(70))]
    assert fold([*facts, RESOLVED]).status == "resolved"


def test_a_late_command_meets_what_occurred_at_its_own_instant():
    later = e.Reopened(occurred_at=after(90))
    given(RECEIVED, RESOLVED, later).when(c.Close(occurred_at=after(60))).then(e.Closed(occurred_at=after(60)))


def test_what_another_person_says_of_the_same_instant_is_already_so():
    classified = e.Classified(occurred_at=after(5), type="a")
    given(RECEIVED, classified).when(c.Classify(occurred_at=after(5), type="a", by="clerk-02")).then_nothing()
    waited = (e.Paused(occurred_at=after(10), reason="parts"), e.Resumed(occurred_at=after(10), reason="parts"))
    given(RECEIVED, *waited).when(c.Resume(occurred_at=after(10), reason="parts", by="clerk-02")).then_nothing()
