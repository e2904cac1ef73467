from __future__ import annotations

import pytest
from tests.engine.conftest import OpenEngine

from slaengine.domain.promises import CalendarPublished, PolicyPublished
from slaengine.engine import SlaEngine
from slaengine.engine.publishing import publication_id
from slaengine.errors import FutureFact, PolicyError
from slaengine.testing.examples import after

POLICY = PolicyPublished(occurred_at=after(0), name="lakeside", version="1", effective_from=after(60), text="policy: lakeside\n")


def test_a_publication_is_a_fact_in_the_log_and_safe_to_send_twice(store_url: str, open_engine: OpenEngine) -> None:
    engine = open_engine(store_url)
    assert engine.publish(POLICY) == [POLICY]
    assert engine.publish(POLICY.model_copy(update={"occurred_at": after(2), "by": "manager-01"})) == []
    second = POLICY.model_copy(update={"version": "2", "text": "policy: lakeside\nversion: 2\n"})
    assert engine.publish(second) == [second]
    own_id = publication_id(PolicyPublished, "lakeside")
    assert engine.work_orders.facts(own_id) == [POLICY, second]
    assert [fact.order_id for fact in engine.log.read(topics=[PolicyPublished.TOPIC])] == [own_id, own_id]
    assert engine.log.count_orders() == 0


def test_a_version_cannot_be_published_with_other_contents(engine: SlaEngine) -> None:
    engine.publish(POLICY)
    with pytest.raises(PolicyError, match="version 1 of policy 'lakeside' is published with other contents"):
        engine.publish(POLICY.model_copy(update={"effective_from": after(120)}))
    assert engine.log.head().position == 1


def test_policies_and_calendars_of_one_name_are_apart(engine: SlaEngine) -> None:
    engine.publish(POLICY)
    calendar = CalendarPublished(**POLICY.model_dump())
    assert engine.publish(calendar) == [calendar]


def test_a_publication_may_hold_in_future_but_not_be_made_there(engine: SlaEngine) -> None:
    with pytest.raises(FutureFact):
        engine.publish(POLICY.model_copy(update={"occurred_at": after(10)}))
