"""Realistic histories of work orders, at any size, the same for the same seed.

    for history in histories(1_000, seed=7):
        engine.handle(history.order_id, history.commands)

The commands stand in the order of their arrival: some report late, so a fact that occurred earlier may stand behind
one that occurred later. Every command is one that the domain accepts and that leads to exactly one fact.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random
from typing import NamedTuple
from uuid import UUID

from pydantic_core import from_json, to_json

from slaengine.domain.codec import encode
from slaengine.domain.events import Merged, Received
from slaengine.testing.life import DAY_S, History, Life
from slaengine.testing.town import Mix

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)
MORNING_S = 25_200
"""Most matters come in the fifteen hours after 07:00, local time of `start`."""


class EncodedFact(NamedTuple):
    """A fact as a log keeps it; `version` counts from 1 within the order."""

    order_id: UUID
    version: int
    topic: str
    state: bytes
    recorded_at: datetime


def histories(  # noqa: PLR0913 (options with defaults, by name only)
    orders: int,
    *,
    seed: int = 0,
    start: datetime = NEW_YEAR,
    orders_a_day: int = 200,
    until: datetime | None = None,
    mix: Mix | None = None,
) -> Iterator[History]:
    """Yield the histories of `orders` work orders, by time of receipt; a smaller number is the beginning of a larger.

    Args:
        orders: how many.
        seed: the same seed and options give the same histories, on any machine.
        start: aware; the midnight that begins the first day.
        orders_a_day: on a weekday; 60 % of it on Saturday and Sunday.
        until: leave out what reached us after this instant, so that a backlog of open orders stays; None keeps all.
        mix: how often things happen; None for the usual shares.
    """
    rng = Random(seed)  # noqa: S311 (repeatable on purpose; nothing is kept secret by it)
    previous = UUID(int=0)
    for received_at, number in islice(_receipts(rng, start, orders_a_day), orders):
        if until is not None and received_at > until:
            return
        life = Life(rng, mix or Mix(), received_at, number, previous)
        history = life.history()
        previous = history.order_id
        yield history if until is None else _known_by(history, until)


def encoded(source: Iterable[History]) -> Iterator[EncodedFact]:
    """Yield the facts of `source` as a log keeps them, order by order."""
    for history in source:
        for version, arrival in enumerate(history.arrivals, 1):
            fact = arrival.command.fact()
            yield EncodedFact(history.order_id, version, fact.TOPIC, encode(fact), arrival.recorded_at)


def enlarged(facts: Iterable[EncodedFact], times: int) -> Iterator[EncodedFact]:
    """Yield each fact `times` times, each time of another order in another community: a town so many times as large.

    Far quicker than drawing every order; all else repeats. The first time is the fact itself.
    """
    for fact in facts:
        yield fact
        for n in range(2, times + 1):
            order_id = UUID(int=fact.order_id.int ^ n)
            yield fact._replace(order_id=order_id, state=_elsewhere(fact, n))


def _elsewhere(fact: EncodedFact, n: int) -> bytes:
    """Return the content of the fact for the n-th order that is like its own."""
    if fact.topic not in (Received.TOPIC, Merged.TOPIC):
        return fact.state
    shape = from_json(fact.state)
    if fact.topic == Merged.TOPIC:
        shape["into"] = str(UUID(int=UUID(shape["into"]).int ^ n))
    else:
        shape["number"] = f"{shape['number']}-{n}"
        place = shape["place"]
        shape["place"] = {**place, "community": f"{place['community']} {n}", "premises": f"{n}-{place['premises']}"}
    return to_json(shape)


def _known_by(history: History, until: datetime) -> History:
    return replace(history, arrivals=tuple(arrival for arrival in history.arrivals if arrival.recorded_at <= until))


def _receipts(rng: Random, start: datetime, orders_a_day: int) -> Iterator[tuple[datetime, str]]:
    """Yield the instant and number of each receipt, for ever: two thirds by day, the rest round the clock."""
    day = start
    while True:
        today = orders_a_day if day.weekday() < 5 else max(1, orders_a_day * 6 // 10)
        seconds = sorted(
            MORNING_S + 54_000 * rng.betavariate(2, 2.5) if rng.random() < 0.67 else DAY_S * rng.random() for _ in range(today)
        )
        for n, second in enumerate(seconds, 1):
            yield (day + timedelta(seconds=second)).astimezone(UTC), f"WO-{day:%Y%m%d}-{n:06}"
        day += timedelta(days=1)
