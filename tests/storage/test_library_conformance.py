"""The cases that ship inside the eventsourcing library, all of them, on both databases."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar
from unittest import TestCase, defaultTestLoader

import pytest
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    ProcessRecorder,
    TrackingRecorder,
)
from eventsourcing.tests import persistence as shipped
from eventsourcing.utils import Environment

from slaengine.storage.factory import StoreFactory
from slaengine.storage.log import FactLog
from slaengine.storage.recorder import LogAggregateRecorder, LogApplicationRecorder, LogProcessRecorder, LogTrackingRecorder

RECORDERS: dict[type[TestCase], Callable[[FactLog], object]] = {
    shipped.AggregateRecorderTestCase: LogAggregateRecorder,
    shipped.ApplicationRecorderTestCase: LogApplicationRecorder,
    shipped.NonInterleavingNotificationIDsBaseCase: LogApplicationRecorder,
    shipped.TrackingRecorderTestCase: LogTrackingRecorder,
    shipped.ProcessRecorderTestCase: LogProcessRecorder,
}
OPTIONAL = [(shipped.ApplicationRecorderTestCase, "optional_test_insert_subscribe")]


def _shipped() -> Iterator[Any]:
    cases = [(case, name) for case in RECORDERS for name in defaultTestLoader.getTestCaseNames(case)]
    for case, name in cases + OPTIONAL:
        yield pytest.param(case, name, id=f"{case.__name__}-{name}")


@pytest.mark.parametrize(("case", "name"), list(_shipped()))
def test_recorder_meets_the_library(
    case: type[TestCase], name: str, shared_store_url: str, open_log: Callable[[str], FactLog]
) -> None:
    recorder = RECORDERS[case](open_log(shared_store_url))
    run = type(case.__name__, (case,), {"create_recorder": lambda _: recorder})(name)
    before = set(threading.enumerate())
    getattr(run, name)()
    for left in set(threading.enumerate()) - before:
        left.join()  # a shipped case tells its readers to stop and does not wait for them; we close their store next


class _OwnTracking(LogTrackingRecorder):
    """A user's own kind of tracking recorder."""


class _FactoryCase(shipped.InfrastructureFactoryTestCase[StoreFactory]):
    __test__ = False
    url: ClassVar[str]

    def setUp(self) -> None:
        self.env = Environment("Orders", {"PERSISTENCE_MODULE": "slaengine.storage.factory", "STORE_URL": self.url})
        super().setUp()

    def expected_factory_class(self) -> type[StoreFactory]:
        return StoreFactory

    def expected_aggregate_recorder_class(self) -> type[AggregateRecorder]:
        return LogAggregateRecorder

    def expected_application_recorder_class(self) -> type[ApplicationRecorder]:
        return LogApplicationRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        return LogTrackingRecorder

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        return _OwnTracking

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        return LogProcessRecorder


FACTORY_CASES = defaultTestLoader.getTestCaseNames(_FactoryCase)


@pytest.mark.parametrize("name", FACTORY_CASES)
def test_factory_meets_the_library(name: str, shared_store_url: str) -> None:
    case = type("FactoryCase", (_FactoryCase,), {"url": shared_store_url})(name)
    case.setUp()
    try:
        getattr(case, name)()
    finally:
        case.tearDown()
