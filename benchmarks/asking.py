"""What it costs to ask a store whose read models stand: in a process that has just begun, and in one that stays open.

    ASKING_STORE=sqlite:////data/orders.db python -m benchmarks asking     a store that is there, with read models of the policy
    python -m benchmarks asking                                           a town of 30,000 orders, made for it

Each question is asked once, then five times more, of which the slowest counts. Before the latter the compiled loops are loaded,
which an engine does by itself when it is asked again. `python -m benchmarks figures` asks each of its stores the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from benchmarks._timing import peak_memory_mb, table

POLICY = "service-standard"
QUESTIONS: tuple[dict[str, Any], ...] = (
    {"period": "month", "by": ["type"]},
    {"period": "week", "by": ["team"]},
    {"by": ["community", "building"]},
    {"period": "quarter", "by": ["type.1", "channel"]},
)
MONTH = timedelta(days=30)
TIMES = 5
LOADED_WITHIN_S = 120
HEADER = ["asked", "rows", "first ms", "then ms"]


def main() -> None:
    if url := os.environ.get("ASKING_STORE"):
        show(url)
    else:
        from benchmarks.figures import fill

        with tempfile.TemporaryDirectory() as folder:
            fill(f"sqlite:///{folder}/30000.db", 30_000)
            show(f"sqlite:///{folder}/30000.db")


def show(url: str) -> None:
    """Ask a store in a process of its own, and print what each question took."""
    ask = [sys.executable, "-m", "benchmarks.asking", url]
    table(HEADER, json.loads(subprocess.run(ask, check=True, stdout=subprocess.PIPE).stdout))


def _asked(url: str) -> Iterator[list[Any]]:
    """Yield a row for each question: how many rows it has, the ms of the first asking, and of the slowest of the others."""
    begun = time.perf_counter()
    from slaengine import SlaEngine

    yield ["slaengine imported", "", _ms(begun), ""]
    begun = time.perf_counter()
    now = [datetime(2100, 1, 1, tzinfo=UTC)]
    with SlaEngine.open(url, policy=POLICY, clock=lambda: now[0]) as engine:
        now[0] = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=engine.log.head().recorded_at)
        engine.report(**QUESTIONS[0])
        yield ["store opened and first report of the process", "", _ms(begun), ""]
        yield ["compiled loops loaded, asking on", "", _loaded(partial(engine.report, **QUESTIONS[0])), ""]
        for question in QUESTIONS:
            yield [_named(question), *_timed(partial(engine.report, **question))]
        yield ["the slowest of them, and its JSON", *_timed(lambda: _with_json(engine, QUESTIONS[2]))]
        yield max(_kpis(engine), key=lambda row: row[-1])
        month_ago = now[0] - MONTH
        for past in ({"as_of": month_ago}, {"known_at": month_ago}, {"as_of": month_ago, "known_at": month_ago}):
            named = f"{_named(QUESTIONS[0])}, {' and '.join(past)} 30 days ago"
            yield [named, *_timed(partial(engine.report, **QUESTIONS[0], **past))]
        yield ["peak MB", "", round(peak_memory_mb()), ""]


def _kpis(engine: Any) -> Iterator[list[Any]]:
    from slaengine.projections.promises import chosen_kpis

    for kpi in chosen_kpis(engine.book(), ()):
        yield [f"the dearest KPI: {kpi.name}", *_timed(partial(engine.kpis, names=[kpi.name]))]


def _with_json(engine: Any, question: dict[str, Any]) -> Any:
    report = engine.report(**question)
    report.model_dump_json()
    return report


def _timed(ask: Callable[[], Any]) -> tuple[int, int, int]:
    times = []
    for _ in range(TIMES + 1):
        begun = time.perf_counter()
        found = ask()
        times.append(_ms(begun))
    return len(getattr(found, "rows", found)) + len(getattr(found, "closure", ())), times[0], max(times[1:])


def _loaded(ask: Callable[[], Any]) -> int:
    """Ask on until the loops are loaded, as they are for large towns only; return how many ms that took."""
    from slaengine.projections import counting

    begun = time.perf_counter()
    while not counting.loaded() and time.perf_counter() - begun < LOADED_WITHIN_S:
        ask()
        if threading.active_count() == 1:
            break
    return _ms(begun)


def _named(question: dict[str, Any]) -> str:
    by = ", ".join(question["by"])
    return f"by {by}, by {question['period']}" if "period" in question else f"by {by}"


def _ms(begun: float) -> int:
    return round(1e3 * (time.perf_counter() - begun))


if __name__ == "__main__":
    print(json.dumps(list(_asked(sys.argv[1]))))
