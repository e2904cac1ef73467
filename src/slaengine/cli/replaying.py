"""`slaengine audit replay`: every order judged again from its facts alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.table import Table

from slaengine.audit.log_history import log_history
from slaengine.audit.totals import report as report_from
from slaengine.audit.totals import totals
from slaengine.cli.common import AsJson, PolicyName, instant, print_json, utc_now
from slaengine.cli.histories import Folder, Kafka, Log, MaybeStore, Source, Stream, Topic, question_of, source, steps
from slaengine.cli.reading import AsOf, KnownAt, catching_up, plain_table, show
from slaengine.engine import SlaEngine
from slaengine.projections.report import Question as Asked
from slaengine.reporting.tables import report_table
from slaengine.reporting.words import percent
from slaengine.streaming.topics import FACTS

Times = tuple[datetime, datetime | None]
"""What was so at this instant, as known at that one; None for all that is known."""
Counted = tuple[str, list[dict[str, Any]]]
"""The policy's name, and the totals of each of its targets."""


def replay(
    store: MaybeStore = None,
    history: Folder = None,
    policy: PolicyName = None,
    by: Annotated[list[str] | None, typer.Option("--by", help="A dimension to group by; again for more.", metavar="DIM")] = None,
    period: Annotated[
        str | None, typer.Option("--period", help="Group by when received: day, week, month, quarter, year.")
    ] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    kafka: Kafka = None,
    topic: Topic = FACTS,
    log: Log = None,
    as_json: AsJson = False,
) -> None:
    """Judge every order again from its facts alone, and report.

    Example: `slaengine audit replay --history ./history --policy service-standard --by type --period month`

    Without `--by` and `--period`: each target's totals, by the compiled kernel where `slaengine[fast]` is installed; a store is
    then read straight, without a history being made. With them: the whole report, the same that `slaengine report` gives.
    """
    times = instant(as_of, "--as-of") or utc_now(), instant(known_at, "--known-at")
    stream = Stream.named(kafka, topic, log)
    if by or period:
        with source(store, history, policy, stream) as replayed, catching_up() as told:
            asked, question = Asked.of(*times, period=period, by=by or ()), question_of(replayed.book, *times)
            report = report_from(replayed.history, question, asked, progress=steps(told))
        if as_json:
            typer.echo(report.model_dump_json())
        else:
            show(report_table(report))
        return
    with catching_up() as told:
        straight = store is not None and history is None and stream is None
        counted = _of_log(str(store), policy, times, steps(told)) if straight else None
        name, rows = counted or _of_history(source(store, history, policy, stream), times, steps(told))
    if as_json:
        then, known = times
        print_json({"as_of": then.isoformat(), "known_at": known and known.isoformat(), "policy": name, "targets": rows})
    else:
        show(_totals_table(rows))


def _of_log(store: str, policy: str | None, times: Times, progress: Callable[[int], None]) -> Counted | None:
    """Return the totals straight from a store; None where it takes a history to judge by this policy."""
    with SlaEngine.open(store, policy=policy, clock=utc_now, create=False) as engine:
        book = engine.book()
        question = question_of(book, *times)
        read = log_history(engine.log, question, progress)
        return None if read is None else (book.name, totals(read, question))


def _of_history(opened: AbstractContextManager[Source], times: Times, progress: Callable[[int], None]) -> Counted:
    with opened as replayed:
        return replayed.book.name, totals(replayed.history, question_of(replayed.book, *times), progress=progress)


def _totals_table(rows: Sequence[dict[str, Any]]) -> Table:
    shown = [{**row, "rate": percent(row["rate"])} for row in rows]
    return plain_table(("target", "met", "missed", "running", "overdue", "waived", "cancelled", "rate"), shown)
