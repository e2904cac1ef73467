from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import func, select
from stream_samples import fill, new_topic, opened, rows_of, view_of

from slaengine.errors import StorageError, UsageError
from slaengine.policies.book import PolicyBook, pack_text
from slaengine.storage.catch_up import catch_up
from slaengine.storage.database import Database
from slaengine.storage.read_models import ReadModels
from slaengine.streaming import read_model, tables
from slaengine.streaming.memory import MemoryKafka
from slaengine.streaming.port import Kafka
from slaengine.streaming.publisher import Publisher
from slaengine.streaming.read_model import ReadModelView
from slaengine.streaming.worker import Worker


def test_the_read_models_are_row_by_row_those_made_straight_from_the_log(cluster: Kafka, shared_store_url: str) -> None:
    topic, book = new_topic(), PolicyBook.pack("service-standard")
    with opened() as log, closing(Database.open(shared_store_url)) as database:
        fill(log, 60)
        Publisher(log, cluster, "p", topic=topic).run_once()
        Worker(kafka=cluster, database=database, view=ReadModelView(database, book), topic=topic, batch=100).run_once()
        fill(log, 20, seed=2)
        Publisher(log, cluster, "p", topic=topic).run_once()
        Worker(kafka=cluster, database=database, view=ReadModelView(database, book), topic=topic, batch=100).run_once()
        catch_up(log, ReadModels(log.database), book)
        straight, streamed = rows_of(log.database, book), rows_of(database, book)
        assert len(straight["orders"]) == 80
        assert streamed == straight


def test_facts_in_bulk_are_judged_alike_by_the_compiled_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("numba")
    monkeypatch.setattr(read_model, "BULK_MIN", 50)
    cluster, book = MemoryKafka(), PolicyBook.pack("service-standard")
    with opened() as log, opened() as slow, opened() as fast:
        fill(log, 40)
        Publisher(log, cluster, "p").run_once()
        for into, compiled in ((slow.database, False), (fast.database, True)):
            Worker(kafka=cluster, database=into, view=ReadModelView(into, book, fast=compiled), batch=200).run_once()
        assert rows_of(fast.database, book) == rows_of(slow.database, book)


BOOK = PolicyBook.pack("service-standard")
STRICTER = PolicyBook.parse(pack_text("service-standard").replace("limit: 24 h", "limit: 1 min"), "stricter")


def project(cluster: Kafka, database: Database, book: PolicyBook) -> Worker:
    worker = Worker(kafka=cluster, database=database, view=ReadModelView(database, book))
    worker.run_once()
    return worker


def test_who_goes_back_to_earlier_texts_reads_from_the_beginning_again(shared_store_url: str) -> None:
    cluster = MemoryKafka()
    with opened() as log, closing(Database.open(shared_store_url)) as database:
        fill(log, 30)
        Publisher(log, cluster, "p").run_once()
        for book in (BOOK, STRICTER, BOOK):
            project(cluster, database, book)
            catch_up(log, ReadModels(log.database), book)
            assert rows_of(database, book) == rows_of(log.database, book)
        count = func.count(tables.versions.c.order_id)
        with database.reading() as connection:
            kept = connection.execute(select(tables.versions.c.view, count).group_by(tables.versions.c.view)).all()
        assert view_of(database, BOOK) == "read-models.service-standard.3"
        assert {(view, orders) for view, orders in kept} == {(f"read-models.service-standard.{n}", 30) for n in (2, 3)}


def test_a_worker_at_a_build_that_others_dropped_changes_nothing_of_theirs(shared_store_url: str) -> None:
    cluster = MemoryKafka()
    with opened() as log, closing(Database.open(shared_store_url)) as database:
        fill(log, 30)
        Publisher(log, cluster, "p").run_once()
        left = ReadModelView(database, BOOK, known=())
        project(cluster, database, STRICTER)
        before = rows_of(database, STRICTER)
        with pytest.raises(StorageError, match="dropped when others were begun"):
            Worker(kafka=cluster, database=database, view=left).run_once()
        with pytest.raises(StorageError, match="dropped when others were begun"):
            left.caught_up()
        assert left.outdated.is_set()
        assert rows_of(database, STRICTER) == before
        assert len(before["orders"]) == 30
        assert view_of(database, BOOK) is None


def test_read_models_that_were_replaced_before_they_were_shown_are_not_put_back(shared_store_url: str) -> None:
    cluster = MemoryKafka()
    with opened() as log, closing(Database.open(shared_store_url)) as database:
        fill(log, 10)
        Publisher(log, cluster, "p").run_once()
        slow = ReadModelView(database, BOOK)
        project(cluster, database, BOOK)
        project(cluster, database, STRICTER)
        slow.caught_up()
        with database.reading() as connection:
            states = {build.tables.number: build.state for build in ReadModels(database).builds(connection, BOOK.name)}
        assert states == {1: "retired", 2: "live"}


def test_a_store_with_work_orders_of_its_own_is_refused() -> None:
    with opened() as log:
        fill(log, 1)
        with pytest.raises(UsageError, match="holds work orders of its own"):
            ReadModelView(log.database, BOOK)
