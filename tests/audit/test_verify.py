"""Verification of published figures: nothing invented, and every planted fault found."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Table, delete, select, update
from town_logs import START, TownLog, arrivals, town_log

from slaengine.audit.irregular import tallied
from slaengine.errors import AuditError
from slaengine.policies.book import PolicyBook
from slaengine.projections.case_file import micros
from slaengine.storage.catch_up import catch_up
from slaengine.storage.read_models import ReadModels
from slaengine.storage.verifying import Verified, verify

BOOK = PolicyBook.pack("service-standard")
ORDERS = 120


@pytest.fixture
def log() -> Iterator[TownLog]:
    with town_log() as filled:
        filled.take(arrivals(ORDERS, seed=2))
        catch_up(filled, ReadModels(filled.database), BOOK)
        yield filled


def tables(log: TownLog) -> Any:
    models = ReadModels(log.database)
    with log.database.reading() as connection:
        return models.builds(connection, BOOK.name)[-1].tables


def run(log: TownLog, statement: Any) -> None:
    with log.database.writing() as connection:
        connection.execute(statement)


def found(log: TownLog) -> Verified:
    return verify(log, BOOK)


def test_what_was_published_follows_from_the_facts(log: TownLog):
    verified = found(log)
    assert verified.differences == []
    assert (verified.orders, verified.facts) == (ORDERS, log.head().position)
    assert verified.clocks > ORDERS


def test_facts_recorded_after_the_publication_are_no_difference():
    facts = arrivals(ORDERS, seed=3)
    with town_log() as growing:
        growing.take(facts[:500])
        catch_up(growing, ReadModels(growing.database), BOOK)
        growing.take(facts[500:])
        verified = found(growing)
    assert (verified.differences, verified.facts, verified.position) == ([], 500, 500)


def rows_of(log: TownLog, table: Table) -> list[Any]:
    with log.database.reading() as connection:
        return list(connection.execute(select(table)))


def changed(value: Any, rng: random.Random) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + rng.choice([-1, 1, 60_000_000])
        case bytes():
            return value[:-3] + b"7]]"
        case None:
            return 1
        case _:
            return f"{value}x"


def plant(log: TownLog, rng: random.Random, spared: Collection[str] = ()) -> str:
    """Change one published value of an order that is not spared, and return the order's number."""
    t = tables(log)
    seqs = {order.seq for order in rows_of(log, t.orders) if order.number not in spared}
    table = rng.choice([t.orders, t.clocks, t.clocks, t.case_files])
    row = rng.choice([row for row in rows_of(log, table) if row.seq in seqs])
    column = rng.choice([c for c in table.columns if c.name not in ("seq", "order_id", "number", "target", "cycle")])
    value = changed(getattr(row, column.name), rng)
    key = [c == getattr(row, c.name) for c in table.primary_key.columns]
    run(log, update(table).where(*key).values({column.name: value}))
    (number,) = [order.number for order in rows_of(log, t.orders) if order.seq == row.seq]
    return str(number)


def test_every_planted_fault_is_found_and_none_is_invented(log: TownLog):
    rng = random.Random(1000)
    planted = {plant(log, rng) for _ in range(60)}
    assert {difference.order for difference in found(log).differences} == planted


@pytest.mark.deep
def test_a_thousand_planted_faults_are_all_found_and_none_is_invented(log: TownLog):
    rng = random.Random(1)
    for _ in range(40):
        planted: set[str] = set()
        for _ in range(25):
            planted.add(plant(log, rng, planted))
        assert len(planted) == 25
        assert {difference.order for difference in found(log).differences} == planted
        _restore(log)


def _restore(log: TownLog) -> None:
    models = ReadModels(log.database)
    with log.database.writing() as connection:
        for build in models.builds(connection, BOOK.name):
            build.tables.metadata.drop_all(connection)
        connection.exec_driver_sql("DELETE FROM read_models")
    catch_up(log, models, BOOK)


def test_a_verdict_that_does_not_follow_is_named_with_both_values(log: TownLog):
    clocks = tables(log).clocks
    row = next(row for row in rows_of(log, clocks) if row.verdict == "missed")
    run(
        log,
        update(clocks)
        .where(clocks.c.seq == row.seq, clocks.c.target == row.target, clocks.c.cycle == row.cycle)
        .values(verdict="met"),
    )
    (difference,) = found(log).differences
    assert (difference.target, difference.published, difference.replayed) == (
        row.target,
        {"verdict": "met"},
        {"verdict": "missed"},
    )
    assert "does not follow" in difference.why


def test_rows_that_are_missing_added_or_lost_are_found(log: TownLog):
    t = tables(log)
    first, second, third, *_ = rows_of(log, t.orders)
    run(log, t.orders.delete().where(t.orders.c.seq == first.seq))
    run(log, t.clocks.delete().where(t.clocks.c.seq == second.seq))
    run(log, t.orders.update().where(t.orders.c.seq == third.seq).values(order_id=UUID(int=7)))
    differences = found(log).differences
    assert {d.order for d in differences} >= {first.number, second.number, third.number, f"#{first.seq}"}


def test_a_clock_judged_by_a_version_not_in_force_is_named_so(log: TownLog):
    clocks = tables(log).clocks
    row = rows_of(log, clocks)[0]
    run(
        log,
        update(clocks)
        .where(clocks.c.seq == row.seq, clocks.c.target == row.target, clocks.c.cycle == row.cycle)
        .values(edition="2099"),
    )
    assert "not in force" in found(log).differences[0].why


def test_figures_of_another_policy_or_none_are_refused(log: TownLog):
    with pytest.raises(AuditError, match="nothing was published"):
        verify(log, PolicyBook.pack("boston-311"))
    with town_log() as empty, pytest.raises(AuditError, match="nothing was published"):
        verify(empty, BOOK)


def test_a_missing_version_an_impossible_fact_and_backdated_ones_are_shown(log: TownLog):
    late = found(log).irregular
    assert {item.kind for item in late} == {"backdated"}
    assert tallied(late)[0]["facts"] >= tallied(late)[-1]["facts"]
    assert len(verify(log, BOOK, late_after=timedelta(days=3650)).irregular) == 0
    with log.database.writing() as connection:
        connection.exec_driver_sql("DROP TRIGGER facts_never_update")
        connection.exec_driver_sql("DROP TRIGGER facts_never_delete")
        order = connection.exec_driver_sql("SELECT order_id FROM facts WHERE topic LIKE '%reopened%' LIMIT 1").scalar_one()
        connection.exec_driver_sql("DELETE FROM facts WHERE order_id = ? AND topic LIKE '%resolved%'", (order,))
    verified = verify(log, BOOK, late_after=timedelta(days=3650))
    kinds = {item.kind for item in verified.irregular}
    assert kinds == {"gap", "impossible"}
    assert verified.differences


NOW = micros(START + timedelta(days=40))


def test_every_value_of_every_kpi_follows_from_the_facts(log: TownLog):
    verified = verify(log, BOOK, as_of=NOW)
    assert verified.differences == []
    assert verified.kpi_values > len(BOOK.latest.version.kpis)


def test_a_kpi_that_was_polished_by_its_kept_figures_is_named(log: TownLog):
    clocks = tables(log).clocks
    run(log, delete(tables(log).tiles))
    run(log, update(clocks).where(clocks.c.verdict == "missed").values(verdict="met"))
    named = [difference for difference in verify(log, BOOK, as_of=NOW).differences if difference.order.startswith("KPI ")]
    assert named
    assert all(difference.published != difference.replayed for difference in named)
