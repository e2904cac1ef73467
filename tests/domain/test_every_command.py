"""What holds for each command alike: which facts, which refusal, when nothing."""

import pytest

from slaengine.domain import commands as c
from slaengine.domain import events as e
from slaengine.domain.decide import PERMITTED
from slaengine.errors import AlreadyReceived, InvalidTransition, WorkOrderError
from slaengine.testing.examples import COMMANDS, FACTS, after
from slaengine.testing.scenario import given

RECEIVED = FACTS[e.Received]
RESOLVED = e.Resolved(occurred_at=after(15))
ROADS = {
    "absent": (),
    "open": (RECEIVED,),
    "paused": (RECEIVED, e.Paused(occurred_at=after(1), reason="parts"), e.Paused(occurred_at=after(1), reason="weather")),
    "resolved": (RECEIVED, RESOLVED),
    "closed": (RECEIVED, RESOLVED, e.Closed(occurred_at=after(16))),
    "cancelled": (RECEIVED, e.Cancelled(occurred_at=after(2), reason="a-test")),
    "merged": (RECEIVED, e.Merged(occurred_at=after(2), into="019b8bbb-5a00-7000-8000-000000000009")),
}
"""The facts that bring an order to each status, before any of the examples occurs."""

EVERY = [(kind, status) for kind in c.COMMANDS for status in ROADS]
SAY = {kind: COMMANDS[kind].model_copy(update={"occurred_at": after(2000)}) for kind in c.COMMANDS}
SAY[c.Pause] = c.Pause(occurred_at=after(2000), reason="no_access")


@pytest.mark.parametrize("status", ROADS)
def test_the_roads_lead_to_their_status(status):
    assert given(*ROADS[status]).order.status == status


@pytest.mark.parametrize(("kind", "status"), EVERY)
def test_a_command_leads_to_its_fact_where_its_status_permits_and_is_refused_by_name_elsewhere(kind, status):
    outcome = given(*ROADS[status]).when(SAY[kind])
    if status in PERMITTED[kind]:
        outcome.then(SAY[kind].fact())
    elif kind is c.Receive:
        outcome.then_refused(AlreadyReceived, RECEIVED.number)
    else:
        so = f"{RECEIVED.number} was {status} at 2026-01-06T10:20:00Z" if status != "absent" else "there is no such work order"
        outcome.then_refused(InvalidTransition, f"cannot {kind.NAME.replace('_', ' ')}: ", so, "; ")


@pytest.mark.parametrize(("kind", "status"), [(kind, status) for kind, status in EVERY if status in PERMITTED[kind]])
def test_a_command_sent_twice_records_nothing_the_second_time(kind, status):
    once = given(*ROADS[status]).when(SAY[kind]).after
    given(*once.facts).when(SAY[kind]).then_nothing()


@pytest.mark.parametrize(("kind", "status"), [(kind, status) for kind, status in EVERY if status not in PERMITTED[kind]])
def test_every_refusal_says_what_was_asked_what_is_so_and_what_to_do(kind, status):
    refusal = given(*ROADS[status]).when(SAY[kind]).refusal
    assert isinstance(refusal, WorkOrderError)
    said, _, to_do = str(refusal).partition("; ")
    assert said
    assert any(word in to_do for word in ("first", "receive", "use `correct`", "send it", "reopen", "anew"))


@pytest.mark.parametrize("kind", c.COMMANDS)
def test_the_fact_carries_every_field_of_its_command_but_the_command_id(kind):
    assert kind.model_fields.keys() - {"command_id"} == kind.FACT.model_fields.keys()
    fact = COMMANDS[kind].fact()
    assert type(fact) is kind.FACT
    assert fact == kind.FACT.model_validate(COMMANDS[kind].model_dump(exclude={"command_id"}))
    assert fact.model_copy() == fact


def test_commands_and_facts_pair_up_one_to_one():
    assert [kind.FACT for kind in c.COMMANDS] == list(e.FACTS)
    assert len({kind.NAME for kind in c.COMMANDS}) == len(c.COMMANDS)


def test_each_fact_has_a_versioned_topic_of_its_own():
    assert [fact.TOPIC for fact in e.FACTS] == [f"work_order.{fact.NAME}.v1" for fact in e.FACTS]
    assert len({fact.TOPIC for fact in e.FACTS}) == len(e.FACTS)
