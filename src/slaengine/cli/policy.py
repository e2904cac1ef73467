"""`slaengine policy`: write, check, compare, publish and read what is promised."""

from __future__ import annotations

import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer

from slaengine.cli.common import REFUSED, AsJson, Store, print_json, say, utc_now
from slaengine.cli.reading import opened, show
from slaengine.domain.promises import PolicyPublished, Scope
from slaengine.engine import SlaEngine
from slaengine.errors import PolicyError, UsageError
from slaengine.policies.book import PolicyBook, pack_text, packs
from slaengine.policies.calendar_instants import as_datetime
from slaengine.policies.compare import edition_changes, edition_named
from slaengine.policies.editions import Edition
from slaengine.policies.lint import lint as lint_text
from slaengine.policies.policy import Policy, Version
from slaengine.policies.schema import policy_schema
from slaengine.policies.template import starting_point
from slaengine.reporting.promises import books_table, policy_tables, target_items

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Write, check, compare, publish and read promises.\n\nExample: `slaengine policy show service-standard`",
)

Named = Annotated[
    str, typer.Argument(help="A shipped pack's name, a policy file, or with --store a published one.", metavar="POLICY")
]
Versioned = Annotated[str, typer.Argument(help="As elsewhere, or one version of it: NAME@VERSION.", metavar="BEFORE")]
MaybeStore = Annotated[str | None, typer.Option("--store", envvar="SLAENGINE_STORE", help="Look among what is published there.")]
File = Annotated[Path, typer.Argument(help="A policy file.", metavar="FILE")]


@app.command(name="list")
def list_(store: MaybeStore = None, as_json: AsJson = False) -> None:
    """List the shipped packs, and with --store what is published there.

    Example: `slaengine policy list`
    """
    items = [_item("shipped", PolicyBook.pack(name)) for name in packs()]
    if store is not None:
        with opened(store, None) as engine:
            facts = engine.publications()
            names = dict.fromkeys(fact.name for fact, _ in facts if isinstance(fact, PolicyPublished))
            items += [_item("published", PolicyBook.published(name, facts)) for name in names]
    if as_json:
        print_json(items)
    else:
        show(books_table(items))


@app.command(no_args_is_help=True, name="show")
def show_(
    policy: Named,
    store: MaybeStore = None,
    lang: Annotated[str, typer.Option("--lang", help="en or zh.")] = "en",
    as_json: AsJson = False,
) -> None:
    """Show a policy's targets as tables, one for each version.

    Example: `slaengine policy show service-standard --lang zh`
    """
    book = _book(policy, store)
    if lang not in ("en", "zh"):
        raise UsageError(f"--lang '{lang}' is not spoken here; write en or zh")
    if as_json:
        print_json(
            {
                "policy": book.name,
                "time_zone": book.time_zone,
                "versions": [_version_json(book.policy, v) for v in book.policy.versions],
            }
        )
        return
    for table in policy_tables(book, lang):
        show(table)


@app.command(no_args_is_help=True)
def lint(
    policies: Annotated[list[str], typer.Argument(help="Policy files, or shipped packs' names.", metavar="POLICY…")],
    types: Annotated[Path | None, typer.Option("--types", help="The types that orders have, a line each.")] = None,
    as_json: AsJson = False,
) -> None:
    """Find what a policy allows and most likely does not mean: targets that never match, overlaps, gaps, impossible limits.

    Leaves with 1 when there is a warning; notes are for looking at.

    Example: `slaengine policy lint ours.yaml`
    """
    known = [line.strip() for line in _text(types).split("\n") if line.strip()] if types else []
    found = {name: lint_text(_policy_text(name), name, known) for name in policies}
    if as_json:
        print_json([{"policy": name, **asdict(finding)} for name, findings in found.items() for finding in findings])
    for name, findings in found.items():
        if as_json:
            break
        for finding in findings:
            sys.stdout.write(f"{name}:{finding.line}:{finding.column}: {finding.weight}: {finding.message} [{finding.kind}]\n")
        warnings = sum(finding.weight == "warning" for finding in findings)
        say(f"{name}: {_counted(warnings, 'warning')}, {_counted(len(findings) - warnings, 'note')}")
    if any(finding.weight == "warning" for findings in found.values() for finding in findings):
        raise typer.Exit(REFUSED)


@app.command(no_args_is_help=True)
def diff(
    before: Versioned,
    after: Annotated[
        str | None,
        typer.Argument(help="What to compare it with; left out, BEFORE's last version with the one before it.", metavar="AFTER"),
    ] = None,
    store: MaybeStore = None,
    as_json: AsJson = False,
) -> None:
    """Say what the second policy promises otherwise than the first: targets, calendars, holidays. Leaves with 1 when something.

    Example: `slaengine policy diff ours.yaml ours-2027.yaml`

    One version of a policy is named NAME@VERSION; without it the latest counts: `slaengine policy diff complaint-code-2024@2022
    complaint-code-2024@2024`.
    """
    old, new = _two_editions(before, after, store)
    found = list(edition_changes(old, new))
    if as_json:
        print_json([change.as_json() for change in found])
    else:
        sys.stdout.writelines(f"{change}\n" for change in found)
        told = " to ".join(f"{e.policy.policy} {e.version.version} (from {_since(e)})" for e in (old, new))
        say(f"{told}: {_counted(len(found), 'change')}" if found else f"{told}: they promise the same")
    if found:
        raise typer.Exit(REFUSED)


