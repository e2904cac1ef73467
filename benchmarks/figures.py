"""Read models of a large town: built, asked and added to, on SQLite and PostgreSQL, beside the plain library's projection.

    python -m benchmarks figures                               10,000 to 100,000 orders
    FIGURES_ORDERS=10000,100000,1000000 python -m benchmarks figures

Every step runs in a process of its own; its memory is the largest resident size of any of its processes. Facts stand in the
log in the order in which they were recorded, so the orders' facts are mixed as in a running system. With `FIGURES_KEEP` the
stores stay in that directory and are filled once; with `SLAENGINE_POSTGRES` besides, so do databases `figures_ORDERS` on that
server. What was measured of PostgreSQL depends on its settings; our own server (`slaengine.testing.postgres`) does not wait for
the disk. `FIGURES_STORES` names some of `SQLite,PostgreSQL,plain`;
`FIGURES_OUT` names a file for the measurements, as CSV.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import asking
from benchmarks._timing import table
from benchmarks.asking import POLICY, QUESTIONS
from slaengine.errors import SlaEngineError
from slaengine.testing.postgres import ADDRESS, start_postgres

SIZES = (10_000, 30_000, 100_000)
DISTINCT = 50_000
"""Orders drawn one by one; a larger town repeats them in further communities."""
ORDERS_A_DAY = 2_000
FACTS_A_COMMIT = 5_000
ADDED = 21
"""Facts added one by one, of which the middle one counts."""


class Built(NamedTuple):
    """What was measured of one store; times in s."""

    orders: int
    facts: int
    build_s: float
    cpu_s: float
    peak_mb: float
    first_report_s: float
    report_s: float
    added_s: float


def main() -> None:
    wanted = os.environ.get("FIGURES_STORES", "SQLite,PostgreSQL,plain").split(",")
    sizes = [int(size) for size in os.environ.get("FIGURES_ORDERS", "").split(",") if size] or SIZES
    rows = []
    with _folder() as folder, _postgres() as server:
        for size in sizes:
            stores = {"SQLite": f"sqlite:///{folder}/{size}.db", "PostgreSQL": server(size)}
            for name, url in stores.items():
                if url and name in wanted:
                    _apart(partial(fill, url, size))
                    built, added = _apart(partial(_measured, url)), _apart(partial(_added, url))
                    rows.append([name, *built._replace(added_s=added.added_s)])
                    print(f"{name}, {size:,} orders, asked by a process that has just begun:")
                    asking.show(url)
            if "plain" in wanted:
                rows.append(["plain eventsourcing", *_apart(partial(_plain, size))])
    header = [
        "store",
        "orders",
        "facts",
        "build s",
        "facts/s",
        "µs a fact",
        "CPU µs a fact",
        "peak MB",
        "first report s",
        "report ms",
        "added ms",
    ]
    said = [[row[0], *_said(Built._make(row[1:]))] for row in rows]
    table(header, said)
    if out := os.environ.get("FIGURES_OUT"):
        with Path(out).open("a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([f"{datetime.now(UTC):%Y-%m-%d}", *row] for row in said)


def _said(built: Built) -> list[Any]:
    per_s, per_fact = built.facts / built.build_s, 1e6 * built.build_s / built.facts
    times = built.first_report_s, 1e3 * built.report_s, 1e3 * built.added_s
    cpu = round(1e6 * built.cpu_s / built.facts, 2)
    return [built.orders, built.facts, built.build_s, round(per_s), round(per_fact, 2), cpu, built.peak_mb, *times]


def town(orders: int) -> Iterator[Any]:
    """Yield the facts of a town as a log keeps them, in the order in which they were recorded."""
    from slaengine.testing.generator import encoded, enlarged, histories

    distinct = min(orders, DISTINCT)
    facts = encoded(histories(distinct, seed=1, orders_a_day=ORDERS_A_DAY * distinct // orders or 1))
    return enlarged(sorted(facts, key=lambda fact: fact.recorded_at), orders // distinct)


def fill(url: str, orders: int) -> None:
    """Append the facts of a town, if the store is empty."""
    from slaengine.storage.database import Database
    from slaengine.storage.log import FactLog, NewFact

    database = Database.open(url + ("?synchronous=normal" if url.startswith("sqlite") else ""))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    log = FactLog(database, lambda: now)
    if not log.head().position:
        facts = town(orders)
        while some := list(islice(facts, FACTS_A_COMMIT)):
            now = some[-1].recorded_at
            log.append([NewFact(fact.order_id, fact.version, fact.topic, fact.state) for fact in some])
    database.close()


def _measured(url: str) -> Built:
    """Build the read models of a filled store, and ask it."""
    from slaengine.policies.book import PolicyBook
    from slaengine.storage.catch_up import catch_up
    from slaengine.storage.read_models import ReadModels

    with _opened(url) as engine:
        head, models, book = engine.log.head(), ReadModels(engine.log.database), PolicyBook.pack(POLICY)
        _forget(models)
        used = _cpu_s()
        build_s = _timed(lambda: catch_up(engine.log, models, book))
        used = _cpu_s() - used
        first_s = _timed(lambda: engine.report(**QUESTIONS[0]))
        for question in QUESTIONS:
            engine.report(**question)
        reports = [_timed(partial(engine.report, **question)) for question in QUESTIONS for _ in range(3)]
        orders = sum(row.received for row in engine.report().closure)
        return Built(orders, head.position, build_s, used, 0, first_s, max(reports), 0)


def _added(url: str) -> Built:
    """Add facts to a store whose read models stand, one by one, and make each visible: in a process that does nothing else."""
    from slaengine.policies.book import PolicyBook
    from slaengine.storage.read_models import ReadModels

    with _opened(url) as engine:
        models, book = ReadModels(engine.log.database), PolicyBook.pack(POLICY)
        added = [_timed(lambda: _add(engine, models, book)) for _ in range(ADDED)]
        return Built(0, 0, 1, 0, 0, 0, 0, sorted(added)[ADDED // 2])


@contextmanager
def _opened(url: str) -> Iterator[Any]:
    """Give the engine over a store, at the instant at which its last fact was recorded."""
    from slaengine import SlaEngine

    now = [datetime(2100, 1, 1, tzinfo=UTC)]
    with SlaEngine.open(url, policy=POLICY, clock=lambda: now[0]) as engine:
        now[0] = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=engine.log.head().recorded_at)
        yield engine


def _forget(models: Any) -> None:
    """Drop read models that an earlier run left in a store that is kept."""
    with models.database.writing() as connection:
        for build in models.builds(connection, POLICY):
            build.tables.metadata.drop_all(connection)
        connection.exec_driver_sql("DELETE FROM read_models")


def _add(engine: Any, models: Any, book: Any) -> None:
    from slaengine.storage.catch_up import catch_up

    engine.receive(kind="repair", channel="app", place={"community": "North", "building": "1"})
    catch_up(engine.log, models, book)


def _plain(orders: int) -> Built:
    """Count the same facts by topic with the library's own projection runner, events and view in memory: it does far less."""
    from benchmarks._plain_projection import seconds_to_project

    facts, build_s = seconds_to_project(town(orders))
    return Built(orders, facts, build_s, 0, 0, 0, 0, 0)


