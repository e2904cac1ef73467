"""`slaengine audit export | replay | what-if | diff`: a history judged again, by the same policy or another, then or now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.table import Table

from slaengine.audit.history import History
from slaengine.audit.judging import Question
from slaengine.audit.totals import report as report_from
from slaengine.audit.totals import totals
from slaengine.audit.whatif import Changes, what_if
from slaengine.cli.common import AsJson, PolicyName, Store, instant, print_json, say, stderr, utc_now
from slaengine.cli.reading import AsOf, KnownAt, catching_up, show
from slaengine.engine import SlaEngine
from slaengine.errors import UsageError
from slaengine.policies.book import PolicyBook
from slaengine.projections.case_file import micros
from slaengine.projections.report import Question as Asked
from slaengine.reporting.tables import report_table
from slaengine.reporting.whatif_page import whatif_page
from slaengine.reporting.words import percent

ROWS_SHOWN = 40

MaybeStore = Annotated[
    str | None,
    typer.Option("--store", envvar="SLAENGINE_STORE", help="The store to replay; or name a --history.", metavar="URL"),
]
Folder = Annotated[
    Path | None,
    typer.Option("--history", help="A history that `audit export` made; with --store it is brought up to date.", metavar="DIR"),
]


@dataclass(frozen=True)
class Source:
    """What is replayed: a history, and the policy in use."""

    history: History
    book: PolicyBook


@contextmanager
def source(store: str | None, folder: Path | None, policy: str | None) -> Iterator[Source]:
    """Give the history of a store, in a folder of its own or one for a while; or a history alone, with a named policy."""
    if store is None:
        if folder is None or policy is None:
            raise UsageError("what is to be replayed? name a --store, or a --history with its --policy")
        yield Source(History(folder), PolicyBook.load(policy))
        return
    with SlaEngine.open(store, policy=policy, clock=utc_now, create=False) as engine, _folder(folder) as place:
        history = History(place, create=True)
        history.extend(engine.log)
        yield Source(history, engine.book())


@contextmanager
def _folder(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder
        return
    with TemporaryDirectory(prefix="slaengine-history-") as place:
        yield Path(place)


def export(
    store: Store,
    out: Annotated[Path, typer.Option("--out", help="The folder of the history; made, or taken further.", metavar="DIR")],
    as_json: AsJson = False,
) -> None:
    """Write the log as Parquet files, by month; the next time only what is new. Nothing personal is in them.

    Example: `slaengine audit export --store sqlite:///orders.db --out ./history`

    An export that is cut short goes on where it was. docs/reference/history.md tells the columns.
    """
    with SlaEngine.open(store, clock=utc_now, create=False) as engine, catching_up() as told:
        history = History(out, create=True)
        added = history.extend(engine.log, progress=steps(told))
    manifest = history.manifest
    if as_json:
        print_json({"added": added, "position": manifest.position, "parts": len(manifest.parts)})
    else:
        say(f"added {added:,} facts; the history in {out} ends at position {manifest.position:,}, in {len(manifest.parts)} files")


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
    as_json: AsJson = False,
) -> None:
    """Judge every order again from its facts alone, and report.

    Example: `slaengine audit replay --history ./history --policy service-standard --by type --period month`

    Without `--by` and `--period`: each target's totals, by the compiled kernel where `slaengine[fast]` is installed. With
    them: the whole report, the same that `slaengine report` gives.
    """
    then, known = instant(as_of, "--as-of") or utc_now(), instant(known_at, "--known-at")
    with source(store, history, policy) as replayed, catching_up() as told:
        question = _question(replayed.book, then, known)
        if by or period:
            found = report_from(
                replayed.history, question, Asked.of(then, known, period=period, by=by or ()), progress=steps(told)
            )
            if as_json:
                typer.echo(found.model_dump_json())
            else:
                show(report_table(found))
            return
        rows = totals(replayed.history, question, progress=steps(told))
    if as_json:
        print_json(
            {"as_of": then.isoformat(), "known_at": known and known.isoformat(), "policy": replayed.book.name, "targets": rows}
        )
    else:
        show(_totals_table(rows))


def what_if_(
    instead: Annotated[
        str, typer.Option("--instead", help="The policy to try: a file, or a shipped pack's name.", metavar="POLICY")
    ],
    store: MaybeStore = None,
    history: Folder = None,
    policy: PolicyName = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page here.", metavar="FILE")] = None,
    as_json: AsJson = False,
) -> None:
    """Judge the same history by another policy: which orders change verdict, by type and team, and at what cost in breaches.

    Example: `slaengine audit what-if --store sqlite:///orders.db --policy service-standard --instead stricter.yaml`
    """
    then, known = instant(as_of, "--as-of") or utc_now(), instant(known_at, "--known-at")
    other = PolicyBook.load(instead)
    with source(store, history, policy) as replayed, catching_up() as told:
        before, after = _question(replayed.book, then, known), _question(other, then, known)
        found = what_if(replayed.history, before, after, progress=steps(told))
    _show(found, replayed.book.name, other.name, html, as_json=as_json)


def diff(
    store: MaybeStore = None,
    history: Folder = None,
    policy: PolicyName = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    policy_2: Annotated[str | None, typer.Option("--policy-2", help="Judge by this the second time.", metavar="POLICY")] = None,
    as_of_2: Annotated[str | None, typer.Option("--as-of-2", help="The second instant.", metavar="TIME")] = None,
    known_at_2: Annotated[
        str | None, typer.Option("--known-at-2", help="What was known, the second time.", metavar="TIME")
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page here.", metavar="FILE")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare two instants, two states of knowledge or two policies over one history. Exit code 1 when verdicts differ.

    Example: `slaengine audit diff --store sqlite:///orders.db --as-of 2026-02-01 --known-at 2026-02-01 --as-of-2 2026-02-01`

    What was left out of `--as-of-2` is now, of `--known-at-2` all that is known, of `--policy-2` the first policy.
    """
    now = utc_now()
    with source(store, history, policy) as replayed, catching_up() as told:
        other = PolicyBook.load(policy_2) if policy_2 else replayed.book
        before = _question(replayed.book, instant(as_of, "--as-of") or now, instant(known_at, "--known-at"))
        after = _question(other, instant(as_of_2, "--as-of-2") or now, instant(known_at_2, "--known-at-2"))
        found = what_if(replayed.history, before, after, progress=steps(told))
    _show(found, f"{replayed.book.name} {as_of or ''}".strip(), f"{other.name} {as_of_2 or ''}".strip(), html, as_json=as_json)
    if found.changes:
        raise typer.Exit(1)


