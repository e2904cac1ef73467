import pytest

from slaengine.domain import commands as c
from slaengine.domain import events as e
from slaengine.domain.work_order import fold
from slaengine.errors import InvalidCommand
from slaengine.testing.examples import FACTS, after
from slaengine.testing.scenario import given

RECEIVED = FACTS[e.Received]
PAUSED = e.Paused(occurred_at=after(10), reason="partz")
RESOLVED = e.Resolved(occurred_at=after(60))


def correct(version, field, value=None, text=None):
    return c.Correct(occurred_at=after(100), version=version, field=field, value=value, text=text)


def test_a_correction_stands_beside_the_fact_it_corrects():
    order = given(RECEIVED).when(correct(1, "place.building", "5")).then(correct(1, "place.building", "5").fact())
    assert order.facts[0] == RECEIVED
    assert (order.received.place.building, order.received.place.unit) == ("5", "2")


def test_the_same_correction_again_records_nothing():
    given(RECEIVED, correct(1, "kind", "complaint").fact()).when(correct(1, "kind", "complaint")).then_nothing()


def test_later_commands_meet_the_order_as_corrected():
    order = given(RECEIVED, PAUSED, correct(2, "reason", "parts").fact())
    order.when(c.Pause(occurred_at=after(20), reason="parts")).then_nothing()
    resumed = order.when(c.Resume(occurred_at=after(30), reason="parts")).then(e.Resumed(occurred_at=after(30), reason="parts"))
    assert resumed.status == "open"


def test_a_corrected_time_moves_the_fact_in_the_order_of_occurrence():
    cancelled = e.Cancelled(occurred_at=after(70), reason="withdrawn")
    facts = [RECEIVED, RESOLVED, cancelled]
    assert fold(facts).status == "resolved"
    assert fold([*facts, correct(3, "occurred_at", after(50).isoformat()).fact()]).status == "cancelled"


def test_a_repetition_of_the_wrong_fact_still_records_nothing():
    order = given(RECEIVED, PAUSED, correct(2, "reason", "parts").fact())
    order.when(c.Pause(occurred_at=after(10), reason="partz")).then_nothing()


def test_of_two_corrections_of_one_field_the_later_holds():
    order = fold([RECEIVED, correct(1, "kind", "complaint").fact(), correct(1, "kind", "enquiry").fact()])
    assert order.received.kind == "enquiry"


def test_a_value_within_something_that_was_not_known_can_be_given():
    bare = RECEIVED.model_copy(update={"reporter": None})
    order = given(bare).when(correct(1, "reporter.subject", "owner-9")).then(correct(1, "reporter.subject", "owner-9").fact())
    assert order.received.reporter.subject == "owner-9"


def test_a_personal_field_is_corrected_as_text_which_is_marked_personal():
    order = (
        given(RECEIVED)
        .when(correct(1, "reporter.name", text="Wang Ming"))
        .then(correct(1, "reporter.name", text="Wang Ming").fact())
    )
    assert order.received.reporter.name == "Wang Ming"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (correct(9, "kind", "service"), ["version is 9", "has 2 facts"]),
        (correct(1, "colour", "red"), ["'colour' is not a field of received", "place"]),
        (correct(1, "kind", "party"), ["value does not fit received.kind; input should be 'repair', 'complaint'"]),
        (correct(1, "place.colour", "red"), ["does not fit received.place.colour"]),
        (correct(1, "occurred_at", None), ["does not fit received.occurred_at"]),
        (correct(1, "number", "WO-2"), ["'number' is the name the order is known by", "receive it anew"]),
        (correct(2, "occurred_at", after(101).isoformat()), ["after its own correction"]),
        (correct(1, "reporter.name", value="Wang Ming"), ["would show personal data", "as text"]),
        (correct(1, "reporter", value={"name": "Wang Ming"}), ["'reporter' holds personal fields", "one field within"]),
        (correct(1, "kind", text="complaint"), ["text is for personal fields only", "as value"]),
    ],
)
def test_a_correction_that_does_not_fit_is_refused(command, words):
    given(RECEIVED, PAUSED).when(command).then_refused(InvalidCommand, "cannot correct", *words)


def test_a_refused_correction_never_repeats_the_value():
    refusal = given(RECEIVED).when(correct(1, "reporter.name.first", text="Wang Ming")).refusal
    assert refusal is not None
    assert "Wang" not in str(refusal)


def test_a_correction_is_not_corrected_but_said_again():
    order = given(RECEIVED, correct(1, "kind", "complaint").fact())
    again = order.when(correct(2, "value", "enquiry"))
    again.then_refused(InvalidCommand, "2 is a correction itself", "correct the first fact again")


def test_a_stored_correction_that_no_longer_fits_leaves_the_fact_as_it_was():
    order = fold([RECEIVED, correct(1, "colour", "red").fact(), correct(7, "kind", "complaint").fact()])
    assert order.received == RECEIVED
    assert order.version == 3
