import pytest

from slaengine.domain import commands as c
from slaengine.domain import events as e
from slaengine.errors import InvalidCommand
from slaengine.testing.examples import COMMANDS, FACTS
from slaengine.testing.scenario import given

RECEIVED = FACTS[e.Received]
WAIVERS = [c.RequestWaiver, c.ApproveWaiver, c.RefuseWaiver]


@pytest.mark.parametrize("kind", WAIVERS)
def test_a_waiver_is_recorded_with_its_target_reason_and_person(kind):
    given(RECEIVED).when(COMMANDS[kind]).then(FACTS[kind.FACT])


@pytest.mark.parametrize("kind", WAIVERS)
def test_a_waiver_without_a_person_is_refused(kind):
    nobody = COMMANDS[kind].model_copy(update={"by": None})
    given(RECEIVED).when(nobody).then_refused(InvalidCommand, kind.NAME.replace("_", " "), "by is missing", "names the person")


@pytest.mark.parametrize("kind", WAIVERS)
@pytest.mark.parametrize("end", [e.Cancelled, e.Merged, e.Resolved])
def test_a_waiver_is_possible_whatever_became_of_the_order(kind, end):
    given(RECEIVED, FACTS[end]).when(COMMANDS[kind]).then(FACTS[kind.FACT])


def test_a_waiver_may_be_refused_after_it_was_approved():
    refused = given(RECEIVED, FACTS[e.WaiverApproved]).when(COMMANDS[c.RefuseWaiver])
    refused.then(FACTS[e.WaiverRefused])
