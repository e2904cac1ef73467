"""Policy versions used out of their time: published after they came into force, so that clocks were promised backwards."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from sqlalchemy import and_, func, select

from slaengine.policies.book import PolicyBook
from slaengine.storage.log import FactLog
from slaengine.storage.read_models import ReadModels


class LateVersion(NamedTuple):
    """A version recorded after it came into force (instants µs), and how many clocks under it had started by then."""

    version: str
    scope: str
    effective_from: int
    recorded_at: int
    clocks: int


def late_versions(log: FactLog, book: PolicyBook) -> Iterator[LateVersion]:
    """Yield the versions of a published policy that came late; none for a policy that was named from outside the store."""
    with log.database.reading() as connection:
        live = [build for build in ReadModels(log.database).builds(connection, book.name) if build.state == "live"]
        for layer in book.layers:
            if not layer.policy or layer.recorded_at is None or layer.recorded_at <= layer.effective_from or not live:
                continue
            clocks = live[0].tables.clocks.c
            under = and_(clocks.edition == layer.name, clocks.started_at < layer.recorded_at)
            count = connection.scalar(select(func.count()).where(under)) or 0
            yield LateVersion(layer.name, layer.scope, layer.effective_from, layer.recorded_at, count)
