"""Personal data: concealed on its way into the log, unreadable everywhere once the key is destroyed, and nothing else changed."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from slaengine.audit import chain
from slaengine.domain.events import FACTS
from slaengine.domain.personal import personal_paths
from slaengine.engine import SlaEngine
from slaengine.storage.keys import KeyStore, of_subject
from slaengine.storage.mapper import FactMapper
from slaengine.storage.personal import ERASED, Vault, masked
from slaengine.storage.subjects import erase, export
from slaengine.testing import examples

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
SECRETS = (
    "Wang Fang",
    "13800138000",
    "Room 1203",
    "water from the ceiling",
    "a leak upstairs",
    "she asked for a call",
    "Room 1204",
)


def life(engine: SlaEngine, subject: str | None = "person-7", number: str = "R-1") -> UUID:
    """Record an order that says something of a person wherever it can."""
    order = engine.receive(
        kind="repair",
        number=number,
        place={"community": "Lakeside", "premises": "p-88", "room": "Room 1203"},
        reporter={"subject": subject, "name": "Wang Fang", "telephone": "13800138000"},
        description="water from the ceiling",
        restated="a leak upstairs",
        occurred_at=NOON,
    )
    engine.respond(order, note="she asked for a call", occurred_at=NOON)
    engine.correct(order, version=1, field="place.room", text="Room 1204", occurred_at=NOON)
    engine.resolve(order, outcome="mended", occurred_at=NOON)
    return order.id


@pytest.fixture
def keys(tmp_path: Path):
    with KeyStore.open(f"sqlite:///{tmp_path / 'keys.db'}") as opened:
        yield opened


def store(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'orders.db'}"


def open_store(tmp_path: Path, keys: KeyStore | None) -> SlaEngine:
    return SlaEngine.open(store(tmp_path), clock=lambda: NOON, keys=keys)


def files_say(tmp_path: Path, secret: str, pattern: str = "orders.db*") -> bool:
    return any(secret.encode() in file.read_bytes() for file in tmp_path.glob(pattern))


def all_texts(engine: SlaEngine, order: UUID) -> str:
    return " ".join(repr(recorded.fact) for recorded in engine.facts(order))


def test_with_keys_the_store_holds_no_personal_text_and_its_readers_do(tmp_path: Path, keys: KeyStore):
    with open_store(tmp_path, keys) as engine:
        order = life(engine)
        told = all_texts(engine, order)
    for secret in SECRETS:
        assert secret in told
        assert not files_say(tmp_path, secret)


def test_without_keys_personal_text_stays_in_clear(tmp_path: Path):
    with open_store(tmp_path, None) as engine:
        order = life(engine)
        assert "Wang Fang" in all_texts(engine, order)
    assert files_say(tmp_path, "Wang Fang")


def test_a_store_with_concealed_texts_is_readable_without_keys_but_for_those(tmp_path: Path, keys: KeyStore):
    with open_store(tmp_path, keys) as engine:
        order = life(engine)
    with open_store(tmp_path, None) as engine:
        told = all_texts(engine, order)
        assert ERASED in told
        assert "Lakeside" in told
        assert not any(secret in told for secret in SECRETS)


def test_erasing_a_subject_makes_every_text_unreadable_and_changes_nothing_else(tmp_path: Path, keys: KeyStore):
    with open_store(tmp_path, keys) as engine:
        order, other = life(engine), life(engine, subject="person-8", number="R-2")
        before = list(engine.log.scan())
        done = erase(engine.log, keys, FactMapper(vault=Vault(keys)), "person-7", NOON)
        assert (done.orders, done.destroyed, done.first_at, done.readable) == (1, 1, NOON, [])
        assert list(engine.log.scan()) == before
        assert chain.verify(before) is None
        assert not any(secret in all_texts(engine, order) for secret in SECRETS)
        assert all(secret in all_texts(engine, other) for secret in SECRETS)
        again = erase(engine.log, keys, FactMapper(vault=Vault(keys)), "person-7", datetime(2027, 1, 1, tzinfo=UTC))
        assert (again.destroyed, again.first_at) == (0, NOON)


def test_a_backup_of_the_log_taken_before_the_erasure_is_unreadable_after_it(tmp_path: Path, keys: KeyStore):
    with open_store(tmp_path, keys) as engine:
        order = life(engine)
    backup = sqlite3.connect(tmp_path / "backup.db")
    with sqlite3.connect(tmp_path / "orders.db") as source:
        source.backup(backup)
    backup.close()
    source.close()
    with open_store(tmp_path, keys) as engine:
        erase(engine.log, keys, FactMapper(vault=Vault(keys)), "person-7", NOON)
    with SlaEngine.open(f"sqlite:///{tmp_path / 'backup.db'}", clock=lambda: NOON, keys=keys) as engine:
        assert not any(secret in all_texts(engine, order) for secret in SECRETS)


def test_a_destroyed_key_is_overwritten_in_its_file(tmp_path: Path, keys: KeyStore):
    key_id, key = keys.key_of_order(UUID(int=1), "person-7")
    assert any(key in file.read_bytes() for file in tmp_path.glob("keys.db*"))
    keys.destroy([of_subject("person-7")], NOON)
    assert keys.key(key_id) is None
    assert not any(key in file.read_bytes() for file in tmp_path.glob("keys.db*"))


def test_a_person_who_comes_back_after_an_erasure_gets_a_new_key(tmp_path: Path, keys: KeyStore):
    with open_store(tmp_path, keys) as engine:
        old = life(engine)
        erase(engine.log, keys, FactMapper(vault=Vault(keys)), "person-7", NOON)
        new = life(engine, number="R-2")
        engine.revisit(old, method="telephone", note="she is content", occurred_at=NOON)
        assert "Wang Fang" in all_texts(engine, new)
        assert "Wang Fang" not in all_texts(engine, old)
        assert "she is content" in all_texts(engine, old)


def test_an_order_without_a_subject_has_a_key_of_its_own(tmp_path: Path, keys: KeyStore):
    with open_store(tmp_path, keys) as engine:
        first, second = life(engine, subject=None), life(engine, subject=None, number="R-2")
        assert keys.key_of_order(first, None) != keys.key_of_order(second, None)
        assert "Wang Fang" in all_texts(engine, first)


def test_a_subject_known_only_by_correction_is_erased_too(tmp_path: Path, keys: KeyStore):
    with open_store(tmp_path, keys) as engine:
        order = life(engine, subject=None)
        engine.correct(order, version=1, field="reporter.subject", value="person-9", occurred_at=NOON)
        done = erase(engine.log, keys, FactMapper(vault=Vault(keys)), "person-9", NOON)
        assert (done.orders, done.destroyed, done.readable) == (1, 1, [])
        assert "Wang Fang" not in all_texts(engine, order)


def test_what_was_recorded_in_clear_is_named_by_an_erasure(tmp_path: Path, keys: KeyStore):
    with open_store(tmp_path, None) as engine:
        order = life(engine)
    with open_store(tmp_path, keys) as engine:
        done = erase(engine.log, keys, FactMapper(vault=Vault(keys)), "person-7", NOON)
        assert done.readable == [(order, 1), (order, 2), (order, 3)]
        assert done.first_at is None


def test_a_subject_is_shown_all_their_orders_and_only_theirs(tmp_path: Path, keys: KeyStore):
    with open_store(tmp_path, keys) as engine:
        life(engine)
        life(engine, subject="person-8", number="R-2")
        mapper = FactMapper(vault=Vault(keys))
        (shown,) = export(engine.log, mapper, "person-7")
        assert [fact["fact"] for fact in shown["facts"]] == ["received", "responded", "corrected", "resolved"]
        assert all(secret in str(shown) for secret in SECRETS)
        assert export(engine.log, mapper, "nobody") == []
        erase(engine.log, keys, mapper, "person-7", NOON)
        (shown,) = export(engine.log, mapper, "person-7")
        assert not any(secret in str(shown) for secret in SECRETS)


def test_a_text_moved_to_another_order_or_field_cannot_be_read(keys: KeyStore):
    vault = Vault(keys)
    order, other = UUID(int=1), UUID(int=2)
    fact = next(fact for fact in FACTS if fact.NAME == "responded").model_validate({"occurred_at": NOON, "note": "hers"})
    state = vault.conceal(order, fact, FactMapper().state_of(order, fact))
    assert b"hers" in vault.reveal(order, state)
    assert b"hers" not in vault.reveal(other, state)
    assert b"hers" not in vault.reveal(order, state.replace(b'"note"', b'"text"'))
    assert b"hers" not in vault.reveal(order, state.replace(b'="', b'A"'))


def test_a_text_that_only_looks_concealed_does_no_harm(tmp_path: Path, keys: KeyStore):
    with open_store(tmp_path, keys) as engine:
        order = engine.receive(kind="repair", number="R-1", description="sealed:1:junk", occurred_at=NOON)
        assert "sealed:1:junk" in all_texts(engine, order.id)
    assert ERASED.encode() in masked(b'{"description":"sealed:1:junk"}')
    assert masked(b'{"description":"plain"}') == b'{"description":"plain"}'


def test_every_personal_field_of_every_fact_is_concealed(keys: KeyStore):
    vault = Vault(keys)
    seen = 0
    for fact in examples.FACTS.values():
        for path in personal_paths(type(fact)):
            holder = fact
            for name in path[:-1]:
                holder = getattr(holder, name)
            text = getattr(holder, path[-1], None)
            if text:
                state = FactMapper().state_of(UUID(int=1), fact)
                concealed = vault.conceal(UUID(int=1), fact, state)
                assert f'"{text}"'.encode() not in concealed
                assert vault.reveal(UUID(int=1), concealed) == state
                seen += 1
    assert seen >= 5
