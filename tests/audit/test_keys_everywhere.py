"""Personal texts are encrypted whichever way facts come in, and the keys may stand on PostgreSQL."""

from __future__ import annotations

import json
import uuid
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from test_cli_sealing import Shell

from slaengine.engine import SlaEngine
from slaengine.policies.book import PolicyBook
from slaengine.projections.case_file import micros
from slaengine.storage.catch_up import catch_up
from slaengine.storage.keys import KeyStore
from slaengine.storage.read_models import ReadModels
from slaengine.storage.subjects import erase
from slaengine.storage.verifying import verify
from slaengine.streaming.connect import connect
from slaengine.streaming.port import Message

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
TABLE = "No,Opened,Caller,Name,What\nR-1,2026-01-05 09:15,p7,Wang Fang,water from the ceiling\n"
MAPPING = """
source: desk
rows: orders
key: No
time_zone: UTC
time_formats: "%Y-%m-%d %H:%M"
facts:
  - fact: received
    at: Opened
    set:
      number: No
      kind: {value: repair}
      channel: {value: desk}
      reporter: {subject: Caller, name: Name}
      description: What
"""
SECRETS = (b"Wang Fang", b"water from the ceiling")
KEYS = ("--keys", "sqlite:///keys.db")
STORE = ("--store", "sqlite:///orders.db")


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    monkeypatch.chdir(tmp_path)
    Path("desk.csv").write_text(TABLE)
    Path("desk.yaml").write_text(MAPPING)
    return Shell(capsys)


def in_clear() -> list[bytes]:
    files = b"".join(file.read_bytes() for file in Path().glob("orders.db*"))
    return [secret for secret in SECRETS if secret in files]


def shown(shell: Shell) -> str:
    return shell("personal", "export", "p7", *STORE, *KEYS)[1]


def test_an_import_with_keys_records_no_personal_text_in_clear_and_again_adds_nothing(shell: Shell):
    asked = ("import", "desk.csv", "--mapping", "desk.yaml", *STORE, *KEYS, "--json")
    assert json.loads(shell(*asked)[1])["new_facts"] == 1
    assert in_clear() == []
    assert "Wang Fang" in shown(shell)
    assert json.loads(shell(*asked)[1])["new_facts"] == 0
    assert shell("erase", "p7", *STORE, *KEYS, "--yes")[0] == 0
    assert "Wang Fang" not in shown(shell)


def test_an_import_without_keys_records_them_in_clear(shell: Shell):
    shell("import", "desk.csv", "--mapping", "desk.yaml", *STORE)
    assert in_clear() == list(SECRETS)


def test_commands_from_a_topic_are_concealed_too(shell: Shell):
    kafka = f"memory:{uuid.uuid4()}"
    assert shell("ingest", *STORE, *KEYS, "--kafka", kafka, "--once")[0] == 0
    body = {"kind": "repair", "number": "R-1", "reporter": {"subject": "p7", "name": "Wang Fang"}}
    headers = {"ce_id": "1", "ce_source": "app", "ce_type": "slaengine.command.receive.v1"}
    told = Message("slaengine.commands", b"x", json.dumps(body).encode(), [(n, v.encode()) for n, v in headers.items()], 0)
    with closing(connect(kafka).producer()) as producer:
        assert producer.send([told]).wait(20)
    assert shell("ingest", *STORE, *KEYS, "--kafka", kafka, "--once")[0] == 0
    assert "Wang Fang" in shown(shell)
    assert in_clear() == []


@pytest.mark.postgres
def test_keys_and_log_on_postgresql_erase_and_verify_as_on_sqlite(postgres_url: str):
    book = PolicyBook.pack("service-standard")
    with KeyStore.open(postgres_url) as keys, SlaEngine.open(postgres_url, clock=lambda: NOON, keys=keys) as engine:
        for number, subject in (("R-1", "p7"), ("R-2", "p8")):
            order = engine.receive(
                kind="repair", number=number, reporter={"subject": subject, "name": "Wang Fang"}, occurred_at=NOON
            )
            engine.respond(order, occurred_at=NOON)
        catch_up(engine.log, ReadModels(engine.log.database), book)
        before = engine.log.head()
        done = erase(engine.log, keys, engine.work_orders.mapper, "p7", NOON)
        assert (done.destroyed, done.orders, done.readable) == (1, 1, [])
        names = {number: engine.facts(number)[0].fact.reporter.name for number in ("R-1", "R-2")}
        assert names == {"R-1": "[erased]", "R-2": "Wang Fang"}
        assert engine.log.head() == before
        verified = verify(engine.log, book, as_of=micros(NOON))
        assert (verified.differences, verified.orders) == ([], 2)
        with engine.log.database.writing() as connection:
            tables = ReadModels(engine.log.database).builds(connection, book.name)[-1].tables
            connection.execute(tables.clocks.update().values(edition="forged"))
        assert {difference.order for difference in verify(engine.log, book).differences} == {"R-1", "R-2"}
