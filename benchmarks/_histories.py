"""Histories for the benchmarks of replay: generated orders, repeated under other codes up to any size."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from slaengine.audit.history import BUCKET, WORDS_MAX, History, Manifest, Part
from slaengine.audit.history_schema import sorted_table
from slaengine.policies.book import PolicyBook
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog, NewFact
from slaengine.testing.generator import encoded, histories

BATCH = 5_000

THREE_TARGETS = """
policy: three
time_zone: Asia/Shanghai
calendars:
  office: {weekly: {mon: [["08:30", "17:30"]], tue: [["08:30", "17:30"]], wed: [["08:30", "17:30"]], thu: [["08:30", "17:30"]],
                    fri: [["08:30", "17:30"]]}, holidays: china}
version: "1"
effective_from: 2020-01-01
waivers: {reasons: [no_access]}
targets:
  - {name: response, start: received, stop: responded, limit: 30 min}
  - {name: resolution, start: received, stop: resolved, limit: 16 h, calendar: office, pause: [any], applies: {kind: repair}}
  - {name: resolution, start: received, stop: resolved, limit: 3 wd, calendar: office}
  - {name: revisit, start: resolved, stop: revisited, limit: 48 h}
"""


def three_targets() -> PolicyBook:
    """Return a policy of three targets: one all round the clock, one in office hours with pauses, one chained."""
    return PolicyBook.parse(THREE_TARGETS, "three.yaml")


@contextmanager
def folder() -> Iterator[Path]:
    """Give a folder that is gone afterwards."""
    place = Path(tempfile.mkdtemp(prefix="slaengine-bench-"))
    try:
        yield place
    finally:
        shutil.rmtree(place)


def filled_store(path: Path, orders: int) -> int:
    """Make a SQLite store with the facts of generated orders, and return how many facts there are."""
    database = Database.open(f"sqlite:///{path}")
    log = FactLog(database, lambda: datetime(2026, 12, 1, tzinfo=UTC))
    facts = (NewFact(f.order_id, f.version, f.topic, f.state) for f in encoded(histories(orders, seed=1)))
    while some := list(islice(facts, BATCH)):
        log.append(some)
    count = log.head().position
    database.close()
    return count


def exported(store: Path, place: Path) -> History:
    """Return the history of a store."""
    database = Database.open(f"sqlite:///{store}", create=False)
    history = History(place, create=True)
    history.extend(FactLog(database, lambda: datetime(2026, 12, 1, tzinfo=UTC)))
    database.close()
    return history


def repeated(source: History, place: Path, facts: int) -> History:
    """Return a history of about `facts` facts: the source again and again, each time as other orders."""
    whole = sorted_table(pa.concat_tables([source.read(bucket) for bucket in source.buckets()]).unify_dictionaries())
    times = max(BUCKET // whole.num_rows, 1)
    shift = whole.num_rows
    parts, done = [], 0
    while done < facts:
        copies = [_shifted(whole, done + n * shift) for n in range(min(times, -(-(facts - done) // shift)))]
        table = pa.concat_tables(copies).unify_dictionaries().combine_chunks()
        name = f"month=2026-12/bucket={len(parts):05}/facts-{done + 1:012}-{done + table.num_rows:012}.parquet"
        (place / name).parent.mkdir(parents=True)
        pq.write_table(table, place / name, compression="lz4", dictionary_pagesize_limit=WORDS_MAX)
        parts.append(Part(name, len(parts), done + 1, done + table.num_rows, table.num_rows))
        done += table.num_rows
    made = History(place, create=True)
    made._save(Manifest(done, bytes(32), tuple(parts)))  # noqa: SLF001 (a history of no log: only a benchmark wants one)
    return made


def _shifted(table: pa.Table, by: int) -> pa.Table:
    for name in ("order", "position"):
        place = table.schema.get_field_index(name)
        table = table.set_column(place, table.schema.field(name), pc.add(table[name], by))
    return table
