from __future__ import annotations

from contextlib import closing

from stream_samples import fill, new_topic, opened, rows_of

from slaengine.policies.book import PolicyBook
from slaengine.storage.catch_up import catch_up
from slaengine.storage.database import Database
from slaengine.storage.read_models import ReadModels
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
