"""Tampering with a real SQLite store, in SQL and in the file's own bytes."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest
from audit_logs import NOON
from town_logs import TownLog, arrivals

from slaengine.audit.examine import Examined, examine
from slaengine.audit.merkle import MerkleTree
from slaengine.audit.seal import Seal, seal
from slaengine.audit.signing import SigningKey
from slaengine.errors import SlaEngineError
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog

KEY = SigningKey.new("example.org/orders")
SIZE = 200


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, Seal]:
    """The bytes of a sealed store's file, and its seal."""
    path = tmp_path_factory.mktemp("store") / "orders.db"
    database = Database.open(f"sqlite:///{path}")
    log = TownLog(database)
    log.take(arrivals(60, seed=1)[:SIZE])
    tree = MerkleTree()
    made = seal(log, Seal(tree), KEY, NOON)
    assert made is not None
    database.close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")
    connection.close()
    return path.read_bytes(), Seal(tree, (made.note,))


def looked_at(path: Path, so_far: Seal) -> Examined:
    database = Database.open(f"sqlite:///{path}")
    try:
        return examine(FactLog(database, lambda: NOON), so_far.notes, KEY.public, tree=so_far.tree)
    finally:
        database.close()


@pytest.mark.parametrize(
    ("statement", "first_bad"),
    [
        ("UPDATE facts SET state = '{}' WHERE position = 71", 71),
        ("UPDATE facts SET state = X'7B7D' WHERE position = 71", 71),
        ("UPDATE facts SET recorded_at = recorded_at - 1 WHERE position = 3", 3),
        ("UPDATE facts SET recorded_at = 'long ago' WHERE position = 3", 3),
        ("UPDATE facts SET topic = X'00' WHERE position = 200", 200),
        ("UPDATE facts SET order_id = X'00' WHERE position = 44", 44),
        ("UPDATE facts SET hash = X'00' WHERE position = 1", 1),
        ("DELETE FROM facts WHERE position = 100", 100),
        ("DELETE FROM facts WHERE position > 190", 191),
        ("DELETE FROM facts", 1),
        ("UPDATE facts SET position = 1000 WHERE position = 5", 5),
        ("UPDATE facts SET version = version + 1000 WHERE position = 9", 9),
    ],
)
def test_an_edit_in_sql_is_found_at_its_position(sealed: tuple[bytes, Seal], tmp_path: Path, statement: str, first_bad: int):
    content, so_far = sealed
    path = tmp_path / "orders.db"
    path.write_bytes(content)
    assert looked_at(path, so_far) == Examined(SIZE, 1, ())
    connection = sqlite3.connect(path)
    for change in ("update", "delete"):
        connection.execute(f"DROP TRIGGER facts_never_{change}")
    connection.execute(statement)
    connection.commit()
    connection.close()
    assert looked_at(path, so_far).faults[0].position == first_bad


def test_a_byte_changed_in_the_file_never_goes_unnoticed_where_facts_stand(sealed: tuple[bytes, Seal], tmp_path: Path):
    content, so_far = sealed
    rng = random.Random(7)
    states = sqlite_states(content, tmp_path)
    for state in rng.sample(states, 25):
        at = content.index(state) + rng.randrange(len(state))
        path = tmp_path / "hurt.db"
        path.write_bytes(content[:at] + bytes([content[at] ^ 1 << rng.randrange(8)]) + content[at + 1 :])
        assert noticed(path, so_far)


def noticed(path: Path, so_far: Seal) -> bool:
    try:
        return bool(looked_at(path, so_far).faults)
    except SlaEngineError as refused:
        return "damaged" in str(refused)


def sqlite_states(content: bytes, tmp_path: Path) -> list[bytes]:
    path = tmp_path / "whole.db"
    path.write_bytes(content)
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT state FROM facts").fetchall()
    connection.close()
    return [row[0] for row in rows if content.count(row[0]) == 1]
