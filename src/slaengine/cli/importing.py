"""`slaengine import`: other people's tables into a store."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from slaengine.cli.common import AsJson, PolicyName, Store, instant, print_json, say, stderr, utc_now
from slaengine.cli.personal import MaybeKeys, key_store
from slaengine.engine import SlaEngine
from slaengine.errors import StorageError
from slaengine.garbage import searched_seldom
from slaengine.importing import Importer, ImportResult, load_mapping
from slaengine.importing.importer import Progress as Told
from slaengine.storage.keys import KeyStore


def import_(
    files: Annotated[list[Path], typer.Argument(help="Tables: CSV (also gzip), Parquet or Excel.", metavar="FILE…")],
    mapping: Annotated[Path, typer.Option("--mapping", help="Which column is which field of which fact.", metavar="FILE")],
    store: Store,
    policy: PolicyName = None,
    rejects: Annotated[
        Path | None, typer.Option("--rejects", help="Where rows that cannot be used go, with the reason.", metavar="FILE")
    ] = None,
    snapshot_at: Annotated[
        str | None, typer.Option("--snapshot-at", help="When the tables were taken from their system.", metavar="TIME")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be recorded, and record nothing.")] = False,
    keys: MaybeKeys = None,
    as_json: AsJson = False,
) -> None:
    """Import work orders from another system's tables; importing the same table again adds nothing.

    Example: `slaengine import 311.csv.gz --mapping examples/boston311.yaml --store sqlite:///boston.db`

    Rows that cannot be used go to a rejects file with the reason; the others are imported. A table that is damaged, or
    does not have the mapping's columns, is refused whole, before anything is recorded. With `--policy` it becomes the store's
    own, published there if it is not yet, and the orders are judged by it at once: the first report does not have to.
    With `--keys` personal texts are encrypted, under a key for each reporter, before they are recorded.
    """
    rules = load_mapping(mapping)
    place = rejects or Path(f"{files[0].name.split('.')[0]}.rejects.csv")
    with (
        key_store(keys) as opened,
        _opened(store, policy, opened, dry_run=dry_run) as engine,
        progress_bar() as told,
        searched_seldom(),
    ):
        importer = Importer(
            engine,
            rules,
            rejects=place,
            snapshot_at=instant(snapshot_at, "--snapshot-at"),
            dry_run=dry_run,
            progress=told,
        )
        if policy:
            engine.adopt(policy, dry_run=True)
        result = importer.run(files)
        if policy and not dry_run:
            engine.adopt(policy, channel="import")
            engine.project()
    _show(result, store, policy, as_json=as_json, dry_run=dry_run)
    if result.rejected and not result.orders:
        raise typer.Exit(1)


@contextmanager
def _opened(store: str, policy: str | None, keys: KeyStore | None, *, dry_run: bool) -> Iterator[SlaEngine]:
    """Open the store; a dry run makes none where there is none, and then sees an empty one."""
    try:
        engine = SlaEngine.open(store, policy=policy, clock=utc_now, create=not dry_run, keys=keys)
    except StorageError:
        if not dry_run:
            raise
        engine = SlaEngine.open("memory:", clock=utc_now)
    with engine:
        yield engine


@contextmanager
def progress_bar() -> Iterator[Told]:
    """Yield what is told of the progress: a bar on a terminal, nothing elsewhere."""
    if not stderr.is_terminal:
        yield lambda *_: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("rows"), TimeRemainingColumn())
    with Progress(*columns, console=stderr, transient=True) as bar:
        tasks = {}

        def told(file: str, done: int, rows: int) -> None:
            if file not in tasks:
                tasks[file] = bar.add_task(file, total=rows)
            bar.update(tasks[file], completed=done)

        yield told


def _show(result: ImportResult, store: str, policy: str | None, *, as_json: bool, dry_run: bool) -> None:
    if as_json:
        print_json(result.as_json())
    if result.rejected:
        say(f"{result.rejected:,} of {result.rows:,} rows could not be imported; they are in {result.rejects_file}, with reasons")
    if as_json:
        return
    verb = "would record" if dry_run else "recorded"
    say(f"{result.rows:,} rows tell of {result.orders:,} work orders; {verb} {result.new_facts:,} new facts")
    if not dry_run and result.new_facts:
        say(f"next: slaengine report --store {store}{'' if policy else ' --policy POLICY'}")


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command("import", no_args_is_help=True)(import_)
