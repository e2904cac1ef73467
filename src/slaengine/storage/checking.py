"""A last look at a build before readers see it: that every order is in it, and that a sample of them follows from the facts."""

from __future__ import annotations

from sqlalchemy import func, select

from slaengine.domain.codec import BY_TOPIC, UPCASTS
from slaengine.domain.events import Received
from slaengine.errors import StorageError
from slaengine.projections.entry import Judge
from slaengine.storage.log import FactLog
from slaengine.storage.read_models import Build
from slaengine.storage.schema import facts
from slaengine.storage.verifying import Verifier

SAMPLE = 64
"""Orders made again from their facts, spread evenly over the build; `slaengine audit verify` makes all."""


def check(log: FactLog, build: Build, judge: Judge) -> None:
    """Do nothing if the build may be shown.

    Raises:
        StorageError: it lacks orders, or what stands in it does not follow from the facts; what was live stays so.
    """
    orders = build.tables.orders
    with log.database.reading() as connection:
        there = connection.scalar(select(func.count()).select_from(orders)) or 0
        received = facts.c.topic.in_(_receipts()) & (facts.c.position <= build.position)
        expected = connection.scalar(select(func.count(facts.c.order_id.distinct())).where(received)) or 0
        last = connection.scalar(select(func.max(orders.c.seq))) or 0
    if there != expected:
        raise _refused(build, f"{expected} orders were received and {there} are in them")
    verifier = Verifier(log, build, judge)
    for place in sorted({last * n // SAMPLE for n in range(SAMPLE + 1)}):
        verifier.take(range(place, place + 1))
    if verifier.verified.differences:
        first = verifier.verified.differences[0]
        raise _refused(build, f"order {first.order} does not follow from its facts ({first.why})")


def _refused(build: Build, why: str) -> StorageError:
    return StorageError(
        f"the new read models of '{build.policy}' are not right and were not put in use: {why}; "
        "`slaengine audit verify` looks at those in use, and reporting again begins anew"
    )


def _receipts() -> list[str]:
    """Return the topics, old ones too, under which receipts are stored."""
    return [topic for topic in (*BY_TOPIC, *UPCASTS) if _today(topic) == Received.TOPIC]


def _today(topic: str) -> str:
    while topic in UPCASTS:
        topic = UPCASTS[topic][0]
    return topic
