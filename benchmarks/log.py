"""Recording facts and reading them back, beside the plain eventsourcing library with its own recorder and mapper, on SQLite.

The library's rows record the same fields as its own events, in the same batches, with its defaults (write-ahead log, full
synchronisation, JSON). It decides nothing, chains no hashes, lets versions have gaps, and keeps no command ids.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.domain import DomainEvent

from benchmarks._timing import table
from slaengine.domain.commands import Classify, Command, Receive, Resolve
from slaengine.domain.events import Fact
from slaengine.engine import SlaEngine, order_id_for
from slaengine.storage.log import NewFact

AT = datetime(2026, 1, 5, 1, 0, tzinfo=UTC)
ORDERS, A_BATCH, SINGLES = 5_000, 500, 500
FACTS_AN_ORDER = 3


class PlainEvent(DomainEvent):
    """One fact as the library's own event: its fields in a dictionary."""

    fields: dict[str, Any]


def main() -> None:
    """Print facts a second for each way to record and to read."""
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        for name, run in (
            ("log.append, batches", append_to_log),
            ("engine.handle_many, batches", handle_many),
            ("engine.handle_many with command ids", handle_many_with_ids),
            ("eventsourcing save(), batches", save_plainly),
            ("engine verbs, one by one", verbs_one_by_one),
            ("eventsourcing save(), one by one", save_plainly_one_by_one),
        ):
            rows.append([name, *run(Path(directory) / f"{run.__name__}.db")])
    table(["", "facts", "recorded/s", "read/s"], rows)


def commands_of(row: int, *, with_ids: bool = False) -> list[Command]:
    """Return what an import of one closed order sends."""
    ids = [f"{row}-{step}" if with_ids else None for step in range(FACTS_AN_ORDER)]
    return [
        Receive(occurred_at=AT, kind="repair", number=f"R-{row}", channel="app", command_id=ids[0]),
        Classify(occurred_at=AT, type="facility.plumbing.burst_pipe", severity="emergency", command_id=ids[1]),
        Resolve(occurred_at=AT, outcome="repaired", command_id=ids[2]),
    ]


def append_to_log(path: Path) -> list[Any]:
    """Append facts that are encoded already."""
    encoded = [(fact.TOPIC, fact.model_dump_json(exclude_none=True).encode()) for fact in facts_of(0)]
    with SlaEngine.open(f"sqlite:///{path}") as engine:

        def record() -> None:
            for batch in batches():
                new = [(order_id_for(AT, f"{row}"), version, fact) for row in batch for version, fact in enumerate(encoded, 1)]
                engine.log.append([NewFact(order, version, *fact) for order, version, fact in new])

        return measured(ORDERS * FACTS_AN_ORDER, record, lambda: sum(1 for _ in engine.log.scan()))


def handle_many(path: Path, *, with_ids: bool = False) -> list[Any]:
    """Decide and record commands that are made already."""
    sent = [[(order_id_for(AT, f"{row}"), commands_of(row, with_ids=with_ids)) for row in batch] for batch in batches()]
    with SlaEngine.open(f"sqlite:///{path}") as engine:

        def record() -> None:
            for batch in sent:
                engine.handle_many(batch)

        return measured(ORDERS * FACTS_AN_ORDER, record, lambda: decoded(engine))


def handle_many_with_ids(path: Path) -> list[Any]:
    """Decide and record commands that carry ids."""
    return handle_many(path, with_ids=True)


def verbs_one_by_one(path: Path) -> list[Any]:
    """Receive, classify and resolve, each in a transaction of its own."""
    with SlaEngine.open(f"sqlite:///{path}") as engine:

        def record() -> None:
            for _ in range(SINGLES):
                order = engine.receive(kind="repair", channel="app")
                engine.classify(order, type="facility.plumbing.burst_pipe", severity="emergency")
                engine.resolve(order, outcome="repaired")

        return measured(SINGLES * FACTS_AN_ORDER, record, lambda: decoded(engine))


def save_plainly(path: Path) -> list[Any]:
    """Save the same fields as events of the library's own, in batches."""
    application = plain_application(path)
    made = [[event for _ in batch for event in plain_events()] for batch in batches()]

    def record() -> None:
        for batch in made:
            application.save(*batch)

    return closing(application, ORDERS * FACTS_AN_ORDER, record)


def save_plainly_one_by_one(path: Path) -> list[Any]:
    """Save the same fields as events of the library's own, each in a transaction of its own."""
    application = plain_application(path)
    made = [event for _ in range(SINGLES) for event in plain_events()]

    def record() -> None:
        for event in made:
            application.save(event)

    return closing(application, SINGLES * FACTS_AN_ORDER, record)


def facts_of(row: int) -> list[Fact]:
    """Return the facts that the commands of one order lead to."""
    return [command.fact() for command in commands_of(row)]


def batches() -> list[range]:
    """Return the orders by batch."""
    return [range(first, first + A_BATCH) for first in range(0, ORDERS, A_BATCH)]


def plain_application(path: Path) -> Application[UUID]:
    """Return an application of the library with its own SQLite recorder."""
    return Application[UUID](env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(path)})


def plain_events() -> list[PlainEvent]:
    """Return the events of one new order."""
    order = uuid4()
    return [
        PlainEvent(originator_id=order, originator_version=version, timestamp=AT, fields=fact.model_dump(exclude_none=True))
        for version, fact in enumerate(facts_of(0), 1)
    ]


def decoded(engine: SlaEngine) -> int:
    """Read the whole log and decode every fact."""
    return sum(1 for stored in engine.log.scan() if engine.work_orders.fact_of(stored))


def closing(application: Application[UUID], count: int, record: Callable[[], None]) -> list[Any]:
    """Measure, reading and decoding as a reader of the library does, and close."""

    def read() -> int:
        seen, start = 0, 1
        while found := application.recorder.select_notifications(start, 5_000):
            seen += sum(1 for notification in found if application.mapper.to_domain_event(notification))
            start = found[-1].id + 1
        return seen

    try:
        return measured(count, record, read)
    finally:
        application.close()


def measured(count: int, record: Callable[[], None], read: Callable[[], int]) -> list[Any]:
    """Return the number of facts, and how many were recorded and read in a second."""
    begun = time.perf_counter()
    record()
    recorded = time.perf_counter()
    if read() != count:
        raise AssertionError("what was read is not what was recorded")
    return [count, round(count / (recorded - begun)), round(count / (time.perf_counter() - recorded))]
