"""Many writers on few orders: nothing is lost, nothing is there twice, and a reader that follows sees everything in order."""

from __future__ import annotations

import sys
from collections import defaultdict
from concurrent.futures import Executor, ThreadPoolExecutor

import pytest
from tests.processes import processes
from tests.storage.hammer import append_to_shared_orders, follow, open_log

from slaengine.audit.chain import verify

WRITERS, ORDERS, APPENDS = 3, 3, 15


def _hammer(pool: Executor, url: str) -> None:
    """Let the writers and a reader loose, and hold the log against what they were told."""
    open_log(url).database.close()
    writing = [pool.submit(append_to_shared_orders, url, writer, ORDERS, APPENDS) for writer in range(WRITERS)]
    followed = pool.submit(follow, url, WRITERS * APPENDS)
    acknowledged = [fact for writer in writing for fact in writer.result()]
    log = open_log(url)
    facts = list(log.scan())
    log.database.close()
    assert sorted((f.order_id.int, f.version, f.state) for f in facts) == sorted(acknowledged)
    assert [f.position for f in facts] == list(range(1, len(facts) + 1))
    assert verify(facts) is None
    versions = defaultdict(list)
    for f in facts:
        versions[f.order_id].append(f.version)
    assert all(seen == list(range(1, len(seen) + 1)) for seen in versions.values())
    seen = followed.result()
    assert seen == list(range(1, len(seen) + 1))
    assert len(seen) >= WRITERS * APPENDS


def test_processes_lose_nothing(shared_store_url: str) -> None:
    with processes(WRITERS + 1) as pool:
        _hammer(pool, shared_store_url)


def test_threads_with_connections_of_their_own_lose_nothing(shared_store_url: str) -> None:
    with ThreadPoolExecutor(WRITERS + 1) as pool:
        _hammer(pool, shared_store_url)


@pytest.mark.deep
def test_processes_lose_nothing_however_often(shared_store_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "WRITERS", 8)
    monkeypatch.setattr(sys.modules[__name__], "APPENDS", 100)
    test_processes_lose_nothing(shared_store_url)
