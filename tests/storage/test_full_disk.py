"""A disk that fills: one clear sentence, nothing half-done, and work goes on once there is room."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import event
from tests.storage.facts import fact

from slaengine.audit.chain import verify
from slaengine.errors import StorageError
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog

Open = Callable[..., FactLog]


def _limit(log: FactLog, pages: int) -> None:
    """Let the file grow to so many pages, on every connection."""
    log.database.engine.dispose()

    @event.listens_for(log.database.engine, "connect")
    def limit(connection: sqlite3.Connection, _: object) -> None:
        connection.execute(f"PRAGMA max_page_count = {pages}")


def test_a_full_store_refuses_the_whole_append_and_goes_on_when_there_is_room(tmp_path: Path, open_log: Open) -> None:
    log = open_log(f"sqlite:///{tmp_path / 'orders.db'}")
    before = log.append([fact(1, 1)])
    _limit(log, 60)
    with pytest.raises(StorageError, match=r"disk of the store .* is full; nothing was recorded"):
        log.append([fact(number, 1, state=b"x" * 500) for number in range(2, 2_000)], named={"N2": fact(2, 1).order_id})
    assert log.read() == before
    assert log.head().position == 1
    assert log.find("N2") is None
    _limit(log, 100_000)
    log.append([fact(number, 1, state=b"x" * 500) for number in range(2, 2_000)])
    assert verify(log.scan()) is None
    assert log.head().position == 1_999


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    mounting = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode != 0:
        pytest.skip("needs the right to mount a small file system")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def test_a_real_disk_that_fills_keeps_what_was_acknowledged(small_disk: Path, open_log: Open) -> None:
    log = open_log(f"sqlite:///{small_disk / 'orders.db'}")
    acknowledged = 0

    def append_for_ever() -> None:
        nonlocal acknowledged
        for number in count():
            acknowledged += len(log.append([fact(number, version, state=b"x" * 1_000) for version in range(1, 6)]))

    with pytest.raises(StorageError, match="is full; nothing was recorded"):
        append_for_ever()
    assert log.head().position == acknowledged
    assert verify(log.scan()) is None


def test_a_store_that_does_not_fit_is_not_left_half_made(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(bytes(250 * 1024))
    with pytest.raises(StorageError, match="is full"):
        Database.open(f"sqlite:///{small_disk / 'orders.db'}")
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]
