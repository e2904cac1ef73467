import pytest

from slaengine.domain import commands as c
from slaengine.domain import events as e
from slaengine.domain.codec import KINDS
from slaengine.errors import InvalidCommand, InvalidTransition
from slaengine.testing import examples
from slaengine.testing.scenario import given

RECEIVED = examples.FACTS[e.Received]
PAUSE = examples.COMMANDS[c.Pause]
PAUSED = examples.FACTS[e.Paused]
CLOSE = examples.COMMANDS[c.Close]


def test_the_kit_returns_the_order_as_it_is_afterwards():
    assert given(RECEIVED).when(PAUSE).then(PAUSED).status == "paused"


def test_the_kit_fails_when_other_facts_follow_and_shows_both():
    with pytest.raises(AssertionError, match=r"(?s)was open was asked to Pause.*expected Resolved.*got      Paused"):
        given(RECEIVED).when(PAUSE).then(examples.FACTS[e.Resolved])


def test_the_kit_fails_when_something_follows_and_nothing_should():
    with pytest.raises(AssertionError, match=r"(?s)expected nothing.*got      Paused"):
        given(RECEIVED).when(PAUSE).then_nothing()


def test_the_kit_fails_when_a_refused_command_should_lead_to_facts():
    with pytest.raises(AssertionError, match=r"(?s)got      InvalidTransition: cannot close"):
        given(RECEIVED).when(CLOSE).then_nothing()


def test_the_kit_fails_when_nothing_or_another_refusal_comes():
    with pytest.raises(AssertionError, match=r"(?s)expected InvalidTransition.*got      Paused"):
        given(RECEIVED).when(PAUSE).then_refused(InvalidTransition)
    with pytest.raises(AssertionError, match=r"(?s)expected InvalidCommand.*got      InvalidTransition"):
        given(RECEIVED).when(CLOSE).then_refused(InvalidCommand)


def test_the_kit_fails_when_the_refusal_does_not_say_the_words():
    given(RECEIVED).when(CLOSE).then_refused(InvalidTransition, "resolve it first")
    with pytest.raises(AssertionError, match="does not say: tomorrow"):
        given(RECEIVED).when(CLOSE).then_refused(InvalidTransition, "resolve it first", "tomorrow")


def test_there_is_an_example_of_everything_that_can_be_stored():
    assert set(examples.COMMANDS) == set(c.COMMANDS)
    assert set(examples.FACTS) == set(e.FACTS)
    assert {type(one) for one in (*examples.FACTS.values(), *examples.PUBLICATIONS.values(), examples.SEAL)} == set(KINDS)
