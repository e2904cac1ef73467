"""Another writer records between our reading and our writing: the command is decided again on what is so then."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.engine.conftest import OpenEngine

from slaengine.domain.commands import Resolve
from slaengine.domain.events import Responded
from slaengine.engine import SlaEngine
from slaengine.engine.plan import Plan
from slaengine.errors import InvalidTransition

Meanwhile = Callable[[Callable[[], object]], SlaEngine]


@pytest.fixture
def meanwhile(shared_store_url: str, open_engine: OpenEngine, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Returns an engine whose first command is planned, then overtaken by `what`, then saved."""

    def overtaken_by(what: Callable[[], object]) -> SlaEngine:
        engine = open_engine(shared_store_url)
        save, left = engine._save, [what]

        def save_late(planned: Plan):
            if left:
                left.pop()()
            return save(planned)

        monkeypatch.setattr(engine, "_save", save_late)
        return engine

    return overtaken_by


def test_a_command_that_still_holds_is_recorded_behind_the_other(
    shared_store_url: str, open_engine: OpenEngine, meanwhile: Meanwhile
) -> None:
    other = open_engine(shared_store_url)
    order = other.receive(kind="repair")
    engine = meanwhile(lambda: other.respond(order, note="the other"))
    assert len(engine.respond(order, note="mine")) == 1
    notes = [recorded.fact.note for recorded in engine.facts(order) if isinstance(recorded.fact, Responded)]
    assert notes == ["the other", "mine"]


def test_a_command_that_no_longer_holds_is_refused(shared_store_url: str, open_engine: OpenEngine, meanwhile: Meanwhile) -> None:
    other = open_engine(shared_store_url)
    order = other.receive(kind="repair")
    engine = meanwhile(lambda: other.cancel(order, reason="withdrawn"))
    with pytest.raises(InvalidTransition):
        engine.resolve(order)
    assert len(other.facts(order)) == 2


def test_a_command_that_the_other_sent_too_records_nothing(
    shared_store_url: str, open_engine: OpenEngine, meanwhile: Meanwhile
) -> None:
    other = open_engine(shared_store_url)
    order = other.receive(kind="repair")
    engine = meanwhile(lambda: other.respond(order, note="same", command_id="c-1"))
    assert engine.respond(order, note="same", command_id="c-1") == []
    assert len(other.facts(order)) == 2


def test_a_batch_is_decided_again_as_a_whole(shared_store_url: str, open_engine: OpenEngine, meanwhile: Meanwhile) -> None:
    other = open_engine(shared_store_url)
    first, second = other.receive(kind="repair"), other.receive(kind="repair")
    engine = meanwhile(lambda: other.resolve(second))
    outcomes = engine.handle_many([(first, [_resolve(engine)]), (second, [_resolve(engine)])])
    assert [len(outcome.facts) for outcome in outcomes] == [1, 0]
    assert [outcome.refusal for outcome in outcomes] == [None, None]
    assert len(other.facts(first)) == len(other.facts(second)) == 2


def _resolve(engine: SlaEngine):
    return Resolve(occurred_at=engine.clock())
