from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text
from tests.storage.facts import fact, order

from slaengine.audit.chain import GENESIS, verify
from slaengine.audit.packed import packed_of
from slaengine.errors import ConcurrencyError, Overtaken, StorageError
from slaengine.storage.database import Database
from slaengine.storage.log import CarriedOut, FactLog, Head
from slaengine.storage.numbers import next_number

Open = Callable[..., FactLog]


def test_an_empty_log_ends_at_position_zero(store_url: str, open_log: Open) -> None:
    log = open_log(store_url)
    assert log.head() == Head(0, GENESIS, 0)
    assert log.read() == []
    assert log.facts_of(order(1)) == []
    assert log.count_orders() == 0


def test_positions_run_without_a_gap_and_the_head_follows(store_url: str, open_log: Open) -> None:
    log = open_log(store_url)
    log.append([fact(1, 1), fact(1, 2), fact(2, 1)])
    with pytest.raises(Overtaken):
        log.append([fact(3, 1), fact(1, 2)])
    stored = log.append([fact(2, 2)])
    assert [f.position for f in log.read()] == [1, 2, 3, 4]
    assert log.head() == Head(4, stored[0].hash, stored[0].recorded_at)
    assert log.read()[-1:] == stored


def test_what_was_stored_reads_back_the_same(store_url: str, open_log: Open) -> None:
    log = open_log(store_url)
    stored = log.append([fact(1, 1, "t.ä.v1", '{"a":"受理"}'.encode()), fact(2, 1, state=bytes(range(256)))])
    assert log.read() == stored
    assert verify(log.read()) is None


def test_a_packed_stretch_holds_what_reading_it_by_columns_gives(store_url: str, open_log: Open) -> None:
    log = open_log(store_url)
    log.append([fact(1, 1, "t.ä.v1", '{"a":"受理"}'.encode()), *(fact(n, 1, state=bytes(range(n))) for n in range(2, 30))])
    for after, last in ((0, 29), (0, 1), (7, 20), (25, 99), (29, 40)):
        columns = log.columns(after, max(last - after, 0))
        assert log.packed(after, last) == packed_of(columns)
        assert log.packed(after, last).facts == min(last, 29) - after


def test_recorded_at_never_runs_backwards_though_the_clock_does(store_url: str, open_log: Open) -> None:
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    ticks = iter([noon, noon - timedelta(hours=1), noon + timedelta(microseconds=1)])
    log = open_log(store_url, clock=lambda: next(ticks))
    for number in range(3):
        log.append([fact(number, 1)])
    stamps = [f.recorded_at for f in log.read()]
    assert stamps[1] == stamps[0]
    assert stamps[2] == stamps[0] + 1


@pytest.mark.parametrize(
    "appended",
    [
        pytest.param([(1, 4)], id="a gap"),
        pytest.param([(1, 2)], id="a version that is there"),
        pytest.param([(1, 3), (1, 3)], id="the same version twice"),
        pytest.param([(1, 4), (1, 3)], id="backwards"),
        pytest.param([(2, 2)], id="a beginning that is not the first"),
        pytest.param([(1, 0)], id="before the first"),
    ],
)
def test_a_version_that_is_not_the_next_is_refused(appended: list[tuple[int, int]], store_url: str, open_log: Open) -> None:
    log = open_log(store_url)
    before = log.append([fact(1, 1), fact(1, 2)])
    with pytest.raises(Overtaken):
        log.append([fact(9, 1)] + [fact(number, version) for number, version in appended])
    assert log.read() == before
    assert log.head().position == 2


def test_a_taken_number_or_command_id_refuses_the_whole_append(store_url: str, open_log: Open) -> None:
    log = open_log(store_url)
    done = CarriedOut("c-1", order(1), bytes(32), 1, 1)
    log.append([fact(1, 1)], carried_out=[done], named={"WO-1": order(1)})
    with pytest.raises(Overtaken):
        log.append([fact(2, 1)], named={"WO-2": order(2), "WO-1": order(3)})
    with pytest.raises(Overtaken):
        log.append([fact(2, 1)], carried_out=[done._replace(order_id=order(2))], named={"WO-2": order(2)})
    assert log.head().position == 1
    assert log.find("WO-2") is None
    assert log.find("WO-1") == order(1)
    assert log.carried_out(["c-1", "c-2"]) == {"c-1": done}
    assert log.count_orders() == 1


def test_facts_are_read_by_position_topic_and_bound(store_url: str, open_log: Open) -> None:
    log = open_log(store_url)
    log.append([fact(1, version, f"t{version % 2}") for version in range(1, 10)])
    assert [f.position for f in log.read(after=2, limit=3)] == [3, 4, 5]
    assert [f.position for f in log.read(topics=["t0"])] == [2, 4, 6, 8]
    assert [f.position for f in log.read(after=3, until=5)] == [4, 5]
    assert list(log.scan(batch=2)) == log.read()
    assert [f.position for f in log.scan(after=4, topics=["t1"], batch=1)] == [5, 7, 9]


