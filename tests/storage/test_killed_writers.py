"""Writers killed with SIGKILL in the middle of whatever they do: what they were told is there, and nothing is there by half."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable

import pytest
from tests.storage.killed import FACTS_AN_ORDER, ORDERS_A_BATCH

from slaengine.audit.chain import verify
from slaengine.storage.log import FactLog
from slaengine.testing.postgres import OwnPostgres, PostgresServer

Open = Callable[..., FactLog]


def _run_and_kill(url: str, run: int, seconds: float) -> list[str]:
    """Start a writer, kill it some time after its first acknowledgement, and return what it was told."""
    command = [sys.executable, "-m", "tests.storage.killed", url, str(run)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        told = [writer.stdout.readline().strip()]
        threading.Timer(seconds, lambda: writer.send_signal(signal.SIGKILL)).start()
        told += [line.strip() for line in writer.stdout]
    return told


def _check(log: FactLog, told: list[str]) -> None:
    facts = list(log.scan())
    assert verify(facts) is None
    assert log.head().position == len(facts)
    assert log.head().hash == facts[-1].hash
    batches = Counter(f.state.decode() for f in facts)
    assert set(batches.values()) == {ORDERS_A_BATCH * FACTS_AN_ORDER}
    assert set(told) <= set(batches)
    assert log.count_orders() == len(batches) * ORDERS_A_BATCH


def _kill_often(url: str, times: int, open_log: Open) -> None:
    told: list[str] = []
    chance = random.Random(7)
    for run in range(times):
        told += _run_and_kill(url, run, chance.uniform(0.001, 0.08))
        _check(open_log(url), told)


def test_a_killed_writer_leaves_whole_batches(shared_store_url: str, open_log: Open) -> None:
    _kill_often(shared_store_url, 3, open_log)


@pytest.mark.deep
def test_a_killed_writer_leaves_whole_batches_however_often(shared_store_url: str, open_log: Open) -> None:
    _kill_often(shared_store_url, 60, open_log)


@pytest.mark.postgres
def test_a_killed_server_keeps_what_it_acknowledged(postgres_server: PostgresServer, postgres_url: str, open_log: Open) -> None:
    if not isinstance(postgres_server, OwnPostgres):
        pytest.skip("the server is not ours to kill")
    told: list[str] = []
    for run in range(2):
        command = [sys.executable, "-m", "tests.storage.killed", postgres_url, str(run)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as writer:
            assert writer.stdout is not None
            told.append(writer.stdout.readline().strip())
            postgres_server.kill()
            told += [line.strip() for line in writer.stdout]
        postgres_server.start()
        _check(open_log(postgres_url), told)
