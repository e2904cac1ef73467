"""Stores with a generated town in them, recorded as the reports arrived."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice

import numpy as np
from pydantic_core import from_json

from slaengine.policies.book import PolicyBook
from slaengine.projections.case_file import micros
from slaengine.projections.columns import Flags, OrderColumns
from slaengine.projections.entry import Judge
from slaengine.projections.promises import promises_of
from slaengine.projections.report import Question, Report, tabulate
from slaengine.storage.catch_up import catch_up
from slaengine.storage.database import Database
from slaengine.storage.figures import Figures
from slaengine.storage.log import FactLog, NewFact
from slaengine.storage.read_models import ReadModels
from slaengine.testing.generator import encoded, histories

STANDARD = PolicyBook.pack("service-standard")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


class Town:
    """A store that is told of a town's orders in the order in which the reports arrived, each recorded as it did."""

    def __init__(self, database: Database, orders: int, seed: int = 1) -> None:
        self.now = NEW_YEAR
        self.log = FactLog(database, lambda: self.now)
        facts = sorted(encoded(histories(orders, seed=seed, orders_a_day=12)), key=lambda fact: fact.recorded_at)
        self.count = len(facts)
        self._rest = iter(facts)

    def tell(self, facts: int | None = None) -> None:
        """Record the next `facts` reports; None: all that are left."""
        for fact in islice(self._rest, facts):
            self.now = fact.recorded_at
            received = fact.topic == "work_order.received.v1"
            named = {from_json(fact.state)["number"]: fact.order_id} if received else {}
            self.log.append([NewFact(fact.order_id, fact.version, fact.topic, fact.state)], named=named)


@contextmanager
def town(url: str, orders: int, seed: int = 1) -> Iterator[Town]:
    database = Database.open(url)
    try:
        yield Town(database, orders, seed)
    finally:
        database.close()


class Afresh(Figures):
    """Figures that trust no row: every order is judged from its case file at the asking."""

    def fresh(self, orders: OrderColumns, _as_of: int, _known_at: int | None) -> Flags:
        return np.zeros(len(orders), np.bool_)


def figures(log: FactLog, book: PolicyBook = STANDARD, kind: type[Figures] = Figures, batch: int = 1_000) -> Figures:
    build = catch_up(log, ReadModels(log.database), book, batch=batch)
    return kind(log.database, Judge(book), build.tables)


def report(read: Figures, as_of: datetime, known_at: datetime | None = None, **asked: object) -> Report:
    question = Question.of(as_of, known_at, **asked)
    with read.sheet(micros(as_of), None if known_at is None else micros(known_at), question.by) as sheet:
        return tabulate(question, promises_of(read.judge.book, as_of), sheet)
