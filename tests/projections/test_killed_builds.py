"""Catch-up, rebuild and swap, killed with SIGKILL at each commit: a reader sees whole figures, and the next run ends the work."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from tests.projections.stores import NEW_YEAR, STANDARD, Town, figures, report

from slaengine.policies.book import PolicyBook, pack_text
from slaengine.projections.entry import Judge
from slaengine.projections.promises import fingerprint
from slaengine.projections.report import Report
from slaengine.storage.catch_up import catch_up
from slaengine.storage.database import Database
from slaengine.storage.figures import Figures
from slaengine.storage.log import FactLog
from slaengine.storage.read_models import ReadModels
from slaengine.testing.postgres import PostgresServer

LATER = NEW_YEAR + timedelta(days=400)
STRICTER = PolicyBook.parse(pack_text("service-standard").replace("limit: 24 h", "limit: 1 min"), "stricter")
ORDERS, TILE, BATCH = 20, 4, 60
DONE = 0
FORK = multiprocessing.get_context("fork")


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("first_build", "making", "tiles", "verifying"):
        monkeypatch.setattr(f"slaengine.storage.{module}.TILE_ORDERS", TILE)


def prepare(url: str) -> None:
    """Make a store whose read models stand at half of its facts."""
    with_town = Database.open(url)
    town = Town(with_town, ORDERS)
    town.tell(town.count // 2)
    figures(town.log)
    town.tell()
    with_town.close()


def work(log: FactLog, look: Callable[[int], None] = lambda _: None) -> None:
    """Catch up by the one policy; build for the other beside, and swap it in."""
    models = ReadModels(log.database)
    catch_up(log, models, STANDARD, batch=BATCH, progress=look)
    catch_up(log, models, STRICTER, batch=BATCH, progress=look)


def killed_at(url: str, moment: int) -> int:
    """Do the work in a process that is killed at this moment of it; return its exit code: `DONE` when it was through before."""

    def run() -> None:
        with opened(url) as log:
            passed = 0

            def count(*_: object) -> None:
                nonlocal passed
                passed += 1
                if passed > moment:
                    os.kill(os.getpid(), signal.SIGKILL)

            event.listen(log.database.engine, "begin", count)
            event.listen(log.database.engine, "commit", count)
            work(log)

    process = FORK.Process(target=run)
    process.start()
    process.join()
    assert process.exitcode in {DONE, -signal.SIGKILL}
    return process.exitcode


@contextmanager
def opened(url: str) -> Iterator[FactLog]:
    database = Database.open(url)
    try:
        yield FactLog(database, lambda: LATER)
    finally:
        database.close()


def shown(log: FactLog) -> Report:
    """Return what a reader sees who catches up with nothing."""
    with log.database.reading() as connection:
        builds = ReadModels(log.database).builds(connection, "service-standard")
    (live,) = [build for build in builds if build.state == "live"]
    (book,) = [book for book in (STANDARD, STRICTER) if fingerprint(book) == live.fingerprint]
    return report(Figures(log.database, Judge(book), live.tables), LATER)


def sweep(copy: Callable[[int], str], every: int) -> None:
    seen: list[Report] = []
    with opened(copy(-1)) as log:
        seen.append(shown(log))
        work(log, lambda _: seen.append(shown(log)))
        seen.append(shown(log))
    moment = 0
    while True:
        url = copy(moment)
        code = killed_at(url, moment)
        with opened(url) as log:
            assert shown(log) in seen
            if code == DONE:
                break
            work(log)
            assert shown(log) == seen[-1]
        moment += every
    assert moment > 60


def on_sqlite(tmp_path: Path, every: int) -> None:
    prepare(f"sqlite:///{tmp_path / 'prepared.db'}")

    def copy(moment: int) -> str:
        there = tmp_path / f"{moment}.db"
        shutil.copy(tmp_path / "prepared.db", there)
        return f"sqlite:///{there}"

    sweep(copy, every)


def on_postgres(server: PostgresServer, every: int) -> None:
    prepared = server.new_database()
    prepare(prepared)
    made: list[str] = []

    def copy(_: int) -> str:
        made.append(server.new_database(template=prepared))
        return made[-1]

    try:
        sweep(copy, every)
    finally:
        for url in (*made, prepared):
            server.drop_database(url)


@pytest.mark.usefixtures("small_chunks")
def test_builds_killed_at_some_commits_are_whole_on_sqlite(tmp_path):
    on_sqlite(tmp_path, 9)


@pytest.mark.postgres
@pytest.mark.usefixtures("small_chunks")
def test_builds_killed_at_some_commits_are_whole_on_postgresql(postgres_server):
    on_postgres(postgres_server, 13)


@pytest.mark.deep
@pytest.mark.usefixtures("small_chunks")
@pytest.mark.timeout(1800)
def test_builds_killed_at_every_commit_are_whole_on_sqlite(tmp_path):
    on_sqlite(tmp_path, 1)


@pytest.mark.deep
@pytest.mark.postgres
@pytest.mark.usefixtures("small_chunks")
@pytest.mark.timeout(1800)
def test_builds_killed_at_every_commit_are_whole_on_postgresql(postgres_server):
    on_postgres(postgres_server, 1)
