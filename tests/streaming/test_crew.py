"""Workers in processes of their own, on a real Apache Kafka: they share the work, replace each other and end together."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import closing, suppress
from datetime import timedelta
from pathlib import Path

import pytest
from kafka.admin import KafkaAdminClient
from sqlalchemy import func, select
from stream_samples import NOON, fill, new_topic, opened, rows_of, running, until, view_of
from test_published_policies import FIRST, SECOND, publish, rows_by

from slaengine.errors import UsageError
from slaengine.policies.book import PolicyBook
from slaengine.storage.catch_up import catch_up
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog
from slaengine.storage.read_models import ReadModels
from slaengine.streaming import tables
from slaengine.streaming.connect import connect
from slaengine.streaming.crew import Crew, Task
from slaengine.streaming.ledger import Ledger
from slaengine.streaming.publisher import Publisher
from slaengine.streaming.settings import parse
from slaengine.testing.kafka import RunningKafka

BOOK = PolicyBook.pack("service-standard")


def send(log: FactLog, url: str, topic: str, orders: int, seed: int = 1) -> int:
    """Record and publish the facts of so many orders; return how many facts there are by then."""
    fill(log, orders, seed=seed)
    Publisher(log, connect(url), "p", topic=topic).run_once()
    return log.head().position


def handled(view: Database) -> int:
    with view.reading() as connection:
        return int(connection.scalar(select(func.sum(tables.offsets.c.next_offset))) or 0)


def members(url: str, view: Database, book: PolicyBook) -> int:
    """Return how many members have settled in the group that keeps the read models by `book`; -1 while they are at it."""
    name = view_of(view, book)
    if name is None:
        return -1
    ledger = Ledger(name)
    with view.writing() as connection:
        group = f"slaengine.{ledger.view}.{ledger.identity(connection)}"
    with closing(KafkaAdminClient(bootstrap_servers=[str(parse(url, {}))])) as admin:
        found = admin.describe_groups([group])[group]
    return len(found["members"]) if found["group_state"] in {"Stable", "Empty", "Dead"} else -1


def gone(process: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(process, 0)
        return False
    return True


@pytest.mark.kafka
def test_a_crew_shares_the_work_replaces_who_is_killed_and_leaves_the_group(kafka: RunningKafka, tmp_path: Path) -> None:
    url, store, topic = f"{kafka.bootstrap}?replicas=1", f"sqlite:///{tmp_path / 'view.db'}", new_topic()
    with opened() as log, closing(Database.open(store)) as view:
        tables.create(view)
        crew = Crew(Task(url, store, topic, BOOK), 2)
        count = send(log, url, topic, 60)
        with running(crew):
            until(lambda: handled(view) == count, 60)
            until(lambda: members(url, view, BOOK) == 2)
            first, second = crew.processes()
            os.kill(first, signal.SIGKILL)
            count = send(log, url, topic, 60, seed=2)
            until(lambda: handled(view) == count, 60)
            until(lambda: len(crew.processes()) == 2 and first not in crew.processes())
            until(lambda: members(url, view, BOOK) == 2)
            others = {second, *crew.processes()}
        assert all(map(gone, others))
        assert members(url, view, BOOK) == 0
        catch_up(log, ReadModels(log.database), BOOK)
        assert rows_of(view, BOOK) == rows_of(log.database, BOOK)


@pytest.mark.kafka
def test_a_further_version_found_by_one_is_taken_up_by_all(kafka: RunningKafka, tmp_path: Path) -> None:
    url, topic = f"kafka+confluent://{kafka.bootstrap}?replicas=1", new_topic()
    store, kept = f"sqlite:///{tmp_path / 'view.db'}", f"sqlite:///{tmp_path / 'log.db'}"
    publish(kept, FIRST, tmp_path / "town.yaml")
    with closing(Database.open(kept)) as database, closing(Database.open(store)) as view:
        tables.create(view)
        log = FactLog(database, lambda: NOON + timedelta(days=1))
        count = send(log, url, topic, 20)
        with running(Crew(Task(url, store, topic, None), 2)):
            until(lambda: handled(view) == count, 60)
            second = publish(kept, SECOND, tmp_path / "town.yaml")
            send(log, url, topic, 10, seed=2)
            catch_up(log, ReadModels(database), second)
            until(lambda: rows_by(view, second) == rows_of(database, second), 60)
            until(lambda: members(url, view, second) == 2, 60)


def project(url: str, store: str, topic: str, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "slaengine", "project", "--kafka", url, "--store", store, "--topic", topic, "--json", *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.kafka
def test_once_a_crew_takes_in_what_is_there_and_ends(kafka: RunningKafka, tmp_path: Path) -> None:
    url, store, topic = f"kafka+confluent://{kafka.bootstrap}?replicas=1", f"sqlite:///{tmp_path / 'view.db'}", new_topic()
    with opened() as log:
        count = send(log, url, topic, 60)
        process = project(url, store, topic, "--policy", BOOK.name, "--workers", "3", "--once")
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err, json.loads(out)["handled"], json.loads(out)["lag"]) == (0, "", count, 0)
        catch_up(log, ReadModels(log.database), BOOK)
        with closing(Database.open(store)) as view:
            assert rows_by(view, BOOK) == rows_of(log.database, BOOK)


@pytest.mark.kafka
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_whichever_way_the_command_ends_its_workers_leave_in_order(
    kafka: RunningKafka, end: signal.Signals, tmp_path: Path
) -> None:
    url, store, topic = f"{kafka.bootstrap}?replicas=1", f"sqlite:///{tmp_path / 'view.db'}", new_topic()
    with opened() as log, closing(Database.open(store)) as view:
        tables.create(view)
        count = send(log, url, topic, 10)
        process = project(url, store, topic, "--policy", BOOK.name, "--workers", "2")
        until(lambda: handled(view) == count, 60)
        until(lambda: members(url, view, BOOK) == 2)
        process.send_signal(end)
        out, err = process.communicate(timeout=60)
        assert err == ""
        if end != signal.SIGKILL:
            assert (process.returncode, json.loads(out)) == (0, json.loads(out) | {"handled": count, "lag": 0})
        until(lambda: members(url, view, BOOK) == 0, 5)


@pytest.mark.kafka
def test_what_no_member_can_do_ends_the_crew_with_one_sentence(kafka: RunningKafka, tmp_path: Path) -> None:
    url, store, topic = f"{kafka.bootstrap}?replicas=1", f"sqlite:///{tmp_path / 'view.db'}", new_topic()
    with opened() as log:
        send(log, url, topic, 1)
    process = project(url, store, topic, "--workers", "2")
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (
        2,
        f"slaengine: which policy? none is published in topic {topic}; name one with --policy\n",
    )


@pytest.mark.parametrize("urls", [("memory:", "sqlite:///view.db"), ("localhost:9092", "memory:")])
def test_what_is_in_memory_is_not_shared(urls: tuple[str, str]) -> None:
    with pytest.raises(UsageError, match="several cannot share it"):
        Crew(Task(*urls, "facts", BOOK), 2)
