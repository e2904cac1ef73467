from slaengine.domain import commands as c
from slaengine.domain import events as e
from slaengine.errors import InvalidTransition
from slaengine.testing.examples import FACTS, after
from slaengine.testing.scenario import given

RECEIVED = FACTS[e.Received]
RESOLVED = e.Resolved(occurred_at=after(60), outcome="repaired")
CLOSED = e.Closed(occurred_at=after(90))


def test_resolving_works_from_open_and_from_paused():
    resolve = c.Resolve(occurred_at=after(60), outcome="repaired")
    assert given(RECEIVED).when(resolve).then(RESOLVED).status == "resolved"
    assert given(RECEIVED, e.Paused(occurred_at=after(5), reason="parts")).when(resolve).then(RESOLVED).status == "resolved"


def test_resolving_a_resolved_order_records_nothing_if_it_says_the_same():
    given(RECEIVED, RESOLVED).when(c.Resolve(occurred_at=after(70), outcome="repaired", by="someone-else")).then_nothing()


def test_resolving_a_resolved_order_otherwise_is_refused_and_points_to_correcting():
    given(RECEIVED, RESOLVED).when(c.Resolve(occurred_at=after(70), outcome="replaced")).then_refused(
        InvalidTransition, "cannot resolve", "was resolved", "use `correct`"
    )


def test_resolving_again_after_a_reopening_is_a_new_resolution():
    order = given(RECEIVED, RESOLVED, e.Reopened(occurred_at=after(70)))
    assert (
        order.when(c.Resolve(occurred_at=after(80), outcome="repaired"))
        .then(e.Resolved(occurred_at=after(80), outcome="repaired"))
        .status
        == "resolved"
    )


def test_revisiting_is_for_resolved_and_closed_orders():
    revisit = c.Revisit(occurred_at=after(100), method="telephone", satisfaction="satisfied")
    revisited = e.Revisited(occurred_at=after(100), method="telephone", satisfaction="satisfied")
    given(RECEIVED, RESOLVED).when(revisit).then(revisited)
    given(RECEIVED, RESOLVED, CLOSED).when(revisit).then(revisited)
    given(RECEIVED).when(revisit).then_refused(InvalidTransition, "cannot revisit", "was open", "resolve it first")


def test_a_second_revisit_is_another_fact():
    first = e.Revisited(occurred_at=after(100), method="telephone")
    given(RECEIVED, RESOLVED, first).when(c.Revisit(occurred_at=after(200), method="on_site")).then(
        e.Revisited(occurred_at=after(200), method="on_site")
    )


def test_closing_needs_a_resolution():
    assert given(RECEIVED, RESOLVED).when(c.Close(occurred_at=after(90))).then(CLOSED).status == "closed"
    given(RECEIVED).when(c.Close(occurred_at=after(90))).then_refused(InvalidTransition, "cannot close", "resolve it first")


def test_closing_a_closed_order_records_nothing():
    given(RECEIVED, RESOLVED, CLOSED).when(c.Close(occurred_at=after(95))).then_nothing()


def test_reopening_takes_a_resolved_or_closed_order_up_again():
    reopen, reopened = c.Reopen(occurred_at=after(99), reason="leaks"), e.Reopened(occurred_at=after(99), reason="leaks")
    assert given(RECEIVED, RESOLVED).when(reopen).then(reopened).status == "open"
    assert given(RECEIVED, RESOLVED, CLOSED).when(reopen).then(reopened).status == "open"


def test_reopening_an_order_under_way_is_refused():
    given(RECEIVED).when(c.Reopen(occurred_at=after(99))).then_refused(InvalidTransition, "cannot reopen", "nothing to reopen")


def test_a_resolution_reported_late_counts_from_when_it_was_done():
    order = given(RECEIVED, RESOLVED).when(c.Resolve(occurred_at=after(40), outcome="repaired"))
    assert order.then(e.Resolved(occurred_at=after(40), outcome="repaired")).status == "resolved"
