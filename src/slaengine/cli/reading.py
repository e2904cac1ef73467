"""What the reading commands share: the store opened to be read, the two times, and the progress of catching up."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic_core import to_json
from rich.console import Console, RenderableType
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from slaengine.cli.common import say, stderr, utc_now
from slaengine.engine import SlaEngine
from slaengine.errors import UsageError
from slaengine.projections.behind import Behind
from slaengine.projections.kpi_orders import BehindKpi
from slaengine.reporting.behind import behind_csv, behind_table
from slaengine.reporting.words import Lang
from slaengine.storage.catch_up import Progress as Told

WIDE = 220
"""Columns of a table that does not go to a terminal: wide enough for every figure on one line."""

AsOf = Annotated[str | None, typer.Option("--as-of", help="What was so at this instant; now when left out.", metavar="TIME")]
KnownAt = Annotated[
    str | None, typer.Option("--known-at", help="What was known at this instant; all when left out.", metavar="TIME")
]
Out = Annotated[Path | None, typer.Option("--out", help="Write here instead of to stdout.", metavar="FILE")]
OrderName = Annotated[str, typer.Argument(help="The order's number or id.", metavar="ORDER")]


@contextmanager
def opened(store: str, policy: str | None) -> Iterator[SlaEngine]:
    """Yield the store, which must be there, judged by `policy`."""
    with SlaEngine.open(store, policy=policy, clock=utc_now, create=False) as engine:
        yield engine


@contextmanager
def catching_up() -> Iterator[Told]:
    """Yield what is told of facts being read into the read models: a line on a terminal, nothing elsewhere."""
    if not stderr.is_terminal:
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} facts read"), TimeElapsedColumn())
    with Progress(*columns, console=stderr, transient=True) as bar:
        task = bar.add_task("")
        yield lambda facts: bar.advance(task, facts)


def show(table: RenderableType) -> None:
    """Print a table to stdout, as wide as the terminal, or wide enough when it goes elsewhere."""
    console = Console()
    (console if console.is_terminal else Console(width=WIDE)).print(table)


def hand_out(made: RenderableType | bytes, out: Path | None) -> None:
    """Write what was made: bytes to the file or to stdout, a table to the terminal.

    Raises:
        UsageError: the file cannot be written.
    """
    if not isinstance(made, bytes):
        show(made)
    elif out is None:
        sys.stdout.buffer.write(made)
        sys.stdout.buffer.flush()
    else:
        try:
            out.write_bytes(made)
        except OSError as error:
            raise UsageError(f"cannot write {out}: {error.strerror}") from None
        say(f"wrote {out}")


def orders_behind(found: Sequence[Behind] | Sequence[BehindKpi], form: str, lang: Lang) -> RenderableType | bytes:
    """Return the orders behind figures as `form`: table, json or csv."""
    match form:
        case "json":
            return to_json([row.model_dump(mode="json") for row in found]) + b"\n"
        case "csv":
            return behind_csv(found).encode()
        case _:
            return behind_table(found, lang)


def one_of(word: str, words: tuple[str, ...], option: str) -> str:
    """Return `word` if it is one of `words`.

    Raises:
        UsageError: it is not; `option` is what it was given for.
    """
    if word not in words:
        raise UsageError(f"{option} '{word}' is not known here; write one of {', '.join(words)}")
    return word


def plain_table(columns: Sequence[str], rows: Sequence[dict[str, Any]]) -> Table:
    """Return these columns of the rows as a table: numbers to the right, a dash for None."""
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
