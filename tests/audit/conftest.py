"""A history of generated orders, and what its log says of each, shared by the tests of replay."""

from __future__ import annotations

import pytest
from town_logs import BUSY, TownLog, arrivals, moments_of, town_log

from slaengine.audit.history import History
from slaengine.policies.moment import Moment


@pytest.fixture(scope="session")
def town():
    with town_log() as filled:
        filled.take(arrivals(250, seed=11, mix=BUSY))
        yield filled


@pytest.fixture(scope="session")
def history(town: TownLog, tmp_path_factory: pytest.TempPathFactory) -> History:
    made = History(tmp_path_factory.mktemp("history"), create=True)
    made.extend(town, step=700)
    return made


@pytest.fixture(scope="session")
def cases(town: TownLog) -> dict[int, list[Moment]]:
    """Return the moments of each order, by the position of its first fact."""
    return moments_of(town)
