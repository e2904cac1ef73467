from __future__ import annotations

from contextlib import closing
from typing import Any

from sqlalchemy import select
from stream_samples import fill, new_topic, opened

from slaengine.policies.book import PolicyBook
from slaengine.storage.catch_up import build_for, catch_up
from slaengine.storage.database import Database
from slaengine.storage.read_models import ReadModels
from slaengine.streaming.port import Kafka
from slaengine.streaming.publisher import Publisher
from slaengine.streaming.read_model import ReadModelView
from slaengine.streaming.worker import Worker


def rows(database: Database, book: PolicyBook) -> dict[str, list[Any]]:
    """Return every row of the read models, under the order's id instead of the place, which depends on the order of arrival."""
    tables = build_for(ReadModels(database), book).tables
    found = {}
    with database.reading() as connection:
        names = {row.seq: row.order_id for row in connection.execute(select(tables.orders.c.seq, tables.orders.c.order_id))}
        for table in (tables.orders, tables.clocks, tables.case_files):
            columns = [column for column in table.c if column.name != "seq"]
            read = connection.execute(select(table.c.seq, *columns))
            found[table.name.partition("_")[2]] = sorted((names[seq], *rest) for seq, *rest in read)
    return found


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
        straight, streamed = rows(log.database, book), rows(database, book)
        assert len(straight["orders"]) == 80
        assert streamed == straight
