from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from pydantic_core import from_json
from sqlalchemy import delete
from stream_samples import NOON, fill, opened, records_of

from slaengine.engine import SlaEngine
from slaengine.policies.book import PolicyBook
from slaengine.policies.clock import judge
from slaengine.policies.moment import Moment
from slaengine.projections.case_file import micros, moment_of
from slaengine.storage.log import FactLog
from slaengine.storage.read_models import ReadModels
from slaengine.storage.read_models_schema import catalogue
from slaengine.streaming import tables
from slaengine.streaming.memory import MemoryKafka
from slaengine.streaming.port import Message
from slaengine.streaming.topics import VERDICTS
from slaengine.streaming.warned_late import late_warnings
from slaengine.streaming.watch import Watch, to_kafka

POLICY = """
policy: watched
time_zone: UTC
version: "1"
effective_from: 2026-01-01T00:00:00Z
targets:
  - {name: resolution, stop: resolved, limit: 10 h, pause: [parts], warn: [0.5, 0.8]}
waivers: {reasons: [storm]}
"""
NINE = datetime(2026, 1, 5, 9, tzinfo=UTC)


class Town:
    """An engine and a watch at a clock that the test sets."""

    def __init__(self) -> None:
        self.now = NINE
        self.engine = SlaEngine.open("memory:", clock=lambda: self.now)
        self.said: list[Message] = []
        self.watch = Watch(self.engine.log, PolicyBook.parse(POLICY), self.said.extend, lambda: micros(self.now))

    def at(self, hours: float) -> list[tuple[str, float]]:
        """Go to so many hours after nine; return what the watch says then, and for which hour."""
        self.now = NINE + timedelta(hours=hours)
        before = len(self.said)
        self.watch.run_once()
        return [brief(message) for message in self.said[before:]]


def brief(message: Message) -> tuple[str, float]:
    headers = {name: value.decode() for name, value in message.headers}
    at = datetime.fromisoformat(headers["ce_time"])
    return headers["ce_type"].removeprefix("slaengine.verdict.clock_").removesuffix(".v1"), (at - NINE) / timedelta(hours=1)


def test_time_alone_brings_warnings_and_the_breach_each_once() -> None:
    town = Town()
    town.engine.receive(kind="repair", number="R-1", occurred_at=NINE)
    assert town.at(1) == [("started", 0)]
    assert town.at(4) == []
    assert town.at(5) == [("warned", 5)]
    assert town.at(9) == [("warned", 8)]
    assert town.at(10) == []
    assert town.at(11) == [("breached", 10)]
    assert town.at(50) == []


def test_a_warning_that_is_said_behind_the_due_time_is_known_as_late() -> None:
    town = Town()
    town.engine.receive(kind="repair", number="R-1", occurred_at=NINE)
    town.at(6)
    assert list(late_warnings(town.engine.log.database, "watched")) == []
    town.at(12)
    late = list(late_warnings(town.engine.log.database, "watched"))
    assert [(warning.order, warning.target, warning.late_s) for warning in late] == [("R-1", "resolution", 2 * 3600)]
    assert list(late_warnings(town.engine.log.database, "another")) == []


def test_a_pause_puts_warnings_and_breach_off() -> None:
    town = Town()
    order = town.engine.receive(kind="repair", number="R-1", occurred_at=NINE)
    town.now = NINE + timedelta(hours=1)
    town.engine.pause(order, reason="parts")
    assert town.at(6) == [("started", 0)]
    town.engine.resume(order)
    assert town.at(9) == []
    assert town.at(10.5) == [("warned", 10)]
    assert town.at(16) == [("warned", 13), ("breached", 15)]


def test_a_clock_that_stops_in_time_is_met_and_nothing_follows() -> None:
    town = Town()
    order = town.engine.receive(kind="repair", number="R-1", occurred_at=NINE)
    town.now = NINE + timedelta(hours=6)
    town.engine.resolve(order)
    assert town.at(6) == [("started", 0), ("warned", 5), ("met", 6)]
    assert town.at(100) == []


def test_a_breach_that_is_excused_afterwards_is_waived() -> None:
    town = Town()
    order = town.engine.receive(kind="repair", number="R-1", occurred_at=NINE)
    assert ("breached", 10) in town.at(11)
    town.engine.approve_waiver(order, target="resolution", reason="storm", by="manager")
    assert town.at(12) == [("waived", 10)]


def test_a_late_fact_that_changes_the_verdict_is_said() -> None:
    town = Town()
    order = town.engine.receive(kind="repair", number="R-1", occurred_at=NINE)
    assert ("breached", 10) in town.at(11)
    town.engine.resolve(order, occurred_at=NINE + timedelta(hours=9))
    assert town.at(12) == [("met", 9)]


def rebuilt(log: FactLog) -> None:
    """Throw the read models away."""
    with log.database.writing() as connection:
        for build in ReadModels(log.database).builds(connection, "service-standard"):
            build.tables.metadata.drop_all(connection)
        connection.execute(delete(catalogue))


def forgotten(log: FactLog) -> None:
    """Forget which orders were looked at."""
    with log.database.writing() as connection:
        connection.execute(delete(tables.watched))


@pytest.mark.parametrize("again", [lambda _: None, rebuilt, forgotten])
def test_a_second_run_or_a_rebuild_announces_nothing_twice(again: Callable[[FactLog], None]) -> None:
    cluster, book = MemoryKafka(), PolicyBook.pack("service-standard")
    with opened() as log:
        fill(log, 50)
        Watch(log, book, to_kafka(cluster), lambda: micros(NOON)).run_once()
        count = len(records_of(cluster, VERDICTS))
        again(log)
        assert Watch(log, book, to_kafka(cluster), lambda: micros(NOON)).run_once() == 0
        assert len(records_of(cluster, VERDICTS)) == count


def test_the_verdicts_said_are_those_of_the_clocks() -> None:
    cluster, book = MemoryKafka(), PolicyBook.pack("service-standard")
    with opened() as log:
        fill(log, 80)
        Watch(log, book, to_kafka(cluster), lambda: micros(NOON)).run_once()
        records = records_of(cluster, VERDICTS)
        orders = {fact.order_id for fact in log.scan()}
        expected: Counter[str] = Counter()
        for order_id in orders:
            expected.update(clock.verdict for clock in judge(book, moments(log, order_id), as_of=micros(NOON)))
    said = Counter(dict(record.headers)["ce_type"].decode().split(".")[2] for record in records)
    assert said["clock_started"] == expected.total()
    assert said["clock_met"] == expected["met"]
    assert said["clock_breached"] == expected["missed"] + expected["overdue"]
    assert len({dict(record.headers)["ce_id"] for record in records}) == len(records)
    assert all(from_json(record.value)["policy"] == "service-standard" for record in records)


def moments(log: FactLog, order_id: UUID) -> list[Moment]:
    return [moment_of(f.topic, f.state, f.version, f.recorded_at) for f in log.facts_of(order_id)]
