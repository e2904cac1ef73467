from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from slaengine.engine import SlaEngine
from slaengine.testing.examples import after

OpenEngine = Callable[..., SlaEngine]


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = after(0)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def open_engine(clock: HandClock) -> Iterator[OpenEngine]:
    """Opens engines on the hand-moved clock and shuts them down after the test."""
    opened: list[SlaEngine] = []

    def open_(url: str, **options: Any) -> SlaEngine:
        opened.append(SlaEngine.open(url, **{"clock": clock, **options}))
        return opened[-1]

    yield open_
    for engine in opened:
        engine.shutdown()


@pytest.fixture
def engine(open_engine: OpenEngine) -> SlaEngine:
    """An engine on an empty store in memory."""
    return open_engine("memory:")
