"""Figures straight from a replay: each target's verdicts over a whole history, or any report that the read models give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

import numpy as np

from slaengine.audit.clocks import VERDICTS
from slaengine.audit.history import History
from slaengine.audit.history_schema import moments_of
from slaengine.audit.replay import Question as Asked
from slaengine.audit.replay import Replay
from slaengine.projections.case_file import CaseFile, micros
from slaengine.projections.compliance import ratio
from slaengine.projections.entry import Judge
from slaengine.projections.gather import (
    ClockLine,
    OrderLine,
    clock_columns,
    clock_lines,
    order_columns,
    order_line,
    stored_dimensions,
)
from slaengine.projections.groups import said_by
from slaengine.projections.promises import promises_of
from slaengine.projections.report import Question, Report, tabulate

Told = Callable[[int], None]


def totals(
    history: History, asked: Asked, *, workers: int | None = None, progress: Told = lambda _: None
) -> list[dict[str, Any]]:
    """Return for each target how many clocks stand at each verdict, and the rate, judged by the compiled kernel."""
    replay = Replay(history, asked, workers)
    counts = np.zeros(len(replay.names.targets) * len(VERDICTS), np.int64)
    for bucket in replay.run(progress):
        codes = bucket.clocks.target * len(VERDICTS) + bucket.clocks.verdict
        counts += np.bincount(codes, minlength=len(counts))
    rows = counts.reshape(-1, len(VERDICTS)).tolist()
    return [_total(name, dict(zip(VERDICTS, row, strict=True))) for name, row in zip(replay.names.targets, rows, strict=True)]


def _total(target: str, counts: dict[str, int]) -> dict[str, Any]:
    due = counts["met"] + counts["missed"] + counts["overdue"]
    return {"target": target, **counts, "rate": ratio(counts["met"], due)}


def report(history: History, asked: Asked, question: Question, *, progress: Told = lambda _: None) -> Report:
    """Return the very report that the read models give, made from the history alone, order by order."""
    judge, names = Judge(asked.book), stored_dimensions(question.by)
    lines: list[OrderLine] = []
    values: list[list[Any]] = []
    of_orders: list[int] = []
    clocks: list[ClockLine] = []
    as_of, known_at, facts = micros(question.as_of), asked.known_at, 0
    for bucket in history.buckets():
        table = history.read(bucket)
        ids = {
            order: UUID(bytes=raw)
            for order, raw in zip(*(table[n].to_pylist() for n in ("order", "order_id")), strict=True)
            if raw
        }
        files = [CaseFile(ids[order], tuple(moments)) for order, moments in moments_of(table)]
        for entry in judge.entries(
            [file for file in files if file.moments[0].name == "received"], as_of=as_of, known_at=known_at
        ):
            of_clocks = list(clock_lines(entry))
            of_orders.extend([len(lines)] * len(of_clocks))
            clocks.extend(of_clocks)
            lines.append(order_line(entry))
            values.append([said_by(entry.view, name) for name in names])
        facts += table.num_rows
        progress(facts)
    columns = order_columns(lines, names, values), clock_columns(of_orders, clocks)
    return tabulate(question, promises_of(judge.book, question.as_of), *columns)
