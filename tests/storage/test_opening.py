from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text
from tests.storage.facts import fact

from slaengine.errors import ConcurrencyError, MissingExtra, StorageError, UsageError
from slaengine.storage import urls
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog

Open = Callable[..., FactLog]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("orders.db", "write sqlite:///orders.db"),
        ("", "is not a store's URL"),
        ("mysql://root@db/x", "cannot be kept in 'mysql'"),
        ("postgresql+asyncpg://db/x", "cannot be kept in 'postgresql\\+asyncpg'"),
        ("sqlite://orders.db", "too few slashes"),
        ("sqlite:///orders.db?synchronous=maybe", "synchronous=full or synchronous=normal"),
        ("sqlite:///orders.db?cache=shared", "no option 'cache'"),
        ("sqlite:///orders.db?lock_timeout_ms=soon", "not a number of milliseconds"),
        ("sqlite:///orders.db?lock_timeout_ms=0", "not a number of milliseconds"),
    ],
)
def test_a_url_that_makes_no_sense_is_refused_with_what_would(url: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        urls.parse(url)


@pytest.mark.parametrize("url", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_every_way_to_write_postgresql_means_psycopg(url: str) -> None:
    assert urls.parse(url).url.drivername == "postgresql+psycopg"


@pytest.mark.parametrize("url", ["memory:", ":memory:", "sqlite://", "sqlite:///:memory:"])
def test_every_way_to_write_memory_is_in_memory(url: str) -> None:
    assert urls.parse(url).in_memory


def test_a_missing_driver_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(urls, "find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=r"slaengine\[postgres\]"):
        urls.parse("postgresql://u@h/d")


def test_a_password_is_never_shown() -> None:
    with pytest.raises(StorageError) as refusal:
        Database.open("postgresql+psycopg://clerk:s3cret@127.0.0.1:1/orders?connect_timeout=2")
    assert "s3cret" not in str(refusal.value)
    assert "clerk" in str(refusal.value)


def test_a_missing_directory_is_named_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no directory"):
        Database.open(f"sqlite:///{tmp_path}/missing/orders.db")
    assert not (tmp_path / "missing").exists()


def test_a_directory_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="is a directory"):
        Database.open(f"sqlite:///{tmp_path}")


def test_a_store_that_must_be_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="there is no store"):
        Database.open(f"sqlite:///{tmp_path}/orders.db", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.postgres
def test_an_empty_database_that_must_hold_a_store_is_refused(postgres_url: str) -> None:
    with pytest.raises(StorageError, match="there is no store"):
        Database.open(postgres_url, create=False)


def test_a_file_of_another_kind_is_left_as_it_was(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear owner, your lift is repaired.\n" * 100)
    with pytest.raises(StorageError, match="damaged or is not an SQLite database"):
        Database.open(f"sqlite:///{letter}")
    assert letter.read_text().startswith("Dear owner")
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_database_with_other_tables_of_our_names_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "theirs.db"
    with sqlite3.connect(path) as theirs:
        theirs.execute("CREATE TABLE facts (fun TEXT)")
    theirs.close()
    with pytest.raises(StorageError, match="tables named facts that are not a store's"):
        Database.open(f"sqlite:///{path}")


def test_a_store_of_a_later_version_is_refused(shared_store_url: str, open_log: Open) -> None:
    log = open_log(shared_store_url)
    with log.database.writing() as connection:
        connection.execute(text("UPDATE log_head SET format = 2"))
    with pytest.raises(StorageError, match="upgrade slaengine"):
        Database.open(shared_store_url)


def test_many_may_open_a_new_store_at_once(shared_store_url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        for database in list(pool.map(Database.open, [shared_store_url] * 8)):
            database.close()


def test_a_new_store_that_is_held_by_another_is_left_to_it(tmp_path: Path) -> None:
    path = tmp_path / "orders.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(ConcurrencyError):
        Database.open(f"sqlite:///{path}?lock_timeout_ms=100")
    other.execute("CREATE TABLE theirs (x)")
    other.execute("COMMIT")
    other.close()
    assert path.stat().st_size > 0


AS_NOBODY = """
import os, sys
from slaengine.errors import StorageError
from slaengine.storage.database import Database
Database.open("memory:").close()  # everything is imported before the user changes: it may not read our packages
os.setgid(65534)
os.setuid(65534)
try:
    database = Database.open(sys.argv[1])
    if sys.argv[2:] == ["write"]:
        with database.writing() as connection:
            connection.exec_driver_sql("UPDATE log_head SET position = 9")
except StorageError as error:
    print(error)
"""


@pytest.fixture
def root_directory() -> Iterator[Path]:
    """A directory that everybody may read and only root may write."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
def test_a_place_that_may_not_be_written_is_named(root_directory: Path, open_log: Open) -> None:
    new, mine = (f"sqlite:///{root_directory / name}" for name in ("new.db", "mine.db"))
    log = open_log(mine)
    log.append([fact(1, 1)])
    assert "may not read or write the file or its directory" in _as_nobody(new)
    assert not (root_directory / "new.db").exists()
    assert "read-only for this user" in _as_nobody(mine, "write")
    assert log.head().position == 1


def _as_nobody(*arguments: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", AS_NOBODY, *arguments], capture_output=True, text=True, check=True, cwd="/"
    ).stdout
