"""Replay: facts a second from Parquet and from the store, beside DuckDB doing the pivot alone and the library reading its log.

    python -m benchmarks replay
    BENCH_FACTS=100000000 REPLAY_OUT=docs/pictures/replay-cost.csv python -m benchmarks replay      6 GB of disk, some minutes

The cost per fact is that of a tenth, a fifth, half and all of `BENCH_FACTS`; `REPLAY_OUT` names a file for it, as CSV.
With `REPLAY_KEEP` the history stays in that directory, and is made once.
"""

from __future__ import annotations

import csv
import os
import time
from dataclasses import replace
from datetime import UTC, datetime
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
COMPARED = 10_000_000
"""Facts replayed beside DuckDB, at the most."""
LINEAR = (1, 2, 5, 10)
"""Tenths of FACTS at which the cost is measured."""
ROUNDS = 3
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
        history = _large(source, place)
        compared = _beginning(history, COMPARED)
        whole = compared.manifest.position
        files = [str(history.path / part.path) for part in compared.manifest.parts]
        pairs = [(seconds(lambda: totals(compared, question), repeat=1), _pivoted(files)) for _ in range(ROUNDS)]  # in turn
        replayed, pivoted = (min(taken) for taken in zip(*pairs, strict=True))
        rows.insert(0, ["replay, 3 targets, from Parquet", whole, whole / replayed, peak_memory_mb()])
        rows.insert(1, ["DuckDB, the pivot alone, from Parquet", whole, whole / pivoted, peak_memory_mb()])
        table(["", "facts", "facts/s", "peak MB"], rows)
        print()
        costs = [_cost(_beginning(history, FACTS * tenths // 10), question) for tenths in LINEAR]
    table(["facts replayed", "ns a fact"], costs)
    if out := os.environ.get("REPLAY_OUT"):
        with Path(out).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([f"{datetime.now(UTC):%Y-%m-%d}", "replay", count, f"{cost:.1f}"] for count, cost in costs)


def _large(source: History, place: Path) -> History:
    """Return a history of about `FACTS` facts, the one that was kept if there is one."""
    kept = os.environ.get("REPLAY_KEEP")
    if kept and (Path(kept) / "history.json").exists():
        return History(kept)
    return repeated(source, Path(kept) if kept else place / "large", FACTS)


def _beginning(history: History, facts: int) -> History:
    """Return the history's first parts, at least so many facts."""
    parts, position = history.manifest.parts, 0
    kept = 0
    while kept < len(parts) and position < facts:
        position = parts[kept].last
        kept += 1
    first = History(history.path)
    first.manifest = replace(history.manifest, position=position, parts=parts[:kept])
    return first


def _pivoted(files: list[str]) -> float:
    return seconds(lambda: duckdb.execute(PIVOT, [files]).fetchall(), repeat=1)


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


def _cost(history: History, question: Question) -> tuple[int, float]:
    return history.manifest.position, seconds(lambda: totals(history, question), repeat=ROUNDS) * 1e9 / history.manifest.position
