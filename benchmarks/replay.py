"""Replay: facts a second from Parquet and from the store, beside DuckDB doing the pivot alone and the library reading its log."""

from __future__ import annotations

import os
import time
from pathlib import Path

import duckdb

from benchmarks._histories import exported, filled_store, folder, repeated, three_targets
from benchmarks._timing import peak_memory_mb, seconds, table
from slaengine.audit.history import History
from slaengine.audit.judging import Question
from slaengine.audit.log_history import LogHistory, log_history
from slaengine.audit.totals import totals
from slaengine.engine.shell import utc_now
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog
from slaengine.storage.work_orders import WorkOrders

AS_OF = 1_788_220_800_000_000
"""2026-09-01, after everything in the generated orders."""
ORDERS = int(os.environ.get("BENCH_ORDERS", "20000"))
FACTS = int(os.environ.get("BENCH_FACTS", "10000000"))
LINEAR = (1, 2, 5, 10)
"""Tenths of FACTS at which the cost is measured."""
PIVOT = """
SELECT count(*) FROM (
    SELECT "order", min(occurred_at) FILTER (fact = 'received') AS received,
           min(occurred_at) FILTER (fact = 'responded') AS responded,
           max(occurred_at) FILTER (fact = 'resolved') AS resolved, max(occurred_at) FILTER (fact = 'revisited') AS revisited
    FROM read_parquet(?, hive_partitioning = false) GROUP BY "order") WHERE received IS NOT NULL
"""


def main() -> None:
    question = Question(three_targets(), AS_OF)
    with folder() as place:
        facts = filled_store(place / "orders.db", ORDERS)
        source = exported(place / "orders.db", place / "warm")
        totals(source, question)  # compiles
        rows = [_from_store(place, facts), _library(place, facts)]
        history = repeated(source, place / "large", FACTS)
        whole = history.manifest.position
        replayed = seconds(lambda: totals(history, question), repeat=1)
        rows.insert(0, ["replay, 3 targets, from Parquet", whole, whole / replayed, peak_memory_mb()])
        pivot = seconds(lambda: duckdb.execute(PIVOT, [f"{place}/large/**/*.parquet"]).fetchall(), repeat=1)
        rows.insert(1, ["DuckDB, the pivot alone, from Parquet", whole, whole / pivot, peak_memory_mb()])
        table(["", "facts", "facts/s", "peak MB"], rows)
        print()
        table(
            ["facts replayed", "ns a fact"],
            [_cost(source, place / f"part-{tenths}", FACTS * tenths // 10, question) for tenths in LINEAR],
        )


def _from_store(place: Path, facts: int) -> list[object]:
    question = Question(three_targets(), AS_OF)
    database = Database.open(f"sqlite:///{place / 'orders.db'}", create=False)
    log = FactLog(database, utc_now)
    taken = seconds(lambda: totals(_read(log, question), question))
    database.close()
    return ["replay, 3 targets, from the SQLite store", facts, facts / taken, peak_memory_mb()]


def _read(log: FactLog, question: Question) -> LogHistory:
    read = log_history(log, question)
    if read is None:
        raise SystemExit("this needs slaengine[fast,audit]")
    return read


def _library(place: Path, facts: int) -> list[object]:
    orders = WorkOrders(env={"STORE_URL": f"sqlite:///{place / 'orders.db'}"})
    begun = time.perf_counter()
    read, after = 0, 1
    while some := orders.recorder.select_notifications(after, 5_000):
        read += sum(orders.mapper.to_domain_event(stored) is not None for stored in some)
        after = some[-1].id + 1
    taken = time.perf_counter() - begun
    orders.close()
    return ["eventsourcing reading its log, judging nothing", read, facts / taken, peak_memory_mb()]


def _cost(source: History, place: Path, facts: int, question: Question) -> list[object]:
    history = repeated(source, place, facts)
    return [history.manifest.position, seconds(lambda: totals(history, question), repeat=1) * 1e9 / history.manifest.position]