def _question(book: PolicyBook, as_of: datetime, known_at: datetime | None) -> Question:
    return Question(book, micros(as_of), micros(known_at) if known_at else None)


def steps(told: Callable[[int], None]) -> Callable[[int], None]:
    """Turn positions reached into facts done, as the progress line counts."""
    reached = [0]

    def step(position: int) -> None:
        told(position - reached[0])
        reached[0] = position

    return step


def _show(found: Changes, before: str, after: str, html: Path | None, *, as_json: bool) -> None:
    if html is not None:
        try:
            html.write_text(whatif_page(found, before, after), encoding="utf-8")
        except OSError as error:
            raise UsageError(f"cannot write {html}: {error.strerror}") from None
        say(f"wrote {html}")
    if as_json:
        print_json(
            {
                "before": before,
                "after": after,
                "clocks": found.clocks,
                "moved": found.moved,
                "cost": found.cost(),
                "targets": found.totals(),
                "by_type_and_team": found.by("type", "team", "target"),
                "changes": [change.as_json() for change in found.changes],
            }
        )
    elif html is None:
        _show_changes(found)


def _show_changes(found: Changes) -> None:
    rows = found.by("type", "target")
    if rows:
        show(_table(("type", "target", "before", "after", "clocks", "cost"), rows[:ROWS_SHOWN]))
    if len(rows) > ROWS_SHOWN:
        say(f"{len(rows) - ROWS_SHOWN} more lines; --json gives all")
    stderr.print(
        f"{found.clocks:,} clocks; {len(found.changes):,} change their verdict, {found.moved:,} are due at another time; "
        f"breaches {found.cost():+,}",
        highlight=False,
    )


def _totals_table(rows: Sequence[dict[str, Any]]) -> Table:
    shown = [{**row, "rate": percent(row["rate"])} for row in rows]
    return _table(("target", "met", "missed", "running", "overdue", "waived", "cancelled", "rate"), shown)


def _table(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> Table:
    table = Table()
    for name in columns:
        numeric = bool(rows) and isinstance(rows[0][name], int)
        table.add_column(name, justify="right" if numeric or name == "rate" else "left")
    for row in rows:
        table.add_row(
            *(
                "–" if row[name] is None else f"{row[name]:,}" if isinstance(row[name], int) else str(row[name])
                for name in columns
            )
        )
    return table


def register(audit: typer.Typer) -> None:
    """Add the commands to `slaengine audit`."""
    audit.command("export", no_args_is_help=True)(export)
    audit.command("replay", no_args_is_help=True)(replay)
    audit.command("what-if", no_args_is_help=True)(what_if_)
    audit.command("diff", no_args_is_help=True)(diff)
