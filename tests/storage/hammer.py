"""Writers and readers for other processes: what `test_concurrent_writers` and `test_killed_writers` start."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime

from tests.storage.facts import fact, order

from slaengine.errors import Overtaken
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog, NewFact


def open_log(url: str) -> FactLog:
    return FactLog(Database.open(url), lambda: datetime.now(UTC))


def append_to_shared_orders(url: str, writer: int, orders: int, appends: int) -> list[tuple[int, int, bytes]]:
    """Append to orders that others append to as well; return (order, version, state) of what was acknowledged."""
    log, chance = open_log(url), random.Random(writer)
    acknowledged: list[tuple[int, int, bytes]] = []
    for number in range(appends):
        new: list[NewFact] = []
        while True:
            chosen = chance.sample(range(1, orders + 1), chance.randint(1, 2))
            new = [
                fact(one, (last[0].version if last else 0) + step, state=b"%d-%d-%d-%d" % (writer, number, one, step))
                for one in chosen
                for last in [log.facts_of(order(one), latest_first=True, limit=1)]
                for step in range(1, chance.randint(1, 3) + 1)
            ]
            try:
                log.append(new)
            except Overtaken:
                continue
            break
        acknowledged += [(f.order_id.int, f.version, f.state) for f in new]
    log.database.close()
    return acknowledged


def follow(url: str, until: int) -> list[int]:
    """Read the log as it grows, up to position `until`; return the positions in the order seen."""
    log, seen = open_log(url), [0]
    deadline = time.monotonic() + 120
    while seen[-1] < until and time.monotonic() < deadline:
        some = log.read(seen[-1], 50)
        seen += [f.position for f in some]
        if not some:
            time.sleep(0.005)
    log.database.close()
    return seen[1:]
