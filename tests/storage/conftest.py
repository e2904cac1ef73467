from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from slaengine.storage.database import Database
from slaengine.storage.log import FactLog

OpenLog = Callable[..., FactLog]


@pytest.fixture
def open_log() -> Iterator[OpenLog]:
    """Opens logs and closes them after the test."""
    opened: list[Database] = []

    def open_(url: str, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> FactLog:
        opened.append(Database.open(url))
        return FactLog(opened[-1], clock)

    yield open_
    for database in opened:
        database.close()
