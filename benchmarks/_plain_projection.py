"""The eventsourcing library's own projection runner at a like task: the facts of a town, counted by topic, all in memory."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.popo import POPOTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner

ORDERS_A_SAVE = 300


class Order(Aggregate):
    """An order as the library would have it."""

    @event("Happened")
    def happen(self, topic: str, state: str) -> None:
        self.topic, self.state = topic, state


class Counts(POPOTrackingRecorder):
    """How many facts there are of each topic."""

    def __init__(self) -> None:
        super().__init__()
        self.by: dict[str, int] = {}

    def count(self, topic: str, tracking: Tracking) -> None:
        with self._database_lock:
            self._assert_tracking_uniqueness(tracking)
            self._insert_tracking(tracking)
            self.by[topic] = self.by.get(topic, 0) + 1


class Counting(Projection[Counts]):
    """Counts."""

    topics = ()

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.count(getattr(domain_event, "topic", "created"), tracking)


def seconds_to_project(facts: Iterable[Any]) -> tuple[int, float]:
    """Return how many events there were, and the s to project them: to append and project, less to append alone."""
    orders: dict[Any, Order] = {}
    for fact in facts:
        orders.setdefault(fact.order_id, Order()).happen(fact.topic, fact.state.decode())
    waiting = list(orders.values())
    events = sum(order.version for order in waiting)
    pending = [list(order.pending_events) for order in waiting]
    alone: Application[UUID] = Application()
    begun = time.perf_counter()
    _save(alone, waiting)
    appended = time.perf_counter() - begun
    for order, its in zip(waiting, pending, strict=True):
        order.pending_events.extend(its)
    with ProjectionRunner(application_class=Application, projection_class=Counting, view_class=Counts) as runner:
        begun = time.perf_counter()
        _save(runner.app, waiting)
        runner.view.wait(runner.app.name, events, timeout=3_600)
        return events, time.perf_counter() - begun - appended


def _save(app: Application[UUID], orders: list[Order]) -> None:
    for first in range(0, len(orders), ORDERS_A_SAVE):
        app.save(*orders[first : first + ORDERS_A_SAVE])
