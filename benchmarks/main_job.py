"""The main job on a city's real work orders: import, project, report; and the same appends by the plain eventsourcing library.

Each step runs in a process of its own; its memory is the largest resident size that the kernel saw.
"""

from __future__ import annotations

import gzip
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

from benchmarks._timing import table

ROOT = Path(__file__).parents[1]
WHOLE = ROOT / "tests" / "data" / "boston311_2015_jan_jun.csv.gz"
SIZES = (5_000, 20_000, 58_119)
EVENTS_AN_ORDER = 6
ORDERS_A_SAVE = 300


def main() -> None:
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            store, sample = Path(folder, f"{size}.db"), Path(folder, f"{size}.csv")
            _extract(sample, size)
            steps = [_in_process(lambda args=args: _slaengine(*args)) for args in _job(sample, store)]
            plain = _in_process(lambda size=size: _plain(Path(folder, f"plain{size}.db"), size))
            whole = sum(seconds for seconds, _ in steps)
            memory = max(mb for _, mb in steps)
            rows.append(
                [
                    f"{size:,}",
                    *(seconds for seconds, _ in steps),
                    whole,
                    1e6 * whole / size,
                    memory,
                    plain[0],
                    steps[0][0] / plain[0],
                ]
            )
    table(
        [
            "orders",
            "import s",
            "project+report s",
            "report again s",
            "in all s",
            "µs an order",
            "peak MB",
            "plain library s",
            "import / plain",
        ],
        rows,
    )


def _job(sample: Path, store: Path) -> list[tuple[str, ...]]:
    url = f"sqlite:///{store}"
    report = ("report", "--store", url, "--policy", "boston-311", "--period", "month", "--json")
    mapping = str(ROOT / "examples" / "boston311.yaml")
    return [("import", str(sample), "--mapping", mapping, "--store", url), report, report]


def _extract(sample: Path, size: int) -> None:
    with gzip.open(WHOLE, "rb") as source:
        sample.write_bytes(b"".join(source.readline() for _ in range(size + 1)))


def _slaengine(*args: str) -> None:
    from slaengine.cli import run

    run(list(args))


def _plain(store: Path, orders: int) -> None:
    """Append as many events as the import does, many orders to a transaction, with the library's own recorder and codec."""
    from eventsourcing.application import Application
    from eventsourcing.domain import Aggregate, event

    class Order(Aggregate):
        @event("Received")
        def __init__(self, number: str) -> None:
            self.number = number

        @event("Happened")
        def happen(self, what: str, at: str) -> None:
            self.what, self.at = what, at

    app = Application(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(store)})
    waiting = []
    for _ in range(orders):
        order = Order(str(uuid4()))
        for _ in range(EVENTS_AN_ORDER - 1):
            order.happen("resolved", "2015-01-01T00:00:00Z")
        waiting.append(order)
        if len(waiting) == ORDERS_A_SAVE:
            app.save(*waiting)
            waiting.clear()
    app.save(*waiting)


def _in_process(work: Callable[[], None]) -> tuple[float, float]:
    """Run `work` in a process of its own and return its wall time in s and its largest resident size in MB."""
    sys.stdout.flush()
    begun = time.perf_counter()
    child = os.fork()
    if child == 0:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        try:
            work()
        except SystemExit as leaving:
            os._exit(leaving.code if isinstance(leaving.code, int) else 1)
        os._exit(0)
    _, status, used = os.wait4(child, 0)
    if status:
        raise RuntimeError(f"a step of the main job failed with status {status}")
    return time.perf_counter() - begun, used.ru_maxrss / 1024
