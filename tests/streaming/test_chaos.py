"""Processes, broker and database are killed at random moments; afterwards nothing is lost and nothing is there twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy import select
from stream_samples import assert_topic_is_the_log, fill_slowly, new_topic, opened, rows_of, until

from slaengine.errors import SlaEngineError
from slaengine.policies.book import PolicyBook
from slaengine.storage.catch_up import catch_up
from slaengine.storage.database import Database
from slaengine.storage.read_models import ReadModels
from slaengine.streaming import tables
from slaengine.streaming.connect import connect
from slaengine.streaming.read_model import ReadModelView
from slaengine.streaming.worker import Worker
from slaengine.testing.kafka import RunningKafka, start_kafka
from slaengine.testing.postgres import OwnPostgres, start_own_postgres

SCRIPT = Path(__file__).with_name("stream_process.py")
BOOK = PolicyBook.pack("service-standard")


class Victim:
    """A process of the stream that is killed and started again."""

    def __init__(self, what: str, store: str, kafka: str, topic: str) -> None:
        self._call = [sys.executable, str(SCRIPT), what, store, kafka, topic]

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(self._call, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"begins\n"
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdout is not None
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def kill(self) -> None:
        self.__exit__()
        self.__enter__()


def kill_broker(kafka: RunningKafka) -> None:
    assert kafka.cluster is not None
    kafka.cluster.kill()
    kafka.cluster.start(1)


KINDS = ("publisher", "worker", "broker")
SEED = 7
BY_BOTH_CLIENTS = pytest.mark.parametrize("scheme", ["kafka", "kafka+confluent"])


def ordeal(
    kafka: RunningKafka, scheme: str, stores: tuple[str, str], orders: int, kills: int, database: OwnPostgres | None = None
) -> str:
    """Stream orders that arrive between random kills from the first store into the second; compare both ends with the log.

    Returns what was done, in a sentence.
    """
    rng, topic, begun = random.Random(SEED), new_topic(), time.monotonic()
    url = f"{scheme}://{kafka.bootstrap}"
    kinds = [*KINDS, "database"] if database else list(KINDS)
    plan = [*kinds, *(rng.choice(kinds) for _ in range(kills - len(kinds)))]
    rng.shuffle(plan)
    with opened(stores[0]) as log:
        facts = fill_slowly(log, orders, batch=5 * orders // (len(plan) + 1) + 1, each=5)
        with (
            Victim("publish", stores[0], url, topic) as publisher,
            Victim("project", stores[1], url, topic) as worker,
        ):
            for kill in plan:
                next(facts, 0)
                time.sleep(rng.uniform(0.05, 1.5))
                match kill:
                    case "publisher":
                        publisher.kill()
                    case "worker":
                        worker.kill()
                    case "broker":
                        kill_broker(kafka)
                    case _:
                        assert database is not None
                        database.kill()
                        database.start()
            list(facts)
            cluster, count = connect(url), log.head().position
            until(lambda: position(log.database) == count, 600)
            with closing(Database.open(stores[1])) as view:
                reader = Worker(kafka=cluster, database=view, view=ReadModelView(view, BOOK), topic=topic)
                until(lambda: reader.lag() == 0, 600)
                found = assert_topic_is_the_log(cluster, topic, log)
                catch_up(log, ReadModels(log.database), BOOK)
                straight, streamed = rows_of(log.database, BOOK), rows_of(view, BOOK)
                assert streamed == straight
    killed = ", ".join(f"{plan.count(kind)} of the {kind}" for kind in kinds)
    rows = ", ".join(f"{len(some):,} {name}" for name, some in straight.items())
    return (
        f"{scheme}, seed {SEED}: {len(plan)} kills ({killed}) in {time.monotonic() - begun:.0f} s; "
        f"{count:,} facts of {orders:,} orders, {len(found) - count:,} repeated in the topic; rows compared: {rows}"
    )


def position(database: Database) -> int | None:
    try:
        with database.reading() as connection:
            return connection.scalar(select(tables.publishers.c.position))
    except SlaEngineError:
        return None


@pytest.mark.kafka
@BY_BOTH_CLIENTS
def test_kills_of_publisher_worker_and_broker_lose_and_double_nothing(kafka: RunningKafka, scheme: str, tmp_path: Path) -> None:
    if kafka.cluster is None:
        pytest.skip(kafka.describe())
    stores = (f"sqlite:///{tmp_path / 'log.db'}", f"sqlite:///{tmp_path / 'view.db'}")
    ordeal(kafka, scheme, stores, 300, 5)


@pytest.mark.deep
@pytest.mark.kafka
@pytest.mark.timeout(3_600)
@BY_BOTH_CLIENTS
def test_sixty_kills_lose_and_double_nothing_in_sqlite(scheme: str, tmp_path: Path) -> None:
    with start_kafka() as kafka:
        stores = (f"sqlite:///{tmp_path / 'log.db'}", f"sqlite:///{tmp_path / 'view.db'}")
        sys.stdout.write(ordeal(kafka, scheme, stores, 20_400, 60))


@pytest.mark.deep
@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.timeout(3_600)
@BY_BOTH_CLIENTS
def test_sixty_kills_with_the_database_among_them_lose_and_double_nothing_in_postgresql(scheme: str) -> None:
    with start_own_postgres() as postgres, start_kafka() as kafka:
        stores = postgres.new_database(), postgres.new_database()
        sys.stdout.write(ordeal(kafka, scheme, stores, 20_400, 60, postgres))