def test_facts_of_an_order_are_read_by_version(store_url: str, open_log: Open) -> None:
    log = open_log(store_url)
    log.append([fact(number, version) for version in range(1, 5) for number in (1, 2)])
    assert [f.version for f in log.facts_of(order(1))] == [1, 2, 3, 4]
    assert [f.version for f in log.facts_of(order(1), after_version=1, until_version=3)] == [2, 3]
    assert [f.version for f in log.facts_of(order(2), latest_first=True, limit=2)] == [4, 3]


def test_many_orders_are_appended_and_read_in_one_go(store_url: str, open_log: Open) -> None:
    log = open_log(store_url)
    log.append([fact(number, 1) for number in range(1, 20_001)], named={f"N{n}": order(n) for n in range(1, 20_001)})
    found = log.facts_of_many([order(number) for number in range(1, 2_502)] + [order(99_999)])
    assert len(found) == 2_501
    assert len(log.find_many([f"N{n}" for n in range(1, 3_000)])) == 2_999
    assert verify(log.scan()) is None


@pytest.mark.parametrize("change", ["UPDATE facts SET topic = 'x' WHERE position = 1", "DELETE FROM facts WHERE position = 1"])
def test_the_database_refuses_to_change_a_fact(change: str, store_url: str, open_log: Open) -> None:
    log = open_log(store_url)
    before = log.append([fact(1, 1)])
    with pytest.raises(StorageError, match="never changed or deleted"), log.database.writing() as connection:
        connection.execute(text(change))
    assert log.read() == before


@pytest.mark.postgres
def test_postgresql_refuses_to_empty_the_log(postgres_url: str, open_log: Open) -> None:
    log = open_log(postgres_url)
    log.append([fact(1, 1)])
    with pytest.raises(StorageError, match="never changed or deleted"), log.database.writing() as connection:
        connection.execute(text("TRUNCATE facts"))


def test_readers_neither_wait_for_a_writer_nor_see_what_it_has_not_committed(shared_store_url: str, open_log: Open) -> None:
    writer, reader = open_log(shared_store_url), open_log(shared_store_url)
    writer.append([fact(1, 1)])
    with writer.locked():
        writer.append([fact(1, 2)])
        assert reader.head().position == 1
        assert len(reader.read()) == 1
    assert reader.head().position == 2


def test_a_writer_waits_no_longer_than_it_was_told(shared_store_url: str, open_log: Open) -> None:
    option = "lock_timeout_ms=150"
    holder, other = open_log(shared_store_url), open_log(f"{shared_store_url}?{option}")
    with holder.locked(), pytest.raises(ConcurrencyError, match="held by another writer for too long"):
        other.append([fact(1, 1)])
    other.append([fact(1, 1)])
    assert holder.head().position == 1


def test_blocks_within_blocks_are_one_transaction(store_url: str, open_log: Open) -> None:
    log = open_log(store_url)

    def fail_after_appending() -> None:
        with log.locked():
            log.append([fact(1, 1)])
            assert log.head().position == 1
            raise LookupError

    with pytest.raises(LookupError):
        fail_after_appending()
    assert log.head().position == 0


def test_a_block_that_reads_cannot_hold_one_that_writes(store_url: str, open_log: Open) -> None:
    log = open_log(store_url)
    with log.database.reading(), pytest.raises(RuntimeError, match="inside one that reads"):
        log.append([fact(1, 1)])


def test_numbers_are_counted_by_day_and_pass_over_taken_ones(store_url: str, open_log: Open) -> None:
    log = open_log(store_url)
    log.append([fact(1, 1)], named={"WO-20260105-000002": order(1)})
    monday, tuesday = datetime(2026, 1, 5, tzinfo=UTC).date(), datetime(2026, 1, 6, tzinfo=UTC).date()
    with log.database.writing() as connection:
        given = [next_number(connection, day) for day in (monday, monday, tuesday)]
    assert given == ["WO-20260105-000001", "WO-20260105-000003", "WO-20260106-000001"]


def test_a_number_is_given_back_when_the_transaction_fails(store_url: str, open_log: Open) -> None:
    log = open_log(store_url)
    day = datetime(2026, 1, 5, tzinfo=UTC).date()

    def fail_after_numbering() -> None:
        with log.database.writing() as connection:
            next_number(connection, day)
            raise LookupError

    with pytest.raises(LookupError):
        fail_after_numbering()
    with log.database.writing() as connection:
        assert next_number(connection, day) == "WO-20260105-000001"


def test_a_store_outlives_its_process_connections(shared_store_url: str) -> None:
    for expected in range(3):
        database = Database.open(shared_store_url)
        log = FactLog(database, lambda: datetime.now(UTC))
        assert log.head().position == expected
        log.append([fact(expected, 1)])
        database.close()


def test_positions_follow_one_another_across_appends(store_url: str, open_log: Open) -> None:
    log = open_log(store_url)
    for number in range(20):
        log.append([fact(number, 1), fact(number, 2)])
    assert all(later.position == earlier.position + 1 for earlier, later in pairwise(log.read()))