@contextmanager
def _folder() -> Iterator[Path]:
    """Give the directory for stores: the one to keep them in, or one that is gone afterwards."""
    if kept := os.environ.get("FIGURES_KEEP"):
        Path(kept).mkdir(parents=True, exist_ok=True)
        yield Path(kept)
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


@contextmanager
def _postgres() -> Iterator[Callable[[int], str | None]]:
    """Give what makes an empty database for so many orders, or finds the one that is kept; None where there is no PostgreSQL."""
    try:
        with start_postgres() as server:
            if os.environ.get("FIGURES_KEEP") and os.environ.get(ADDRESS):
                yield lambda orders: server.kept_database(f"figures_{orders}")
            else:
                yield lambda _: server.new_database()
    except SlaEngineError as error:
        print(f"without PostgreSQL: {error}")
        yield lambda _: None


def _apart(work: Callable[[], Built | None]) -> Built:
    """Do the work in a process of its own; return what it measured, with the peak MB of it and of those it started."""
    sys.stdout.flush()
    answer, told = os.pipe()
    if (child := os.fork()) == 0:
        try:
            built = work() or Built(0, 0, 1, 0, 0, 0, 0, 0)
            peak = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
            os.write(told, json.dumps([*built._replace(peak_mb=peak)]).encode())
            os._exit(0)
        except BaseException:  # noqa: BLE001 (told to the parent, whatever it is)
            traceback.print_exc()
            os._exit(1)
    os.close(told)
    with os.fdopen(answer) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(f"a step failed with status {status}")
    return Built._make(json.loads(text))


def _cpu_s() -> float:
    """Return the s of processor time that this process and those it started and waited for have used."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _timed(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun
