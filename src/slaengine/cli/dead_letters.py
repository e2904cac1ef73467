"""`slaengine dead-letters`: what could not be handled, from the command line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from slaengine.cli.common import AsJson, Store, print_json, say, utc_now
from slaengine.cli.reading import show
from slaengine.engine.published import PublishedPolicies
from slaengine.errors import UsageError
from slaengine.policies.book import PolicyBook, packs
from slaengine.storage.catch_up import found_for
from slaengine.storage.database import Database
from slaengine.storage.log import FactLog
from slaengine.storage.read_models import ReadModels
from slaengine.streaming import dead_letters as letters
from slaengine.streaming.processor import Processor
from slaengine.streaming.read_model import ReadModelView, policy_of
from slaengine.streaming.reader import now

Policy = Annotated[
    str | None,
    typer.Option(
        "--policy",
        help="A shipped pack's name or a policy file; without it the policy of the read models that hold something back.",
    ),
]


def list_(store: Store, as_json: AsJson = False) -> None:
    """List what is held back: what failed, what stands behind it, and what waits for an earlier fact.

    Example: `slaengine dead-letters list --store sqlite:///figures.db`
    """
    found = _letters(store)
    if as_json:
        print_json([_as_json(letter) for letter in found])
        return
    table = Table("view", "order", "fact", "type", "why", "held since")
    for letter in found:
        why = letter.error or (f"waits for fact {letter.waits_for}" if letter.waits_for else "behind the one that failed")
        order = letter.number or str(letter.order_id or letter.place)
        table.add_row(letter.view, order, str(letter.version or "?"), letter.type or "?", why, f"{letter.held_at:%Y-%m-%d %H:%M}")
    show(table)
    if found:
        say("`slaengine dead-letters retry ORDER` tries again, `skip ORDER` goes on without the fact in the way")


Order = Annotated[str, typer.Argument(help="The order's number or id.", metavar="ORDER")]


def show_(order: Order, store: Store, as_json: AsJson = False) -> None:
    """Show one order's messages that are held back, whole.

    Example: `slaengine dead-letters show WO-20260105-000123 --store sqlite:///figures.db`
    """
    found = _of_order(store, order)
    if as_json:
        print_json([_as_json(letter) | {"body": (letter.body or b"").decode(errors="replace")} for letter in found])
        return
    for letter in found:
        say(f"{letter.place}: fact {letter.version} ({letter.type}), {letter.why}{': ' + letter.error if letter.error else ''}")
        typer.echo((letter.body or b"").decode(errors="replace"))


def retry(
    store: Store,
    order: Annotated[str | None, typer.Argument(help="The order's number or id; all when left out.", metavar="[ORDER]")] = None,
    policy: Policy = None,
    as_json: AsJson = False,
) -> None:
    """Try again what is held back from the read models, in order.

    Example: `slaengine dead-letters retry WO-20260105-000123 --store sqlite:///figures.db`
    """
    order_ids = None if order is None else _ids(_of_order(store, order))
    with _processor(store, policy) as processor:
        _told(asdict(processor.retry(order_ids)), as_json=as_json)


def skip(order: Order, store: Store, policy: Policy = None, as_json: AsJson = False) -> None:
    """Go on without the fact that stands in the way of an order's later ones; the figures will lack it.

    Example: `slaengine dead-letters skip WO-20260105-000123 --store sqlite:///figures.db`
    """
    ids = _ids(_of_order(store, order))
    with _processor(store, policy) as processor:
        _told(asdict(processor.skip(ids[0])), as_json=as_json)


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Work off what could not be handled.\n\nExample: `slaengine dead-letters list --store sqlite:///figures.db`",
    )
    group.command("list", no_args_is_help=True)(list_)
    group.command("show", no_args_is_help=True)(show_)
    group.command("retry", no_args_is_help=True)(retry)
    group.command("skip", no_args_is_help=True)(skip)
    app.add_typer(group, name="dead-letters")


def _letters(store: str) -> list[letters.DeadLetter]:
    with closing(Database.open(store, create=False)) as database:
        return letters.listed(database)


def _of_order(store: str, order: str) -> list[letters.DeadLetter]:
    found = letters.of_order(_letters(store), order)
    if not found:
        raise UsageError(f"nothing of work order '{order}' is held back; `slaengine dead-letters list` shows what is")
    return found


def _ids(found: Sequence[letters.DeadLetter]) -> list[Any]:
    return [letter.order_id for letter in found if letter.order_id is not None]


@contextmanager
def _processor(store: str, policy: str | None) -> Iterator[Processor]:
    """Yield what handles messages: no Kafka is needed, since what is held back is in the store."""
    with closing(Database.open(store, create=False)) as database:
        book = PolicyBook.load(policy) if policy else _book(database)
        if found_for(ReadModels(database), book) is None:
            raise UsageError(f"no read models are by these texts of '{book.name}'; name the file of theirs with --policy")
        yield Processor(database, ReadModelView(database, book), now)


def _book(database: Database) -> PolicyBook:
    """Return the book of the only policy whose read models hold something back: one of the store's own, or a shipped pack.

    Raises:
        UsageError: nothing or more than one is there, or its policy cannot be had here.
    """
    holding = sorted({name for view in letters.views(database) if (name := policy_of(view)) is not None})
    if len(holding) != 1:
        several = f"several read models hold something back ({', '.join(holding)})"
        there = several if holding else "no read models hold anything back"
        raise UsageError(f"which policy? {there}; name one with --policy")
    [name] = holding
    published = PublishedPolicies(FactLog(database, utc_now))
    if name in published.names():
        return published.book(name)
    if name in packs():
        return PolicyBook.pack(name)
    raise UsageError(f"the read models are by a policy '{name}', which is no shipped pack; name its file with --policy")


def _told(done: dict[str, int], *, as_json: bool) -> None:
    if as_json:
        print_json(done)
    else:
        say(f"handled {done['handled']:,}, still held back {done['held']:,}")
    if done["failed"]:
        raise typer.Exit(1)


def _as_json(letter: letters.DeadLetter) -> dict[str, Any]:
    return {name: value for name, value in asdict(letter).items() if name != "body"}
