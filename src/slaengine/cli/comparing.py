"""`slaengine audit what-if | diff`: a history judged twice, by other policies, at other instants, or of two stores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any

import typer

from slaengine.audit.copies import compare
from slaengine.audit.replay import Replay
from slaengine.audit.stores import between
from slaengine.audit.whatif import Changes, what_if
from slaengine.cli.common import AsJson, PolicyName, instant, print_json, say, stderr, utc_now
from slaengine.cli.exporting import compared_as_json, show_compared
from slaengine.cli.histories import Folder, MaybeStore, question_of, source, steps
from slaengine.cli.reading import AsOf, KnownAt, catching_up, plain_table, show
from slaengine.errors import UsageError
from slaengine.policies.book import PolicyBook
from slaengine.reporting.whatif_page import whatif_page

ROWS_SHOWN = 40


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
        before, after = question_of(replayed.book, then, known), question_of(other, then, known)
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
        before = question_of(replayed.book, instant(as_of, "--as-of") or now, instant(known_at, "--known-at"))
        after = question_of(other, instant(as_of_2, "--as-of-2") or now, instant(known_at_2, "--known-at-2"))
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
        before, after = (Replay(side.history, question_of(side.book, *instants)) for side in (first, second))
        found = between(before, after, progress=steps(told))
    _show(found, one, other, html, as_json=as_json, further=compared_as_json(compared))
    if not as_json:
        show_compared(compared, one, other)
    if found.changes or compared.unlike:
        raise typer.Exit(1)


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
        show(plain_table(("type", "target", "before", "after", "clocks", "cost"), rows[:ROWS_SHOWN]))
    if len(rows) > ROWS_SHOWN:
        say(f"{len(rows) - ROWS_SHOWN} more lines; --json gives all")
    stderr.print(
        f"{found.clocks:,} clocks; {len(found.changes):,} change their verdict, {found.moved:,} are due at another time; "
        f"breaches {found.cost():+,}",
        highlight=False,
    )
