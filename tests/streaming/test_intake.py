from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic_core import from_json, to_json
from stream_samples import records_of, running, until

from slaengine.engine import SlaEngine
from slaengine.streaming.intake import Intake
from slaengine.streaming.memory import MemoryKafka
from slaengine.streaming.port import Kafka, Message

NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.fixture
def engine(shared_store_url: str) -> Iterator[SlaEngine]:
    with SlaEngine.open(shared_store_url, clock=lambda: NOW) as opened:
        yield opened


def command(verb: str, body: Any, *, ce_id: str | None = None, **headers: str) -> Message:
    attributes = {
        "ce_id": ce_id or str(uuid.uuid4()),
        "ce_source": "sensors",
        "ce_type": f"slaengine.command.{verb}.v1",
    } | headers
    value = body if isinstance(body, bytes) else to_json(body)
    return Message("commands", b"flat-7", value, [(name, text.encode()) for name, text in attributes.items()], 0)


def send(cluster: Kafka, *messages: Message) -> None:
    with closing(cluster.producer()) as producer:
        assert producer.send(messages).wait(20)


def intake(cluster: Kafka, engine: SlaEngine, **options: Any) -> Intake:
    return Intake(kafka=cluster, database=engine.log.database, engine=engine, topic="commands", replies="replies", **options)


def answers(cluster: Kafka) -> list[tuple[str, dict[str, Any]]]:
    found = [(dict(record.headers), from_json(record.value or b"")) for record in records_of(cluster, "replies")]
    return [(headers["ce_type"].decode().split(".")[2], body) for headers, body in found]


LEAK = {"kind": "repair", "number": "R-1", "occurred_at": "2026-01-05T09:00:00Z", "place": {"building": "3"}}


def test_commands_are_carried_out_in_order_and_answered(engine: SlaEngine) -> None:
    cluster = MemoryKafka()
    taker = intake(cluster, engine)
    taker.run_once()
    send(cluster, command("receive", LEAK), command("resolve", {"order": "R-1"}), command("close", {"order": "R-1"}))
    taker.run_once()
    assert [fact.fact.NAME for fact in engine.facts("R-1")] == ["received", "resolved", "closed"]
    kinds = answers(cluster)
    assert [kind for kind, _ in kinds] == ["recorded"] * 3
    assert [body["versions"] for _, body in kinds] == [[1], [2], [3]]


def test_a_command_that_comes_twice_is_carried_out_once(engine: SlaEngine) -> None:
    cluster = MemoryKafka()
    taker = intake(cluster, engine)
    taker.run_once()
    again = command("report_progress", {"order": "R-1", "method": "push"}, ce_id="c-1")
    send(cluster, command("receive", LEAK, ce_id="c-0"), again, again, command("receive", LEAK, ce_id="c-0"), again)
    taker.run_once()
    assert [fact.fact.NAME for fact in engine.facts("R-1")] == ["received", "progress_reported"]
    assert [kind for kind, _ in answers(cluster)] == ["recorded", "recorded", "unchanged", "recorded", "unchanged"]


@pytest.mark.parametrize(
    ("message", "error", "reason"),
    [
        (command("resolve", {"order": "R-404"}), "UnknownWorkOrder", "R-404"),
        (command("close", {"order": "R-1"}), "InvalidTransition", "resolve it first"),
        (command("pause", {"order": "R-1"}), "InvalidCommand", "reason"),
        (command("pause", {"order": "R-1", "raeson": "x"}), "InvalidCommand", "did you mean 'reason'"),
        (command("pause", {"reason": "x"}), "InvalidCommand", "order"),
        (command("pause", b"\x00"), "UnreadableMessage", "JSON object"),
        (command("pause", b"[]"), "UnreadableMessage", "JSON object"),
        (command("resolv", {"order": "R-1"}), "UnreadableMessage", "did you mean 'resolve'"),
        (command("resolve", {"order": "R-1"}, ce_source=""), "UnreadableMessage", "ce_source"),
        (command("receive", {"kind": "repair", "occurred_at": "2027-01-01T00:00:00Z"}), "FutureFact", "not happened"),
    ],
)
def test_a_refusal_is_answered_with_its_reason_and_records_nothing(message: Message, error: str, reason: str) -> None:
    cluster = MemoryKafka()
    with SlaEngine.open("memory:", clock=lambda: NOW) as engine:
        engine.receive(kind="repair", number="R-1", occurred_at=NOW)
        taker = intake(cluster, engine)
        taker.run_once()
        send(cluster, message)
        taker.run_once()
        [(kind, body)] = answers(cluster)
        assert (kind, body["error"]) == ("refused", error)
        assert reason in body["reason"]
        assert engine.log.head().position == 1


def test_an_intake_that_dies_before_its_transaction_ends_has_done_nothing_and_answers_nothing(engine: SlaEngine) -> None:
    cluster = MemoryKafka()
    taker = intake(cluster, engine)
    taker.run_once()
    send(cluster, command("receive", LEAK), command("resolve", {"order": "R-1"}))
    dying = intake(cluster, engine)
    carry_out, count = dying._carried_out, iter(range(9))

    def die(record: Any, headers: Any) -> Any:
        if next(count) == 1:
            raise KeyboardInterrupt
        return carry_out(record, headers)

    dying._carried_out = die  # type: ignore[method-assign]
    with pytest.raises(KeyboardInterrupt):
        dying.run_once()
    assert engine.log.head().position == 0
    intake(cluster, engine).run_once()
    assert engine.log.head().position == 2
    assert len(answers(cluster)) == 2


@pytest.mark.kafka
def test_commands_through_kafka_reach_the_log_and_the_answers_the_sender(cluster: Kafka, engine: SlaEngine) -> None:
    topic, replies = f"c-{uuid.uuid4()}", f"r-{uuid.uuid4()}"
    taker = Intake(kafka=cluster, database=engine.log.database, engine=engine, topic=topic, replies=replies)
    with running(taker):
        until(lambda: cluster.partitions(topic))
        send(cluster, command("receive", LEAK)._replace(topic=topic), command("resolve", {"order": "R-1"})._replace(topic=topic))
        until(lambda: engine.log.head().position == 2)
        until(lambda: cluster.partitions(replies) and len(records_of(cluster, replies)) == 2)
