"""Connections that are dead when they are wanted: the pool finds it before anything is said on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text
from tests.storage.facts import fact

from slaengine.errors import StorageError
from slaengine.storage import engines
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog
from slaengine.testing.postgres import OwnPostgres, PostgresServer, start_own_postgres

pytestmark = pytest.mark.postgres

Open = Callable[..., FactLog]


@pytest.fixture(scope="module")
def own_server(postgres_server: PostgresServer) -> Iterator[OwnPostgres]:
    """A server that may be killed without disturbing other tests; `postgres_server` skips where there is none."""
    assert postgres_server.address
    with start_own_postgres() as server:
        yield server


def test_a_server_that_was_killed_and_started_again_is_gone_on_with(own_server: OwnPostgres, open_log: Open) -> None:
    log = open_log(own_server.new_database())
    log.append([fact(1, 1)])
    for version in (2, 3):
        own_server.kill()
        own_server.start()
        log.append([fact(1, version)])
        own_server.kill()
        own_server.start()
        assert log.head().position == version


def test_a_server_that_is_down_is_named_and_nothing_is_recorded(own_server: OwnPostgres, open_log: Open) -> None:
    log = open_log(own_server.new_database())
    log.append([fact(1, 1)])
    own_server.kill()
    try:
        with pytest.raises(StorageError, match="failed"):
            log.append([fact(1, 2)])
        with pytest.raises(StorageError, match="failed"):
            log.head()
    finally:
        own_server.start()
    assert log.head().position == 1
    log.append([fact(1, 2)])


def test_a_connection_that_the_server_ended_is_replaced(postgres_url: str, open_log: Open) -> None:
    log, other = open_log(postgres_url), open_log(postgres_url)
    log.append([fact(1, 1)])
    end_all(other.database)
    log.append([fact(1, 2)])
    end_all(other.database)
    assert log.head().position == 2


def test_a_connection_that_ends_in_the_middle_takes_its_transaction_with_it(postgres_url: str, open_log: Open) -> None:
    log, other = open_log(postgres_url), open_log(postgres_url)
    log.append([fact(1, 1)])

    def append_while_it_ends() -> None:
        with log.locked():
            end_all(other.database)
            log.append([fact(1, 2)])

    with pytest.raises(StorageError, match="failed"):
        append_while_it_ends()
    assert log.head().position == 1
    log.append([fact(1, 2)])
    assert log.head().position == 2


def test_a_connection_that_lay_idle_for_long_is_asked(postgres_url: str, open_log: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    hear = engines._hear
    monkeypatch.setattr(
        engines, "_hear", lambda connection, *, asked_now=asked, asked: (asked_now.append(asked), hear(connection, asked=asked))
    )
    log = open_log(postgres_url)
    asked.clear()
    log.head()
    monkeypatch.setattr(engines, "ASKED_AFTER_S", -1)
    log.head()
    assert asked == [False, True]


def end_all(database: Database) -> None:
    """End every other connection to the same database."""
    with database.reading() as connection:
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(text(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE {others}"))
