from slaengine.domain import commands as c
from slaengine.errors import AlreadyReceived
from slaengine.testing.examples import COMMANDS
from slaengine.testing.scenario import given

RECEIVE = COMMANDS[c.Receive]
RECEIVED = RECEIVE.fact()


def test_receiving_begins_the_order_with_all_that_the_desk_wrote_down():
    order = given().when(RECEIVE).then(RECEIVED)
    assert (order.status, order.version, order.received) == ("open", 1, RECEIVED)


def test_receiving_again_with_the_same_contents_records_nothing():
    given(RECEIVED).when(RECEIVE).then_nothing()


def test_receiving_again_under_another_correlation_or_cause_records_nothing():
    again = RECEIVE.model_copy(update={"correlation_id": "call-2", "causation_id": "message-9", "command_id": "other"})
    given(RECEIVED).when(again).then_nothing()


def test_receiving_again_with_other_contents_is_refused_and_points_to_correcting():
    other = RECEIVE.model_copy(update={"kind": "complaint"})
    given(RECEIVED).when(other).then_refused(AlreadyReceived, "WO-20260105-000123", "already received", "correct")


def test_a_cancelled_order_is_not_received_again():
    cancelled = COMMANDS[c.Cancel].fact()
    given(RECEIVED, cancelled).when(RECEIVE).then_nothing()
    given(RECEIVED, cancelled).when(RECEIVE.model_copy(update={"kind": "service"})).then_refused(AlreadyReceived)
