"""Work orders as the eventsourcing library's own users meet them: applications, subscriptions, projections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from eventsourcing.persistence import IntegrityError, OperationalError
from eventsourcing.projection import ApplicationSubscription

from slaengine.domain.events import Received, Resolved
from slaengine.errors import UsageError
from slaengine.storage.log import FactLog
from slaengine.storage.mapper import Recorded
from slaengine.storage.work_orders import WorkOrders
from slaengine.testing.examples import ORDER_ID, OTHER_ORDER_ID, after

Open = Callable[..., FactLog]
RECEIVED = Received(occurred_at=after(0), kind="repair", number="R-1")
RESOLVED = Resolved(occurred_at=after(60))


@contextmanager
def _application(url: str, **env: str) -> Iterator[WorkOrders]:
    application = WorkOrders(env={"STORE_URL": url, **env})
    try:
        yield application
    finally:
        application.close()


def test_an_application_saves_and_loads_work_orders(store_url: str) -> None:
    with _application(store_url) as orders:
        recordings = orders.save(Recorded(ORDER_ID, 1, RECEIVED), Recorded(ORDER_ID, 2, RESOLVED), named={"R-1": ORDER_ID})
        assert [recording.notification.id for recording in recordings] == [1, 2]
        assert orders.work_order(ORDER_ID).status == "resolved"
        assert orders.fact_log.find("R-1") == ORDER_ID
        assert [n.topic for n in orders.notification_log.select(1, 10)] == [RECEIVED.TOPIC, RESOLVED.TOPIC]


def test_a_save_that_was_overtaken_or_leaves_a_gap_is_the_librarys_integrity_error(store_url: str) -> None:
    with _application(store_url) as orders:
        orders.save(Recorded(ORDER_ID, 1, RECEIVED))
        for version in (1, 3):
            with pytest.raises(IntegrityError):
                orders.save(Recorded(OTHER_ORDER_ID, 1, RECEIVED), Recorded(ORDER_ID, version, RESOLVED))
        assert orders.recorder.max_notification_id() == 1


def test_a_subscription_follows_what_is_saved(store_url: str) -> None:
    with _application(store_url) as orders:
        orders.save(Recorded(ORDER_ID, 1, RECEIVED))
        with ApplicationSubscription(orders, gt=0) as subscription:
            event, tracking = next(subscription)
            assert event == Recorded(ORDER_ID, 1, RECEIVED)
            orders.save(Recorded(ORDER_ID, 2, RESOLVED))
            event, tracking = next(subscription)
            assert (event, tracking.notification_id) == (Recorded(ORDER_ID, 2, RESOLVED), 2)


def test_a_store_that_fails_is_the_librarys_operational_error(shared_store_url: str) -> None:
    with _application(shared_store_url) as holder, _application(f"{shared_store_url}?lock_timeout_ms=50") as other:
        with holder.fact_log.locked(), pytest.raises(OperationalError, match="held by another writer"):
            other.save(Recorded(ORDER_ID, 1, RECEIVED))
        assert other.recorder.max_notification_id() is None


def test_snapshots_are_refused_with_the_reason(store_url: str) -> None:
    with pytest.raises(UsageError, match="keeps no snapshots"), _application(store_url, IS_SNAPSHOTTING_ENABLED="y"):
        pass


def test_the_environment_must_name_the_store() -> None:
    with pytest.raises(UsageError, match="STORE_URL is missing"):
        WorkOrders(env={"STORE_URL": ""})
