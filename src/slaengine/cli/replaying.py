"""`slaengine audit export | replay | what-if | diff`: a history judged again, by the same policy or another, then or now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Annotated, Any, NamedTuple, Self

import typer
from rich.table import Table

from slaengine.audit.copies import Compared, compare
from slaengine.audit.history import History
from slaengine.audit.judging import Question
from slaengine.audit.replay import Replay
from slaengine.audit.stores import between
from slaengine.audit.totals import report as report_from
from slaengine.audit.totals import totals
from slaengine.audit.whatif import Changes, what_if
from slaengine.cli.common import AsJson, PolicyName, instant, print_json, say, stderr, utc_now
from slaengine.cli.reading import AsOf, KnownAt, catching_up, show
from slaengine.domain.events import BY_NAME
from slaengine.engine import SlaEngine
from slaengine.errors import UsageError
from slaengine.policies.book import PolicyBook
from slaengine.projections.case_file import micros
from slaengine.projections.report import Question as Asked
from slaengine.reporting.tables import report_table
from slaengine.reporting.whatif_page import whatif_page
from slaengine.reporting.words import percent
from slaengine.streaming.topic_log import topic_log
from slaengine.streaming.topics import FACTS

ROWS_SHOWN = 40

MaybeStore = Annotated[
    str | None,
    typer.Option("--store", envvar="SLAENGINE_STORE", help="The store to replay; or name a --history.", metavar="URL"),
]
Folder = Annotated[
    Path | None,
    typer.Option("--history", help="A history that `audit export` made; with --store it is brought up to date.", metavar="DIR"),
]

Kafka = Annotated[
    str | None,
    typer.Option("--kafka", envvar="SLAENGINE_KAFKA", help="Take the facts from Kafka: HOST:PORT or a URL.", metavar="URL"),
]
Topic = Annotated[str, typer.Option("--topic", help="The topic of facts.")]
Log = Annotated[str | None, typer.Option("--source", help="Of a topic with several logs: which (ce_source).", metavar="NAME")]


@dataclass(frozen=True)
class Source:
    """What is replayed: a history, and the policy in use."""

    history: History
    book: PolicyBook


@contextmanager
def source(store: str | None, folder: Path | None, policy: str | None, stream: Stream | None = None) -> Iterator[Source]:
    """Give a history, and the policy in use: that of a store or a topic, in a folder or one for a while, or one that was made."""
    if stream is not None:
        if store is not None or policy is None:
            raise UsageError("a topic is replayed by a named --policy; leave --store out, or compare the two with `audit export`")
        with _folder(folder) as place:
            yield Source(streamed(stream, place)[0], PolicyBook.load(policy))
        return
    if store is None:
        if folder is None or policy is None:
            raise UsageError("what is to be replayed? name a --store, or a --history or --kafka with its --policy")
        yield Source(History(folder), PolicyBook.load(policy))
        return
    with SlaEngine.open(store, policy=policy, clock=utc_now, create=False) as engine, _folder(folder) as place:
        history = History(place, create=True)
        history.extend(engine.log)
        yield Source(history, engine.book())


class Stream(NamedTuple):
    """A topic to take facts from; `source` names one of several logs in it."""

    kafka: str
    topic: str
    source: str | None

    @classmethod
    def named(cls, kafka: str | None, topic: str, source: str | None) -> Self | None:
        """Return the topic, or None where no Kafka is named."""
        return None if kafka is None else cls(kafka, topic, source)


def streamed(stream: Stream, place: Path, progress: Callable[[int], None] = lambda _: None) -> tuple[History, int]:
    """Return the history of a topic, in this folder, and how many facts were added to it."""
    history = History(place, create=True)
    with topic_log(*stream) as log:
        return history, history.extend(log, chained=False, progress=progress)


@contextmanager
def _folder(folder: Path | None) -> Iterator[Path]:
    if folder is not None:
        yield folder
        return
    with TemporaryDirectory(prefix="slaengine-history-") as place:
        yield Path(place)


def export(
    out: Annotated[Path, typer.Option("--out", help="The folder of the history; made, or taken further.", metavar="DIR")],
    store: MaybeStore = None,
    kafka: Kafka = None,
    topic: Topic = FACTS,
    log: Log = None,
    as_json: AsJson = False,
) -> None:
    """Write the log as Parquet files, by month; the next time only what is new. Nothing personal is in them.

    Example: `slaengine audit export --store sqlite:///orders.db --out ./history`

    With `--kafka` in place of `--store` the facts are those of a topic. With both, the store is written, and every fact
    compared with the topic's by its hash; exit code 1 when one is missing on either side or differs. An export that is cut
    short goes on where it was. docs/reference/history.md tells the columns.
    """
    stream = Stream.named(kafka, topic, log)
    compared: Compared | None = None
    with catching_up() as told:
        if store is not None:
            with SlaEngine.open(store, clock=utc_now, create=False) as engine:
                history = History(out, create=True)
                added = history.extend(engine.log, progress=steps(told))
        elif stream is not None:
            history, added = streamed(stream, out, steps(told))
        else:
            raise UsageError("what is to be exported? name a --store, a --kafka, or both to compare them")
        if store is not None and stream is not None:
            with _folder(None) as place:
                compared = compare(history, streamed(stream, place)[0], BY_NAME)
    manifest = history.manifest
    found = _as_json(compared)
    if as_json:
        print_json({"added": added, "position": manifest.position, "parts": len(manifest.parts)} | found)
    else:
        say(f"added {added:,} facts; the history in {out} ends at position {manifest.position:,}, in {len(manifest.parts)} files")
        _show_compared(compared, "the store", "the topic")
    if compared and compared.unlike:
        raise typer.Exit(1)


def _as_json(compared: Compared | None) -> dict[str, Any]:
    if compared is None:
        return {}
    unlike = [
        {
            "position": fact.position,
            "fact": fact.fact,
            "one": fact.one and fact.one.hex(),
            "other": fact.other and fact.other.hex(),
            "why": fact.why,
        }
        for fact in compared.unlike
    ]
    return {"compared": {"same": compared.same, "only_by_position": compared.by_position, "unlike": unlike}}


def _show_compared(compared: Compared | None, one: str, other: str) -> None:
    if compared is None:
        return
    say(f"{compared.same:,} facts are the same in {one} and in {other}, {len(compared.unlike):,} are not")
    if compared.by_position:
        say(f"{compared.by_position:,} of them were published before hashes were, and are compared by position and kind alone")
    for fact in compared.unlike[:ROWS_SHOWN]:
        typer.echo(f"position {fact.position} ({fact.fact}): {fact.why.replace('the first', one).replace('the second', other)}")


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

    Without `--by` and `--period`: each target's totals, by the compiled kernel where `slaengine[fast]` is installed. With
    them: the whole report, the same that `slaengine report` gives.
    """
    then, known = instant(as_of, "--as-of") or utc_now(), instant(known_at, "--known-at")
    with source(store, history, policy, Stream.named(kafka, topic, log)) as replayed, catching_up() as told:
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
    store_2: Annotated[str | None, typer.Option("--store-2", help="Compare with this store.", metavar="URL")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page here.", metavar="FILE")] = None,
    as_json: AsJson = False,
) -> None:
    """Compare two instants, two states of knowledge, two policies or two stores. Exit code 1 when anything differs.

    Example: `slaengine audit diff --store sqlite:///orders.db --as-of 2026-02-01 --known-at 2026-02-01 --as-of-2 2026-02-01`

    What was left out of `--as-of-2` is now, of `--known-at-2` all that is known, of `--policy-2` the first policy. Two stores
    are compared fact by fact, by the hashes of their logs, and their orders, by number, clock by clock.
    """
    now = utc_now()
    if store_2 is not None:
        if store is None:
            raise UsageError("the second store is compared with the first; name that with --store")
        _two_stores(
            store,
            store_2,
            (policy, policy_2),
            (instant(as_of, "--as-of") or now, instant(known_at, "--known-at")),
            html,
            as_json=as_json,
        )
        return
    with source(store, history, policy) as replayed, catching_up() as told:
        other = PolicyBook.load(policy_2) if policy_2 else replayed.book
        before = _question(replayed.book, instant(as_of, "--as-of") or now, instant(known_at, "--known-at"))
        after = _question(other, instant(as_of_2, "--as-of-2") or now, instant(known_at_2, "--known-at-2"))
        found = what_if(replayed.history, before, after, progress=steps(told))
    _show(found, f"{replayed.book.name} {as_of or ''}".strip(), f"{other.name} {as_of_2 or ''}".strip(), html, as_json=as_json)
    if found.changes:
        raise typer.Exit(1)


def _two_stores(
    one: str,
    other: str,
    policies: tuple[str | None, str | None],
    instants: tuple[datetime, datetime | None],
    html: Path | None,
    *,
    as_json: bool,
) -> None:
    with (
        source(one, None, policies[0]) as first,
        source(other, None, policies[1] or policies[0]) as second,
        catching_up() as told,
    ):
        compared = compare(first.history, second.history)
        before, after = (Replay(side.history, _question(side.book, *instants)) for side in (first, second))
        found = between(before, after, progress=steps(told))
    _show(found, one, other, html, as_json=as_json, further=_as_json(compared))
    if not as_json:
        _show_compared(compared, one, other)
    if found.changes or compared.unlike:
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


def _show(
    found: Changes,
    before: str,
    after: str,
    html: Path | None,
    *,
    as_json: bool,
    further: Mapping[str, Any] = MappingProxyType({}),
) -> None:
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
                **further,
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
