"""Figures straight from a replay: each target's verdicts over a whole history, or any report that the read models give."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from slaengine.audit.clocks import VERDICTS
from slaengine.audit.history import History
from slaengine.audit.history_schema import moments_of
from slaengine.audit.judging import Facts
from slaengine.audit.judging import Question as Asked
from slaengine.audit.replay import Replay
from slaengine.projections.case_file import CaseFile, micros
from slaengine.projections.compliance import ratio
from slaengine.projections.entry import Judge
from slaengine.projections.gather import tile_of_entries
from slaengine.projections.groups import stored_dimensions
from slaengine.projections.promises import promises_of
from slaengine.projections.report import Question, Report, tabulate
from slaengine.projections.sheets import side_by_side

if TYPE_CHECKING:
    import pyarrow as pa

Told = Callable[[int], None]


def totals(history: Facts, asked: Asked, *, workers: int | None = None, progress: Told = lambda _: None) -> list[dict[str, Any]]:
    """Return for each target how many clocks stand at each verdict, and the rate, judged by the compiled kernel."""
    replay = Replay(history, asked, workers)
    rows = replay.counts(progress).tolist()
    return [_total(name, dict(zip(VERDICTS, row, strict=True))) for name, row in zip(replay.names.targets, rows, strict=True)]


def _total(target: str, counts: dict[str, int]) -> dict[str, Any]:
    due = counts["met"] + counts["missed"] + counts["overdue"]
    return {"target": target, **counts, "rate": ratio(counts["met"], due)}


def report(history: History, asked: Asked, question: Question, *, progress: Told = lambda _: None) -> Report:
    """Return the very report that the read models give, made from the history alone, order by order."""
    judge, names = Judge(asked.book), stored_dimensions(question.by)
    as_of, tiles, facts = micros(question.as_of), [], 0
    for bucket in history.buckets():
        table = history.read(bucket)
        entries = judge.entries(_case_files(table), as_of=as_of, known_at=asked.known_at)
        tiles.append(tile_of_entries(entries, names))
        facts += table.num_rows
        progress(facts)
    return tabulate(question, promises_of(judge.book, question.as_of), side_by_side(tiles, names))


def _case_files(table: pa.Table) -> list[CaseFile]:
    whole = zip(table["order"].to_pylist(), table["order_id"].to_pylist(), strict=True)
    ids = {order: UUID(bytes=order_id) for order, order_id in whole if order_id is not None}
    return [CaseFile(ids[order], tuple(moments)) for order, moments in moments_of(table) if moments[0].name == "received"]
