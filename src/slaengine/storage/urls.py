"""Where a store is: its URL, and the options that may stand in it."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from slaengine.errors import MissingExtra, StorageError, UsageError

Synchronous = Literal["full", "normal"]

LOCK_TIMEOUT_MS = 10_000
"""How long a writer waits for another one before it gives up: longer than any batch of ours takes."""

FORMS = "a store is sqlite:///FILE, postgresql+psycopg://USER@HOST/DATABASE or memory:"


@dataclass(frozen=True, slots=True)
class StoreUrl:
    """A store's place, understood.

    `path` is the SQLite file, None for other databases and in memory. `synchronous` is SQLite's: `full` keeps every
    commit through a power cut, `normal` is quicker and may lose the last ones to it. `lock_timeout_ms` bounds the wait
    for another writer.
    """

    url: URL
    path: Path | None = None
    synchronous: Synchronous = "full"
    lock_timeout_ms: int = LOCK_TIMEOUT_MS

    @property
    def in_memory(self) -> bool:
        """Whether the store lives and dies with its connection."""
        return self.url.get_backend_name() == "sqlite" and self.path is None

    def __str__(self) -> str:
        """Return the URL without its password, fit for messages."""
        return "memory:" if self.in_memory else self.url.render_as_string(hide_password=True)


def parse(text: str) -> StoreUrl:
    """Return what a store URL means.

    Raises:
        UsageError: it is no URL of ours, or an option in it is unknown or has no such value.
        MissingExtra: its database needs a driver that is not installed.
        StorageError: its directory does not exist, or its path is a directory.
    """
    if text in ("memory:", ":memory:"):
        text = "sqlite://"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        hint = f"; write sqlite:///{text}" if text and "://" not in text and "@" not in text else ""
        raise UsageError(f"'{text if hint else 'the store'}' is not a store's URL{hint}; {FORMS}") from None
    if url.drivername in ("sqlite", "sqlite+pysqlite"):
        return _sqlite(url)
    if url.drivername in ("postgres", "postgresql", "postgresql+psycopg"):
        return _postgres(url.set(drivername="postgresql+psycopg"))
    raise UsageError(f"a store cannot be kept in '{url.drivername}'; {FORMS}")


def _sqlite(url: URL) -> StoreUrl:
    synchronous = _option(url, "synchronous", "full")
    if synchronous not in ("full", "normal"):
        raise UsageError(f"synchronous={synchronous} is not known; write synchronous=full or synchronous=normal")
    timeout = _lock_timeout(url)
    url = url.difference_update_query(("synchronous", "lock_timeout_ms"))
    if url.query:
        raise UsageError(f"a SQLite store has no option '{next(iter(url.query))}'; it has synchronous and lock_timeout_ms")
    if url.host:
        raise UsageError(f"'{url}' has too few slashes; write sqlite:///FILE, or sqlite:////DIRECTORY/FILE from the root")
    path = None if url.database in (None, "", ":memory:") else Path(str(url.database))
    if path is not None:
        _check_place(path)
    return StoreUrl(url, path, "normal" if synchronous == "normal" else "full", timeout)


def _check_place(path: Path) -> None:
    if path.is_dir():
        raise StorageError(f"cannot keep a store in {path}: it is a directory; name a file in it")
    if not path.parent.is_dir():
        raise StorageError(f"cannot keep a store in {path}: there is no directory {path.parent}; create it first")


def _postgres(url: URL) -> StoreUrl:
    if find_spec("psycopg") is None:
        raise MissingExtra("a PostgreSQL store", "postgres")
    timeout = _lock_timeout(url)
    return StoreUrl(url.difference_update_query(("lock_timeout_ms",)), lock_timeout_ms=timeout)


def _option(url: URL, name: str, default: str) -> str:
    value = url.query.get(name, default)
    return value if isinstance(value, str) else value[-1]


def _lock_timeout(url: URL) -> int:
    text = _option(url, "lock_timeout_ms", str(LOCK_TIMEOUT_MS))
    if not text.isdecimal() or int(text) == 0:
        raise UsageError(f"lock_timeout_ms={text} is not a number of milliseconds above zero")
    return int(text)
