"""The pass before the import: the whole table is read once, so that nothing is imported from a damaged one."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from pydantic_core import from_json, to_json

from slaengine.importing.cells import Row, RowRefused
from slaengine.importing.plan import Plan, Reject
from slaengine.importing.tables import Table


class Survey(NamedTuple):
    """What a whole table is like: its rows, the latest time it knows of, and whether each order's rows stand together."""

    rows: int
    latest: datetime | None
    together: bool


def survey(table: Table, plan: Plan, *, updates: bool) -> Survey:
    """Read the table to its end.

    Raises:
        ImportingError: it is damaged, cut short, or not of the form that it seemed to have.
    """
    latest: datetime | None = None
    rows, together, key_before = 0, True, None
    seen: set[int] = set()
    for number, cells in table.rows():
        rows += 1
        time = plan.latest(number, cells)
        if time is not None and (latest is None or time > latest):
            latest = time
        if updates and together and (key := plan.key(plan.row(number, cells))) != key_before and key is not None:
            together = hash(key) not in seen  # two keys of one hash only cost a needless sorting
            seen.add(hash(key))
            key_before = key
    return Survey(rows, latest, together)


def orders(table: Table, plan: Plan, found: Survey, rejects: list[Reject], *, updates: bool) -> Iterator[tuple[str, list[Row]]]:
    """Yield each order's name and rows, in the order in which the table first names them.

    Rows that name no order go to `rejects`.
    """
    named = _named(table, plan, rejects)
    if not updates:
        return ((key, [row]) for key, row in named)
    if found.together:
        return ((key, [row for _, row in rows]) for key, rows in groupby(named, key=lambda pair: pair[0]))
    return _gathered(named)


def _named(table: Table, plan: Plan, rejects: list[Reject]) -> Iterator[tuple[str, Row]]:
    for number, cells in table.rows():
        row = plan.row(number, cells)
        key = plan.key(row)
        if key is None:
            rejects.append(plan.reject(row))
        else:
            yield key, row


def _gathered(named: Iterator[tuple[str, Row]]) -> Iterator[tuple[str, list[Row]]]:
    """Bring together rows that stand apart, in a file beside: a table may be larger than memory."""
    with tempfile.TemporaryDirectory(prefix="slaengine-") as place, closing(sqlite3.connect(Path(place) / "rows.db")) as db:
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("CREATE TABLE rows (key TEXT, number INTEGER, cells BLOB, refused BLOB)")
        db.executemany("INSERT INTO rows VALUES (?, ?, ?, ?)", ((key, *_packed(row)) for key, row in named))
        db.execute("CREATE INDEX by_key ON rows (key, number)")
        keys = db.execute("SELECT key FROM rows GROUP BY key ORDER BY min(number)")
        for (key,) in keys:
            rows = db.execute("SELECT number, cells, refused FROM rows WHERE key = ? ORDER BY number", (key,))
            yield key, [_unpacked(*row) for row in rows]


def _packed(row: Row) -> tuple[int, bytes, bytes]:
    refused = row.refused and (row.refused.column, row.refused.value, row.refused.reason)
    return row.number, to_json(row.cells), to_json(refused)


def _unpacked(number: int, cells: bytes, refused: bytes) -> Row:
    why = from_json(refused)
    return Row(number, tuple(from_json(cells)), RowRefused(*why) if why else None)
