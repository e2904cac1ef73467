"""A history from a topic: the same as the store's, and every difference between the two is named."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from test_cli_sealing import Shell
from town_logs import PAUSING, TownLog, arrivals

from slaengine.audit.copies import compare
from slaengine.audit.history import History
from slaengine.engine import SlaEngine
from slaengine.errors import AuditError
from slaengine.storage.database import Database
from slaengine.streaming.connect import connect
from slaengine.streaming.publisher import Publisher
from slaengine.streaming.subscribe import subscribe
from slaengine.streaming.topic_log import TopicLog, topic_log

STORE = "sqlite:///town.db"


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A cluster that holds what the store `town.db` does."""
    monkeypatch.chdir(tmp_path)
    Path("town.yaml").write_text(PAUSING.replace("SCOPE", "restate"))
    kafka, database = f"memory:{uuid.uuid4()}", Database.open(STORE)
    log = TownLog(database)
    log.take(arrivals(40, seed=5))
    Publisher(log, connect(kafka), "test").run_once()
    database.close()
    return kafka


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def test_a_topic_gives_the_history_of_the_store_but_for_its_files_names(cluster: str, tmp_path: Path):
    with topic_log(cluster) as log:
        made = History(tmp_path / "topic", create=True)
        made.extend(log, chained=False)
    database = Database.open(STORE)
    stored = History(tmp_path / "store", create=True)
    stored.extend(TownLog(database))
    database.close()
    assert made.manifest.hash == stored.manifest.hash
    assert [made.read(bucket).equals(stored.read(bucket)) for bucket in stored.buckets()] == [True]


def told(shell: Shell, *arguments: str, code: int = 0) -> Any:
    left, out, err = shell(*arguments, "--json")
    assert left == code, err
    return json.loads(out)


def test_store_and_topic_are_compared_by_hash(shell: Shell, cluster: str):
    found = told(shell, "audit", "export", "--store", STORE, "--kafka", cluster, "--out", "h")
    assert found["compared"] == {"same": found["position"], "only_by_position": 0, "unlike": []}
    with SlaEngine.open(STORE) as engine:
        engine.receive(kind="repair", number="NEW-1")
    found = told(shell, "audit", "export", "--store", STORE, "--kafka", cluster, "--out", "h", code=1)
    assert [fact["why"] for fact in found["compared"]["unlike"]] == ["it stands only in the first"]
    code, out, _ = shell("audit", "export", "--store", STORE, "--kafka", cluster, "--out", "h")
    assert code == 1
    assert "(received): it stands only in the store" in out


def test_what_stands_in_one_copy_only_or_differs_is_named(cluster: str, tmp_path: Path):
    facts = list(subscribe(cluster, until_end=True))
    changed = [replace_hash(fact) if fact.position == 9 else fact for fact in facts if fact.position != 5]
    histories = []
    for name, some in (("whole", facts), ("other", changed)):
        log = TopicLog(tmp_path / f"{name}.db")
        log.take(some)
        histories.append(History(tmp_path / name, create=True))
        histories[-1].extend(log, chained=False)
        log.close()
    found = compare(*histories)
    assert [(fact.position, fact.why) for fact in found.unlike] == [
        (5, "it stands only in the first"),
        (9, "its content or what came before it differs"),
    ]
    assert found.same == len(facts) - 2


def replace_hash(fact):
    return fact._replace(hash=bytes(31) + b"x")


def test_two_facts_at_one_position_are_refused(cluster: str, tmp_path: Path):
    facts = list(subscribe(cluster, until_end=True))
    log = TopicLog(tmp_path / "t.db")
    assert log.take([*facts, facts[3]]) == len(facts)
    with pytest.raises(AuditError, match="two different facts for position"):
        log.take([facts[3]._replace(state=b"{}")])
    log.close()


def test_several_logs_in_a_topic_must_be_told_apart(cluster: str, tmp_path: Path):
    facts = list(subscribe(cluster, until_end=True))
    other = facts[0]._replace(source="urn:other")
    log = TopicLog(tmp_path / "t.db")
    with pytest.raises(AuditError, match="several logs; name one of urn:other, "):
        log.take([facts[0], other])
    log.close()
    log = TopicLog(tmp_path / "u.db")
    assert log.take([*facts, other], "urn:other") == 1
    log.close()


def test_a_topic_is_replayed_as_its_store_is(shell: Shell, cluster: str):
    ask = ("--policy", "town.yaml", "--as-of", "2026-06-01")
    told(shell, "audit", "export", "--store", STORE, "--out", "h")
    stored = told(shell, "audit", "replay", "--history", "h", *ask)
    assert told(shell, "audit", "replay", "--kafka", cluster, *ask) == stored
    assert any(row["met"] for row in stored["targets"])


@pytest.mark.usefixtures("cluster")
def test_two_stores_are_compared_fact_by_fact_and_clock_by_clock(shell: Shell):
    Path("copy.db").write_bytes(Path("town.db").read_bytes())
    ask = ("audit", "diff", "--store", STORE, "--store-2", "sqlite:///copy.db", "--policy", "town.yaml", "--as-of", "2026-06-01")
    found = told(shell, *ask)
    assert (found["changes"], found["compared"]["unlike"]) == ([], [])
    with SlaEngine.open("sqlite:///copy.db") as engine:
        engine.receive(kind="repair", number="NEW-1", occurred_at=datetime(2026, 2, 1, tzinfo=UTC))
    found = told(shell, *ask, code=1)
    assert {(change["order"], change["before"]) for change in found["changes"]} == {("NEW-1", None)}
    assert found["cost"] > 0
    assert [fact["why"] for fact in found["compared"]["unlike"]] == ["it stands only in the second"]


@pytest.mark.usefixtures("cluster")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("export", "--out", "h"), "name a --store, a --kafka, or both"),
        (("replay", "--kafka", "memory:x"), "by a named --policy"),
        (("export", "--kafka", "memory:nothing", "--out", "h"), "holds no facts"),
        (("diff", "--store-2", "sqlite:///town.db", "--as-of", "2026-06-01"), "name that with --store"),
    ],
)
def test_what_cannot_be_done_is_said(shell: Shell, arguments: tuple[str, ...], says: str):
    code, _, err = shell("audit", *arguments)
    assert code in (1, 2)
    assert says in err
