"""Stores filled with generated orders, their facts interleaved as they came in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import groupby
from uuid import UUID

from slaengine.storage.database import Database
from slaengine.storage.log import FactLog, NewFact
from slaengine.testing.generator import Mix, encoded, histories

START = datetime(2026, 1, 20, tzinfo=UTC)
PUBLISHED_UNDER = UUID("5ea15ea1-0000-8000-8000-0000000000ff")


def arrivals(orders: int, seed: int, mix: Mix | None = None) -> list[tuple[datetime, NewFact]]:
    """Return facts with the time they reach us, the earliest first; versions count in that order."""
    facts = sorted(
        encoded(histories(orders, seed=seed, start=START, orders_a_day=60, mix=mix)), key=lambda fact: fact.recorded_at
    )
    return [(fact.recorded_at, NewFact(fact.order_id, fact.version, fact.topic, fact.state)) for fact in facts]


class TownLog(FactLog):
    """A log whose clock is set by whoever fills it."""

    def __init__(self, database: Database) -> None:
        self.now = START
        super().__init__(database, lambda: self.now)

    def take(self, facts: list[tuple[datetime, NewFact]]) -> None:
        """Append facts, each hour's in one transaction."""
        for hour, same in groupby(facts, key=lambda arrival: arrival[0].replace(minute=0, second=0, microsecond=0)):
            self.now = hour + timedelta(hours=1)
            rows = [fact for _, fact in same]
            named = {_number(fact): fact.order_id for fact in rows if fact.topic == "work_order.received.v1"}
            self.append(rows, named=named)


def _number(fact: NewFact) -> str:
    return fact.state.split(b'"number":"')[1].split(b'"')[0].decode()


@contextmanager
def town_log(url: str = "memory:") -> Iterator[TownLog]:
    """Give an empty log."""
    database = Database.open(url)
    try:
        yield TownLog(database)
    finally:
        database.close()
