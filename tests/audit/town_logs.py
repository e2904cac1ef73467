"""Stores filled with generated orders, their facts interleaved as they came in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import groupby

from slaengine.policies.book import PolicyBook
from slaengine.policies.moment import Moment
from slaengine.projections.case_file import moment_of
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog, NewFact
from slaengine.testing.generator import encoded, histories
from slaengine.testing.town import Mix

START = datetime(2026, 1, 20, tzinfo=UTC)

BUSY = Mix(corrected=0.15, waiver=0.15, reopened=0.2, paused=0.5, reclassified=0.3)

PAUSING = """
policy: town
time_zone: Asia/Shanghai
calendars:
  office: {weekly: {mon: [["08:30","12:00"],["13:00","17:30"]], tue: [["08:30","17:30"]], wed: [["08:30","17:30"]],
                    thu: [["08:30","17:30"]], fri: [["08:30","17:30"]]}, holidays: [2026-01-21]}
versions:
  - version: "1"
    effective_from: 2020-01-01
    waivers: {reasons: [no_access]}
    targets:
      - {name: answered, start: received, stop: responded, limit: 15 min}
      - {name: resolution, start: received, stop: resolved, limit: 8 h, calendar: office, pause: [any],
         applies: {kind: repair}, reopen: continue}
      - {name: resolution, start: received, stop: resolved, limit: 3 wd, calendar: office, reopen: new_cycle}
      - {name: called, start: resolved, stop: {fact: revisited, method: telephone}, limit: 24 h}
      - {name: sent, start: received, stop: dispatched, limit: 30 min, reassign: restart}
  - version: "2"
    effective_from: 2026-01-22T09:00:00
    scope: SCOPE
    waivers: {reasons: [no_access]}
    targets:
      - {name: answered, start: received, stop: responded, limit: 5 min}
      - {name: resolution, start: received, stop: resolved, limit: 4 h, calendar: office, pause: [waiting_parts], reopen: restart}
      - {name: called, start: resolved, stop: revisited, limit: 48 h}
"""


def pausing(scope: str = "new_orders") -> PolicyBook:
    """Return a policy that changes after two days, with that scope."""
    return PolicyBook.parse(PAUSING.replace("SCOPE", scope), "town.yaml")


def arrivals(orders: int, seed: int, mix: Mix | None = None) -> list[tuple[datetime, NewFact]]:
    """Return facts with the time they reach us, the earliest first; versions count in that order."""
    facts = sorted(
        encoded(histories(orders, seed=seed, start=START, orders_a_day=60, mix=mix)), key=lambda fact: fact.recorded_at
    )
    return [(fact.recorded_at, NewFact(fact.order_id, fact.version, fact.topic, fact.state)) for fact in facts]


def odd() -> PolicyBook:
    """Return a policy that asks for what differs from fact to fact."""
    return PolicyBook.parse(
        """
policy: odd
time_zone: UTC
version: "1"
effective_from: 2020-01-01
targets:
  - {name: number, start: {fact: received, received_by: [clerk-01, clerk-02]}, stop: responded, limit: 1 h}
""",
        "odd.yaml",
    )


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


def moments_of(log: FactLog) -> dict[int, list[Moment]]:
    """Return the moments of each order, by the position of its first fact."""
    found: dict[int, list[Moment]] = {}
    first: dict[object, int] = {}
    for fact in log.scan():
        order = first.setdefault(fact.order_id, fact.position)
        found.setdefault(order, []).append(moment_of(fact.topic, fact.state, fact.version, fact.recorded_at))
    return found


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
