"""Facts that are prepared before the transaction that writes them: the rows are the same, whatever happens in between."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from stream_samples import Runs, fill, new_topic, opened, rows_of, running, until
from test_crash_points import Death, Died

from slaengine.policies.book import PolicyBook
from slaengine.storage.catch_up import catch_up
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog
from slaengine.storage.read_models import ReadModels
from slaengine.streaming import preparing
from slaengine.streaming.ledger import Ledger
from slaengine.streaming.memory import MemoryConsumer, MemoryKafka
from slaengine.streaming.preparing import Beforehand
from slaengine.streaming.publisher import Publisher
from slaengine.streaming.read_model import JudgedOrders, ReadModelView
from slaengine.streaming.worker import Worker

BOOK = PolicyBook.pack("service-standard")


@pytest.fixture(autouse=True)
def always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparing, "PREPARE_MIN", 1)


@pytest.fixture
def told() -> Iterator[tuple[FactLog, MemoryKafka]]:
    """A log of some orders, and the topic that has it."""
    cluster = MemoryKafka()
    with opened() as log:
        fill(log, 40)
        Publisher(log, cluster, "p").run_once()
        yield log, cluster


def worker(cluster: Any, database: Database, topic: str = "slaengine.work-orders") -> Worker:
    return Worker(kafka=cluster, database=database, view=ReadModelView(database, BOOK), topic=topic, batch=60)


def straight(log: FactLog) -> dict[str, list[Any]]:
    catch_up(log, ReadModels(log.database), BOOK)
    return rows_of(log.database, BOOK)


@pytest.mark.parametrize("least", [1, 1_000_000])
def test_prepared_or_not_the_rows_are_those_made_straight_from_the_log(
    least: int, told: tuple[FactLog, MemoryKafka], shared_store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparing, "PREPARE_MIN", least)
    log, cluster = told
    with closing(Database.open(shared_store_url)) as database:
        worker(cluster, database).run_once()
        assert rows_of(database, BOOK) == straight(log)


def test_several_workers_at_once_give_each_order_a_place_of_its_own(shared_store_url: str) -> None:
    cluster, topic = MemoryKafka(), new_topic()
    with opened() as log, ExitStack() as stack:
        fill(log, 120)
        Publisher(log, cluster, "p", topic=topic).run_once()
        databases = [stack.enter_context(closing(Database.open(shared_store_url))) for _ in range(3)]
        workers: list[Runs] = [worker(cluster, database, topic) for database in databases]
        with running(*workers):
            until(lambda: worker(cluster, databases[0], topic).lag() == 0)
        assert rows_of(databases[0], BOOK) == straight(log)


def between(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> list[bool]:
    """Do `act` once between preparing and writing; the list says for each batch whether what was prepared was written."""
    real, outcomes, acts = Beforehand.written, list[bool](), iter([act])

    def written(this: Beforehand, *args: Any) -> bool:
        outcomes.append(real(this, *args))
        return outcomes[-1]

    def prepare(this: ReadModelView, facts: Any) -> Any:
        done = this._judged(facts)
        for once in acts:
            once()
        return done

    monkeypatch.setattr(Beforehand, "written", written)
    monkeypatch.setattr(ReadModelView, "prepare", prepare)
    return outcomes


def test_new_orders_take_the_places_that_are_free_when_they_are_written(
    told: tuple[FactLog, MemoryKafka], monkeypatch: pytest.MonkeyPatch
) -> None:
    log, cluster = told
    with opened() as alone, opened() as view:
        fill(alone, 10, seed=9)
        Publisher(alone, cluster, "q", topic="others").run_once()
        outcomes = between(monkeypatch, lambda: worker(cluster, view.database, "others").run_once())
        worker(cluster, view.database).run_once()
        assert all(outcomes)
        catch_up(alone, ReadModels(alone.database), BOOK)
        both = {name: sorted(rows + rows_of(alone.database, BOOK)[name], key=repr) for name, rows in straight(log).items()}
        assert rows_of(view.database, BOOK) == both


def test_what_was_prepared_is_forgotten_when_the_order_went_on_meanwhile(
    told: tuple[FactLog, MemoryKafka], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same facts come from a second topic, as they would after a topic got more partitions."""
    log, cluster = told
    Publisher(log, cluster, "q", topic="again").run_once()
    with opened() as view:
        outcomes = between(monkeypatch, lambda: worker(cluster, view.database, "again").run_once())
        worker(cluster, view.database).run_once()
        assert False in outcomes
        assert rows_of(view.database, BOOK) == straight(log)


def test_a_fact_that_cannot_be_judged_is_found_and_held_back(
    told: tuple[FactLog, MemoryKafka], monkeypatch: pytest.MonkeyPatch
) -> None:
    log, cluster = told
    real, odd = ReadModelView._judged, next(fact.order_id for fact in log.scan())

    def judged(this: ReadModelView, facts: Any) -> JudgedOrders:
        if any(fact.order_id == odd and fact.version == 2 for fact in facts):
            raise ValueError("secret")
        return real(this, facts)

    monkeypatch.setattr(ReadModelView, "_judged", judged)
    with opened() as view:
        reader = worker(cluster, view.database)
        done = reader.run_once().done
        assert done.failed == 1
        monkeypatch.undo()
        assert reader.processor.retry().held == 0
        assert rows_of(view.database, BOOK) == straight(log)


POINTS = {
    "before the transaction": (ReadModelView, "prepare", 2, True),
    "when the view is its own": (JudgedOrders, "hold", 2, True),
    "before the view is changed": (JudgedOrders, "write", 2, False),
    "after the view is changed": (JudgedOrders, "write", 2, True),
    "before the transaction ends": (Ledger, "set_versions", 2, True),
    "before Kafka is told": (MemoryConsumer, "commit", 2, False),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_worker_that_dies_over_prepared_facts_is_followed_by_one_that_handles_the_rest_once(
    point: str, told: tuple[FactLog, MemoryKafka], monkeypatch: pytest.MonkeyPatch
) -> None:
    log, cluster = told
    with opened() as view:
        with monkeypatch.context() as dying:
            owner, name, at, after = POINTS[point]
            Death(dying).watch(owner, name, at, after=after)
            with pytest.raises(Died):
                worker(cluster, view.database).run(threading.Event())
        with running(heir := worker(cluster, view.database)):
            until(lambda: heir.lag() == 0)
        assert rows_of(view.database, BOOK) == straight(log)
