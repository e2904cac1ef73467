from slaengine.domain import commands as c
from slaengine.domain import events as e
from slaengine.errors import InvalidTransition
from slaengine.testing.examples import FACTS, ORDER_ID, OTHER_ORDER_ID, after
from slaengine.testing.scenario import given

RECEIVED = FACTS[e.Received]
CANCELLED = e.Cancelled(occurred_at=after(20), reason="withdrawn")
MERGED = e.Merged(occurred_at=after(20), into=OTHER_ORDER_ID)


def test_cancelling_makes_the_order_void():
    assert given(RECEIVED).when(c.Cancel(occurred_at=after(20), reason="withdrawn")).then(CANCELLED).status == "cancelled"


def test_cancelling_again_records_nothing_and_for_another_reason_is_refused():
    given(RECEIVED, CANCELLED).when(c.Cancel(occurred_at=after(30), reason="withdrawn")).then_nothing()
    otherwise = c.Cancel(occurred_at=after(30), reason="test")
    given(RECEIVED, CANCELLED).when(otherwise).then_refused(InvalidTransition, "was cancelled")


def test_merging_names_the_order_that_goes_on():
    assert given(RECEIVED).when(c.Merge(occurred_at=after(20), into=OTHER_ORDER_ID)).then(MERGED).status == "merged"


def test_merging_again_records_nothing_and_elsewhere_is_refused():
    given(RECEIVED, MERGED).when(c.Merge(occurred_at=after(30), into=OTHER_ORDER_ID)).then_nothing()
    given(RECEIVED, MERGED).when(c.Merge(occurred_at=after(30), into=ORDER_ID)).then_refused(InvalidTransition, "was merged")


def test_a_resolved_order_is_neither_cancelled_nor_merged():
    resolved = given(RECEIVED, e.Resolved(occurred_at=after(10)))
    resolved.when(c.Cancel(occurred_at=after(20), reason="withdrawn")).then_refused(InvalidTransition, "was resolved")
    resolved.when(c.Merge(occurred_at=after(20), into=OTHER_ORDER_ID)).then_refused(InvalidTransition, "was resolved")


def test_a_cancelled_order_takes_no_work_and_says_to_receive_a_new_one():
    given(RECEIVED, CANCELLED).when(c.Dispatch(occurred_at=after(30), team="engineering")).then_refused(
        InvalidTransition, "cannot dispatch", "was cancelled", "receive a new work order"
    )


def test_a_merged_order_sends_work_to_the_other_one():
    given(RECEIVED, MERGED).when(c.Resolve(occurred_at=after(30))).then_refused(
        InvalidTransition, "cannot resolve", "was merged", "the work order it was merged into"
    )
