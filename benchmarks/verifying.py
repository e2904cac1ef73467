"""Live = replay: tables and generated orders imported, published, verified row by row; how long it takes, and what differs.

BENCH_TABLES names tables beside those of the tests, as FILE=MAPPING=POLICY; BENCH_VERIFY_ORDERS how many orders to generate; and
BENCH_VERIFY_STORE a SQLite file of generated orders that is there already, and is verified alone.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from benchmarks._histories import filled_store, folder
from benchmarks._timing import peak_memory_mb, table
from slaengine.engine import SlaEngine
from slaengine.engine.shell import utc_now
from slaengine.importing import Importer, load_mapping
from slaengine.policies.book import PolicyBook
from slaengine.projections.case_file import micros
from slaengine.storage.catch_up import catch_up
from slaengine.storage.read_models import ReadModels
from slaengine.storage.verifying import verify

HERE = Path(__file__).parent.parent
TABLES = (
    "tests/data/boston311_2015_jan_jun.csv.gz=examples/boston311.yaml=boston-311",
    "tests/data/boston311_2011h2.csv.gz=examples/boston311.yaml=boston-311",
    "tests/data/uci_incidents_sample5k_cases.csv.gz=examples/uci-incidents.yaml=benchmarks/incidents.yaml",
)
ORDERS = int(os.environ.get("BENCH_VERIFY_ORDERS", "20000"))
STORE = os.environ.get("BENCH_VERIFY_STORE")
HEAD = [
    "verified",
    "orders",
    "clocks",
    "facts",
    "KPI values",
    "differences",
    "impossible or missing",
    "seconds",
    "facts/s",
    "peak MB",
]


def main() -> None:
    if STORE:
        with SlaEngine.open(f"sqlite:///{STORE}", clock=utc_now, create=False) as engine:
            table(HEAD, [_verified("generated orders", engine, PolicyBook.pack("service-standard"))])
        return
    rows = []
    for named in (*TABLES, *os.environ.get("BENCH_TABLES", "").split()):
        file, mapping, policy = named.split("=")
        with folder() as place:
            rows.append(_imported(place, HERE / file, HERE / mapping, PolicyBook.load(policy)))
        print(rows[-1], flush=True)
    if ORDERS:
        with folder() as place:
            filled_store(place / "orders.db", ORDERS)
            with SlaEngine.open(f"sqlite:///{place / 'orders.db'}", clock=utc_now) as engine:
                rows.append(_verified("generated orders", engine, PolicyBook.pack("service-standard")))
    table(HEAD, rows)


def _imported(place: Path, file: Path, mapping: Path, book: PolicyBook) -> list[object]:
    with SlaEngine.open(f"sqlite:///{place / 'orders.db'}", clock=utc_now) as engine:
        Importer(engine, load_mapping(mapping), rejects=place / "rejects.csv").run([file])
        return _verified(file.name.split(".")[0], engine, book)


def _verified(name: str, engine: SlaEngine, book: PolicyBook) -> list[object]:
    catch_up(engine.log, ReadModels(engine.log.database), book)
    begun = time.perf_counter()
    found = verify(engine.log, book, as_of=micros(utc_now()))
    taken = time.perf_counter() - begun
    wrong = sum(item.kind != "backdated" for item in found.irregular)
    for difference in found.differences[:10]:
        print(difference)
    counts = [found.orders, found.clocks, found.facts, found.kpi_values, len(found.differences), wrong]
    return [name, *counts, taken, found.facts / taken, peak_memory_mb()]
