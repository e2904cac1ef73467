"""Figures by the policy that the stream itself brings."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from stream_samples import NOON, fill, new_topic, opened, rows_of, running, until, view_of

from slaengine.engine import SlaEngine
from slaengine.errors import UsageError
from slaengine.policies.book import PolicyBook
from slaengine.projections.promises import fingerprint
from slaengine.storage.catch_up import catch_up
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog
from slaengine.storage.read_models import ReadModels
from slaengine.streaming.port import Kafka
from slaengine.streaming.projection import Projection
from slaengine.streaming.publisher import Publisher

FIRST = """\
policy: town
time_zone: Asia/Shanghai
versions:
- version: "1"
  effective_from: 2020-01-01
  targets:
  - {name: resolve, start: received, stop: resolved, limit: 8 h}
"""
SECOND = (
    FIRST
    + """\
- version: "2"
  effective_from: 2026-01-03
  targets:
  - {name: resolve, start: received, stop: resolved, limit: 2 h}
"""
)


def publish(store: str, text: str, path: Path) -> PolicyBook:
    path.write_text(text)
    with SlaEngine.open(store, clock=lambda: NOON) as engine:
        engine.adopt(path)
        return engine.published.book("town")


def test_read_models_follow_the_policy_that_is_published_and_its_next_version(cluster: Kafka, tmp_path: Path) -> None:
    store, topic = f"sqlite:///{tmp_path / 'log.db'}", new_topic()
    first = publish(store, FIRST, tmp_path / "town.yaml")
    with closing(Database.open(store)) as kept, closing(Database.open(f"sqlite:///{tmp_path / 'view.db'}")) as view:
        log = FactLog(kept, lambda: NOON + timedelta(days=1))
        fill(log, 20)
        Publisher(log, cluster, "p", topic=topic).run_once()
        with running(projection := Projection(kafka=cluster, database=view, topic=topic)):
            until(lambda: rows_by(view, first))
            catch_up(log, ReadModels(kept), first)
            assert rows_by(view, first) == rows_of(kept, first)
            second = publish(store, SECOND, tmp_path / "town.yaml")
            fill(log, 10, seed=2)
            Publisher(log, cluster, "p", topic=topic).run_once()
            catch_up(log, ReadModels(kept), second)
            until(lambda: rows_by(view, second) == rows_of(kept, second))
        assert projection.handled().failed == 0


def test_workers_apart_hear_of_the_next_version_whichever_of_them_its_partition_is_with(cluster: Kafka, tmp_path: Path) -> None:
    store, topic, seen = f"sqlite:///{tmp_path / 'log.db'}", new_topic(), f"sqlite:///{tmp_path / 'view.db'}"
    first = publish(store, FIRST, tmp_path / "town.yaml")
    with closing(Database.open(store)) as kept, closing(Database.open(seen)) as here, closing(Database.open(seen)) as there:
        log = FactLog(kept, lambda: NOON + timedelta(days=1))
        fill(log, 20)
        Publisher(log, cluster, "p", topic=topic).run_once()
        apart = [Projection(kafka=cluster, database=view, topic=topic) for view in (here, there)]
        with running(*apart):
            until(lambda: rows_by(here, first) and len({projection.view for projection in apart}) == 1)
            second = publish(store, SECOND, tmp_path / "town.yaml")
            Publisher(log, cluster, "p", topic=topic).run_once()
            until(lambda: {projection.view for projection in apart} == {view_of(here, second)})
            fill(log, 10, seed=2)
            Publisher(log, cluster, "p", topic=topic).run_once()
            catch_up(log, ReadModels(kept), second)
            until(lambda: rows_by(there, second) == rows_of(kept, second))


def rows_by(database: Database, book: PolicyBook) -> object:
    """Return the live rows by this book; None while there are none."""
    models = ReadModels(database)
    with database.reading() as connection:
        builds = models.builds(connection, book.name)
    live = [build for build in builds if build.state == "live" and build.fits(fingerprint(book))]
    return rows_of(database, book) if live else None


def test_without_a_published_policy_one_must_be_named(cluster: Kafka, tmp_path: Path) -> None:
    topic = new_topic()
    with opened() as log, closing(Database.open(f"sqlite:///{tmp_path / 'view.db'}")) as view:
        fill(log, 2)
        Publisher(log, cluster, "p", topic=topic).run_once()
        with pytest.raises(UsageError, match="none is published in topic"):
            Projection(kafka=cluster, database=view, topic=topic).run_once()
