from __future__ import annotations

from contextlib import closing

import pytest
from stream_samples import fill, new_topic, opened, rows_of

from slaengine.policies.book import PolicyBook
from slaengine.storage.catch_up import catch_up
from slaengine.storage.database import Database
from slaengine.storage.read_models import ReadModels
from slaengine.streaming import read_model
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
