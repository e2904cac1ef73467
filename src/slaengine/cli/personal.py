"""`slaengine erase` and `slaengine personal export`: what a person may ask of us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from slaengine.cli.common import AsJson, Store, print_json, say, utc_now
from slaengine.engine import SlaEngine
from slaengine.errors import UsageError
from slaengine.storage.keys import KeyStore
from slaengine.storage.mapper import FactMapper
from slaengine.storage.personal import Vault
from slaengine.storage.subjects import Erasure
from slaengine.storage.subjects import erase as erase_subject
from slaengine.storage.subjects import export as export_subject

KEYS = "SLAENGINE_KEYS"
Keys = Annotated[
    str,
    typer.Option("--keys", envvar=KEYS, help="Where the keys of personal data are: sqlite:///keys.db, …", metavar="URL"),
]
MaybeKeys = Annotated[
    str | None,
    typer.Option("--keys", envvar=KEYS, help="Encrypt personal data under keys kept here: sqlite:///keys.db, …", metavar="URL"),
]
Subject = Annotated[str, typer.Argument(help="The reporter's id, as it stands in `reporter.subject`.", metavar="SUBJECT")]


@contextmanager
def key_store(url: str | None) -> Iterator[KeyStore | None]:
    """Give the key store at `url`; None for none: then personal data is kept in clear, and concealed texts stay so."""
    if url is None:
        yield None
        return
    with KeyStore.open(url) as keys:
        yield keys


def erase(
    subject: Subject,
    store: Store,
    keys: Keys,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: a destroyed key cannot be had back.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a person unreadable for ever, in the store and in every copy of it, without changing any figure or proof.

    Example: `slaengine erase person-7 --store sqlite:///orders.db --keys sqlite:///keys.db`

    Exit code 1 when something of the person stays readable: it was recorded before a key store was in use.
    """
    if not yes and not _confirmed(subject):
        raise UsageError("nothing was erased; say --yes to erase without being asked")
    with SlaEngine.open(store, clock=utc_now, create=False) as engine, KeyStore.open(keys) as opened:
        done = erase_subject(engine.log, opened, FactMapper(vault=Vault(opened)), subject, utc_now())
    _show(done, as_json=as_json)
    if done.readable:
        raise typer.Exit(1)


def _confirmed(subject: str) -> bool:
    return typer.get_text_stream("stdin").isatty() and typer.confirm(f"Destroy the keys of {subject} for ever?", err=True)


def _show(done: Erasure, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "subject": done.subject,
                "orders": done.orders,
                "keys_destroyed": done.destroyed,
                "first_erased_at": done.first_at.isoformat() if done.first_at else None,
                "still_readable": [{"order": str(order), "version": version} for order, version in done.readable],
            }
        )
        return
    say(
        f"destroyed {done.destroyed} keys; the personal texts of {done.orders} orders are unreadable now, "
        "also in copies of the log"
    )
    if done.readable:
        say(
            f"{len(done.readable)} facts stay readable: they were recorded before a key store was in use, or under the key of "
            "another reporter; --json lists them"
        )


def export(
    subject: Subject, store: Store, keys: Annotated[str | None, typer.Option("--keys", envvar=KEYS, metavar="URL")] = None
) -> None:
    """Print all that the log holds of a person's orders, as JSON: what they may ask to see.

    Example: `slaengine personal export person-7 --store sqlite:///orders.db --keys sqlite:///keys.db`
    """
    with SlaEngine.open(store, clock=utc_now, create=False) as engine, key_store(keys) as opened:
        print_json(export_subject(engine.log, FactMapper(vault=Vault(opened) if opened else None), subject))


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    app.command("erase", no_args_is_help=True)(erase)
    group = typer.Typer(
        no_args_is_help=True, help="What the log holds of a person.\n\nExample: `slaengine personal export person-7`"
    )
    group.command("export", no_args_is_help=True)(export)
    app.add_typer(group, name="personal")
