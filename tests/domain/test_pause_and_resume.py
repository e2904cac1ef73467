from slaengine.domain import commands as c
from slaengine.domain import events as e
from slaengine.errors import InvalidCommand, InvalidTransition
from slaengine.testing.examples import FACTS, after
from slaengine.testing.scenario import given

RECEIVED = FACTS[e.Received]
PARTS = e.Paused(occurred_at=after(10), reason="parts")
WEATHER = e.Paused(occurred_at=after(20), reason="weather")
RESOLVED = e.Resolved(occurred_at=after(60))


def pause(minute, reason="parts"):
    return c.Pause(occurred_at=after(minute), reason=reason)


def resume(minute, reason=None):
    return c.Resume(occurred_at=after(minute), reason=reason)


def test_pausing_records_the_reason_and_the_order_waits():
    order = given(RECEIVED).when(pause(10)).then(PARTS)
    assert (order.status, order.standing.waits) == ("paused", {"parts"})


def test_pausing_for_a_reason_it_waits_for_already_records_nothing():
    given(RECEIVED, PARTS).when(pause(30)).then_nothing()


def test_pauses_for_different_reasons_overlap():
    order = given(RECEIVED, PARTS).when(pause(20, "weather")).then(WEATHER)
    assert order.standing.waits == {"parts", "weather"}


def test_pausing_a_resolved_order_is_refused():
    given(RECEIVED, RESOLVED).when(pause(70)).then_refused(
        InvalidTransition, "cannot pause", "WO-20260105-000123 was resolved at 2026-01-05T02:10:00Z", "reopen it first"
    )


def test_resuming_one_of_two_waits_leaves_the_other():
    order = given(RECEIVED, PARTS, WEATHER).when(resume(30, "parts")).then(e.Resumed(occurred_at=after(30), reason="parts"))
    assert (order.status, order.standing.waits) == ("paused", {"weather"})


def test_resuming_the_last_wait_opens_the_order():
    order = given(RECEIVED, PARTS).when(resume(30, "parts")).then(e.Resumed(occurred_at=after(30), reason="parts"))
    assert order.status == "open"


def test_resuming_without_a_reason_ends_every_wait():
    assert given(RECEIVED, PARTS, WEATHER).when(resume(30)).then(e.Resumed(occurred_at=after(30))).status == "open"


def test_resuming_a_wait_that_has_ended_records_nothing():
    resumed = e.Resumed(occurred_at=after(15), reason="parts")
    given(RECEIVED, PARTS, resumed).when(resume(30, "parts")).then_nothing()
    given(RECEIVED, PARTS, resumed).when(resume(30)).then_nothing()
    given(RECEIVED, PARTS, resumed, WEATHER).when(resume(30, "parts")).then_nothing()


def test_resuming_before_any_pause_is_refused_so_that_it_is_not_lost_when_the_pause_comes_late():
    given(RECEIVED).when(resume(30)).then_refused(InvalidTransition, "cannot resume", "was open", "send the pause first")
    given(RECEIVED).when(resume(30, "parts")).then_refused(InvalidTransition, "send the pause first")


def test_resuming_for_a_reason_it_never_waited_for_is_refused_with_the_reasons_it_waits_for():
    given(RECEIVED, PARTS, WEATHER).when(resume(30, "access")).then_refused(
        InvalidCommand, "cannot resume", "'access'", "it waits for parts, weather"
    )


def test_resolving_ends_every_wait():
    order = given(RECEIVED, PARTS).when(c.Resolve(occurred_at=after(60))).then(RESOLVED)
    assert (order.status, order.standing.waits) == ("resolved", frozenset())


def test_an_order_waits_for_nothing_when_it_is_reopened():
    order = given(RECEIVED, PARTS, RESOLVED).when(c.Reopen(occurred_at=after(70))).then(e.Reopened(occurred_at=after(70)))
    assert (order.status, order.standing.waits) == ("open", frozenset())
