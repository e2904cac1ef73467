"""Few facts go to PostgreSQL in few exchanges, and come to the same as many, or as on SQLite."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from uuid import UUID

import pytest
from tests.projections.stores import NEW_YEAR, STANDARD, town
from tests.storage.facts import fact, order

from slaengine.domain.commands import Receive
from slaengine.engine import OrderRef, SlaEngine
from slaengine.errors import NumberTaken, Overtaken
from slaengine.projections.promises import fingerprint
from slaengine.storage import appending, read_models
from slaengine.storage.catch_up import catch_up
from slaengine.storage.fact_rows import facts_after
from slaengine.storage.log import CarriedOut, FactLog, NewFact
from slaengine.storage.read_models import ReadModels, case_files, next_seq
from slaengine.storage.waiting import waiting

Open = Callable[..., FactLog]
ODD = ["?", "%s", "'; DROP TABLE facts; --", "\\", "\\'", "a''b", 'say "受理"', "$1", "\n\t", "{}", "E'\\x00'", "🛗"]


@contextmanager
def exchanges(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Give a list in which every message to PostgreSQL is put down, but for those by which the pool cares for connections."""
    import psycopg

    said: list[str] = []
    execute = psycopg.Connection.execute

    def noted(self: psycopg.Connection, query: str, *arguments: object, **options: object) -> object:
        if not str(query).startswith(("SET lock_timeout", "SELECT 1")):
            said.append(str(query))
        return execute(self, query, *arguments, **options)

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.Connection, "execute", noted)
        yield said