@app.command()
def new(
    out: Annotated[Path | None, typer.Option("--out", help="Where to write it; nothing may be there.", metavar="FILE")] = None,
    zone: Annotated[str, typer.Option("--zone", help="The time zone of its days.")] = "Asia/Shanghai",
) -> None:
    """Write a commented starting point for a policy of your own, to stdout or into a file.

    Example: `slaengine policy new --out ours.yaml`
    """
    file = out or Path("ours.yaml")
    text = starting_point(file.stem, file.name, zone)
    PolicyBook.parse(text, file.name)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        with out.open("x", encoding="utf-8") as written:
            written.write(text)
    except FileExistsError:
        raise UsageError(f"'{out}' is there already; name another file, nothing was written") from None
    except OSError as error:
        raise PolicyError(f"cannot write '{out}': {error.strerror}") from None
    say(f"wrote {out}; next: slaengine policy lint {out}")


@app.command(no_args_is_help=True)
def publish(
    policy: Annotated[str, typer.Argument(help="A policy file, or a shipped pack's name.", metavar="POLICY")],
    store: Store,
    by: Annotated[str | None, typer.Option("--by", help="Who publishes it.")] = None,
    effective_from: Annotated[
        str | None, typer.Option("--effective-from", help="When the new version comes into force, not its own date.")
    ] = None,
    scope: Annotated[
        str | None, typer.Option("--scope", help="new_orders, open_clocks or restate, instead of the file's own.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be published.")] = False,
) -> None:
    """Publish a policy in a store: each of its versions that is not published yet becomes a fact, with its own date.

    Example: `slaengine policy publish ours.yaml --store sqlite:///orders.db --by li`

    A published version stays as it is; a file in which it promises something else is refused.
    """
    book = PolicyBook.parse(_policy_text(policy), policy)
    chosen, starts = _scope(scope), _in_zone(effective_from, book)
    with SlaEngine.open(store, clock=utc_now) as engine:
        new = engine.adopt(book, by=by, channel="cli", scope=chosen, effective_from=starts, dry_run=dry_run)
    for fact in new:
        local = fact.effective_from.astimezone(ZoneInfo(book.time_zone)).isoformat()
        done = "would be published" if dry_run else "published"
        say(f"{fact.name} {fact.version}, from {local}, {fact.scope}: {done}")
    fresh = {fact.version for fact in new}
    for version in book.policy.versions:
        if version.version not in fresh:
            say(f"{book.name} {version.version}: is published already")
    if not dry_run:
        say(f"next: slaengine report --store {store}")


@app.command()
def schema() -> None:
    """Print the JSON Schema of policy files, for editors.

    Example: `slaengine policy schema > policy.schema.json`
    """
    print_json(policy_schema())


def register(parent: typer.Typer) -> None:
    """Add `slaengine policy` to the command line."""
    parent.add_typer(app, name="policy")


def _book(name: str, store: str | None) -> PolicyBook:
    if store is not None and name not in packs() and not Path(name).exists():
        with opened(store, None) as engine:
            return PolicyBook.published(name, engine.publications())
    return PolicyBook.load(name)


def _two_editions(before: str, after: str | None, store: str | None) -> tuple[Edition, Edition]:
    if after is not None:
        return _edition(before, store), _edition(after, store)
    versions = {edition.version.version: edition for edition in _book(before, store).editions}
    if len(versions) < 2:
        raise UsageError(f"'{before}' has one version only; name a second policy to compare it with")
    *_, old, new = versions.values()
    return old, new


def _edition(name: str, store: str | None) -> Edition:
    """Return the edition that `NAME@VERSION` names, or the latest of `NAME`."""
    policy, at, version = name.rpartition("@")
    if not at or Path(name).exists():
        return _book(name, store).latest
    return edition_named(_book(policy, store), version)


def _since(edition: Edition) -> str:
    zone = ZoneInfo(edition.policy.time_zone)
    return as_datetime(max(edition.effective_from, edition.holds_from)).astimezone(zone).isoformat()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise UsageError(f"there is no file '{path}', and no pack of that name; shipped are {', '.join(packs())}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyError(f"cannot read '{path}': {getattr(error, 'strerror', None) or 'it is not UTF-8 text'}") from None


def _scope(text: str | None) -> Scope | None:
    match text:
        case None | "new_orders" | "open_clocks" | "restate":
            return text
        case _:
            raise UsageError(f"--scope '{text}' is none; write new_orders, open_clocks or restate")


def _policy_text(name: str) -> str:
    return pack_text(name) if name in packs() else _text(Path(name))


def _in_zone(text: str | None, book: PolicyBook) -> datetime | None:
    """Return the instant that an option names; without an offset it is in the policy's zone."""
    if text is None:
        return None
    try:
        return book.policy.instant(datetime.fromisoformat(text))
    except ValueError:
        raise UsageError(f"--effective-from '{text}' is not an instant; write 2026-07-01 or 2026-07-01T00:00:00+08:00") from None


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _item(where: str, book: PolicyBook) -> dict[str, Any]:
    versions = [
        {"version": v.version, "effective_from": book.policy.instant(v.effective_from).isoformat()} for v in book.policy.versions
    ]
    return {
        "policy": book.name,
        "where": where,
        "title": book.policy.title.model_dump(),
        "versions": versions,
        "targets": list(book.target_names()),
    }


def _version_json(policy: Policy, version: Version) -> dict[str, Any]:
    return {
        "version": version.version,
        "effective_from": policy.instant(version.effective_from).isoformat(),
        "scope": version.scope,
        "targets": target_items(version),
    }
