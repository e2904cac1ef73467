"""What all tests share: stores to work on, real ones, and the switch for the long forms."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from slaengine.errors import MissingExtra, StorageError
from slaengine.testing.postgres import PostgresServer, start_postgres

# Wall time says nothing about a law: machines are shared. CI tries the same examples every time; elsewhere each run looks on.
settings.register_profile("everywhere", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("everywhere")

SQLITE = pytest.param("sqlite", id="sqlite")
POSTGRES = pytest.param("postgres", id="postgres", marks=pytest.mark.postgres)
MEMORY = pytest.param("memory", id="memory")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the long forms out unless they are asked for by `SLAENGINE_DEEP=1`."""
    if os.environ.get("SLAENGINE_DEEP"):
        return
    long_form = pytest.mark.skip(reason="the long form; run by `make test-deep`")
    for item in items:
        if item.get_closest_marker("deep"):
            item.add_marker(long_form)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One PostgreSQL server for the whole run; tests that need it are skipped, with the reason, where there is none."""
    try:
        server = start_postgres()
        running = server.__enter__()
    except (MissingExtra, StorageError) as error:
        pytest.skip(str(error))
    yield running
    server.__exit__(None, None, None)


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """An empty database on a real PostgreSQL server."""
    url = postgres_server.new_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture(params=[MEMORY, SQLITE, POSTGRES])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store of each kind."""
    return _store_url(request, tmp_path)


@pytest.fixture(params=[SQLITE, POSTGRES])
def shared_store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store of each kind that several processes can open."""
    return _store_url(request, tmp_path)


def _store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgres":
        return request.getfixturevalue("postgres_url")
    return "memory:" if request.param == "memory" else f"sqlite:///{tmp_path / 'orders.db'}"