@pytest.mark.postgres
def test_an_order_is_received_and_shown_in_three_exchanges(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with SlaEngine.open(postgres_url, policy="service-standard") as engine:
        models = ReadModels(engine.log.database)
        for _ in range(2):
            engine.receive(kind="repair", channel="app")
            catch_up(engine.log, models, STANDARD)
        with exchanges(monkeypatch) as said:
            number = engine.receive(kind="repair", channel="app")
            assert len(said) == 2
            assert catch_up(engine.log, models, STANDARD).position == engine.log.head().position == 3
            del said[-1]  # the question for the head
            assert len(said) == 3, [one[:60] for one in said]
        with exchanges(monkeypatch) as said:
            engine.resolve(number)
            catch_up(engine.log, models, STANDARD)
            assert len(said) == 5, [one[:60] for one in said]


def test_texts_are_stored_as_they_are_however_many_there_are(store_url: str, open_log: Open) -> None:
    log = open_log(store_url)
    new = [NewFact(order(n), 1, text, text.encode()) for n, text in enumerate(ODD, 1)]
    many = [NewFact(order(n), 1, ODD[n % len(ODD)], ODD[n % len(ODD)].encode()) for n in range(100, 100 + 2 * appending.FEW_ROWS)]
    done = [CarriedOut(text, order(n), text.encode(), 1, 1) for n, text in enumerate(ODD, 1)]
    for one, command in zip(new, done, strict=True):
        log.append([one], carried_out=[command], named={f"N{one.topic}": one.order_id})
    log.append(many, named={f"M{one.order_id}": one.order_id for one in many})
    assert [(f.order_id, f.topic, f.state) for f in log.read()] == [(f.order_id, f.topic, f.state) for f in (*new, *many)]
    assert log.carried_out(ODD) == {one.command_id: one for one in done}
    assert log.find_many([f"N{text}" for text in ODD]) == {f"N{one.topic}": one.order_id for one in new}
    assert log.count_orders() == len(new) + len(many)


def test_few_facts_and_many_are_chained_alike(store_url: str, open_log: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    new = [fact(n, version, state=bytes([n, version])) for version in (1, 2, 3) for n in range(1, 6)]
    log = open_log(store_url, clock=lambda: NEW_YEAR)
    for start in range(0, len(new), 3):
        monkeypatch.setattr(appending, "FEW_ROWS", 0 if start % 2 else 30)
        log.append(new[start : start + 3])
    other = open_log("memory:", clock=lambda: NEW_YEAR)
    other.append(new)
    assert log.read() == other.read()
    assert log.head() == other.head()


def test_an_append_within_another_block_ends_with_it(store_url: str) -> None:
    class Broken(Exception):
        pass

    def record_and_break() -> None:
        with engine.log.locked():
            engine.receive(kind="repair", channel="app")
            engine.receive(kind="repair", number="R-2", channel="app")
            engine.resolve(first)
            engine.log.append([fact(7, 1)])
            assert engine.log.head().position == 5
            raise Broken

    with SlaEngine.open(store_url) as engine:
        first = engine.receive(kind="repair", number="R-1", channel="app")
        with pytest.raises(Broken):
            record_and_break()
        assert engine.log.head().position == 1
        assert engine.log.find("R-2") is None
        with engine.log.locked():
            order_of_day = engine.receive(kind="repair", channel="app")
        assert order_of_day.number.endswith("-000001")
        assert len(engine.facts(order_of_day)) == 1


def test_what_is_refused_at_the_end_of_an_append_leaves_nothing(store_url: str, open_log: Open) -> None:
    log = open_log(store_url)
    log.append([fact(1, 1)], named={"R-1": order(1)})
    for new, named in (([fact(2, 1), fact(1, 1)], {}), ([fact(2, 1)], {"R-1": order(2)}), ([fact(2, 1)], {"R-2": order(1)})):
        with pytest.raises(Overtaken):
            log.append(new, named=named)
        assert log.head().position == 1
        assert log.count_orders() == 1
    log.append([fact(2, 1)], named={"R-2": order(2)})
    assert log.head().position == 2


def test_a_number_of_someone_elses_is_refused_and_passed_over(store_url: str) -> None:
    with SlaEngine.open(store_url, clock=lambda: NEW_YEAR) as engine:
        assert engine.receive(kind="repair", number="WO-20260101-000001").number == "WO-20260101-000001"
        assert engine.receive(kind="repair").number == "WO-20260101-000002"
        taken = Receive(kind="repair", number="WO-20260101-000002", occurred_at=NEW_YEAR)
        (outcome,) = engine.handle_many([(UUID(int=9), [taken])])
        assert isinstance(outcome.refusal, NumberTaken)
        assert engine.receive(kind="repair", command_id="c-1").number == "WO-20260101-000003"
        assert engine.receive(kind="repair", command_id="c-1").number == "WO-20260101-000003"


@pytest.mark.parametrize("told_at_once", [0, 200])
def test_facts_taken_in_one_by_one_come_to_the_same_rows_as_all_at_once(
    store_url: str, told_at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_models, "TOLD_AT_ONCE_MAX", told_at_once)
    with town(store_url, 6) as told, town("memory:", 6) as whole:
        models = ReadModels(told.log.database)
        told.tell(2)
        catch_up(told.log, models, STANDARD)
        for _ in range(told.count - 2):
            told.tell(1)
            with told.log.database.reading() as connection:
                (build,) = models.builds(connection, STANDARD.name)
                found = [waiting(connection, models, STANDARD.name, fingerprint(STANDARD), 9) for _ in range(2)]
                assert found[0] is not None
                assert found[0] == found[1]
                assert found[0][:3] == (build, *facts_after(connection, build.position, 9))
                known = case_files(connection, build.tables, [UUID(bytes=found[0].facts[0][0])])
                assert found[0][3:] == (known, next_seq(connection, build.tables))
            catch_up(told.log, models, STANDARD)
        whole.tell()
        assert rows_by_number(told.log) == rows_by_number(whole.log)


@pytest.mark.postgres
def test_what_others_recorded_or_rolled_back_is_never_missed(postgres_url: str) -> None:
    """Two processes' worth of engines take turns at recording, giving up and showing; each sees the whole log each time."""
    chance = Random(7)
    with SlaEngine.open(postgres_url, policy="service-standard") as one, SlaEngine.open(postgres_url) as other:
        orders: list[OrderRef] = []
        catch_up(one.log, ReadModels(one.log.database), STANDARD)
        for _ in range(150):
            engine = chance.choice([one, one, one, other])
            match chance.choice(["receive", "receive", "resolve", "break", "show", "show"]):
                case "receive":
                    orders.append(engine.receive(kind="repair", channel="app"))
                case "resolve" if orders:
                    engine.resolve(orders.pop(chance.randrange(len(orders))))
                case "break":
                    give_up(engine)
                case _:
                    pass
            if chance.random() < 0.7:
                shown = catch_up(engine.log, ReadModels(engine.log.database), STANDARD)
                assert shown.position == other.log.head().position
        live_rows = rows_by_number(one.log)
        with one.log.database.writing() as connection:
            for build in ReadModels(one.log.database).builds(connection, STANDARD.name):
                ReadModels(one.log.database).retire(connection, build)
        assert rows_by_number(one.log) == live_rows


def give_up(engine: SlaEngine) -> None:
    """Receive an order and have it rolled back."""

    def record_and_break() -> None:
        with engine.log.locked():
            engine.receive(kind="repair", channel="app")
            raise KeyError

    with pytest.raises(KeyError):
        record_and_break()


def test_nothing_waits_for_a_build_of_other_texts_or_none(store_url: str) -> None:
    with town(store_url, 2) as told:
        models = ReadModels(told.log.database)
        told.tell()
        with told.log.database.reading() as connection:
            assert waiting(connection, models, STANDARD.name, fingerprint(STANDARD), 9) is None
        build = catch_up(told.log, models, STANDARD)
        with told.log.database.reading() as connection:
            assert waiting(connection, models, STANDARD.name, "other", 9) is None
            found = waiting(connection, models, STANDARD.name, fingerprint(STANDARD), 9)
        assert found[:3] == (build, [], build.position)


def test_a_build_that_took_the_others_place_is_found(store_url: str) -> None:
    with town(store_url, 4) as told:
        database, models = told.log.database, ReadModels(told.log.database)
        told.tell(told.count - 2)
        first = catch_up(told.log, models, STANDARD)
        for drops in (False, True):
            with database.writing() as connection:
                other = models.begin(connection, STANDARD.name, fingerprint(STANDARD))
                models.swap_in(connection, other)
                if drops:
                    first.tables.metadata.drop_all(connection)
            first = catch_up(told.log, models, STANDARD)
            assert (first.tables.number, first.position) == (other.tables.number, told.log.head().position)
        told.tell()
        with town("memory:", 4) as whole:
            whole.tell()
            assert rows_by_number(told.log) == rows_by_number(whole.log)


@pytest.mark.parametrize("told_at_once", [0, 200])
def test_who_was_overtaken_changes_nothing(store_url: str, told_at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read_models, "TOLD_AT_ONCE_MAX", told_at_once)
    with town(store_url, 4) as told:
        models = ReadModels(told.log.database)
        told.tell(told.count - 2)
        build = catch_up(told.log, models, STANDARD)
        told.tell(1)
        later = catch_up(told.log, models, STANDARD)
        before = rows_by_number(told.log)
        rows = read_models.Rows([], [], [], [(0, b"[]")])
        with pytest.raises(Overtaken, match="another worker"):
            models.take_in(build, later.position + 1, rows, [0])
        assert rows_by_number(told.log) == before
        assert catch_up(told.log, models, STANDARD) == later


def rows_by_number(log: FactLog) -> dict[str, list[list[tuple[object, ...]]]]:
    """Return each order's rows of every table, without its place."""
    tables = catch_up(log, ReadModels(log.database), STANDARD).tables
    with log.database.reading() as connection:
        numbers = {row.seq: row.number for row in connection.execute(tables.orders.select())}
        found: dict[str, list[list[tuple[object, ...]]]] = {number: [] for number in numbers.values()}
        for table in (tables.orders, tables.clocks, tables.held, tables.case_files):
            rows: dict[str, list[tuple[object, ...]]] = {number: [] for number in numbers.values()}
            for row in connection.execute(table.select()):
                rows[numbers[row.seq]].append(tuple(row)[1:])
            for number, of_order in rows.items():
                found[number].append(sorted(of_order, key=repr))
    return found
