"""`slaengine policy`: write, check, compare, publish and read what is promised."""

from __future__ import annotations

import sys
from collections.abc import Iterator
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
from slaengine.policies.compare import changes
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
    policy: Annotated[str, typer.Argument(help="A policy file, or a shipped pack's name.", metavar="POLICY")],
    types: Annotated[Path | None, typer.Option("--types", help="The types that orders have, a line each.")] = None,
    as_json: AsJson = False,
) -> None:
    """Find what a policy allows and most likely does not mean: targets that never match, overlaps, gaps, impossible limits.

    Leaves with 1 when there is a warning; notes are for looking at.

    Example: `slaengine policy lint ours.yaml`
    """
    text = pack_text(policy) if policy in packs() else _text(Path(policy))
    known = _text(types).split("\n") if types else []
    found = lint_text(text, policy, [line.strip() for line in known if line.strip()])
    if as_json:
        print_json([{"weight": f.weight, "line": f.line, "column": f.column, "message": f.message} for f in found])
    else:
        for finding in found:
            sys.stdout.write(f"{policy}, line {finding.line}, column {finding.column}: {finding.weight}: {finding.message}\n")
        warnings = sum(finding.weight == "warning" for finding in found)
        say(f"{policy}: {warnings} warning{'' if warnings == 1 else 's'}, {len(found) - warnings} notes")
    if any(finding.weight == "warning" for finding in found):
        raise typer.Exit(REFUSED)


@app.command(no_args_is_help=True)
def diff(before: Named, after: Named, store: MaybeStore = None, as_json: AsJson = False) -> None:
    """Say what the second policy's latest version promises otherwise than the first's. Leaves with 1 when something.

    Example: `slaengine policy diff ours.yaml ours-2027.yaml`
    """
    found = changes(_book(before, store), _book(after, store))
    if as_json:
        print_json([change.as_json() for change in found])
    else:
        sys.stdout.writelines(f"{change}\n" for change in found)
        if not found:
            say("they promise the same")
    if found:
        raise typer.Exit(REFUSED)


@app.command(no_args_is_help=True)
def new(
    file: Annotated[Path, typer.Argument(help="Where to write it; nothing may be there.", metavar="FILE")],
    zone: Annotated[str, typer.Option("--zone", help="The time zone of its days.")] = "Asia/Shanghai",
) -> None:
    """Write a commented starting point for a policy of your own.

    Example: `slaengine policy new ours.yaml`
    """
    text = starting_point(file.stem, file.name, zone)
    PolicyBook.parse(text, file.name)
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError:
        raise UsageError(f"'{file}' is there already; name another file, nothing was written") from None
    except OSError as error:
        raise PolicyError(f"cannot write '{file}': {error.strerror}") from None
    say(f"wrote {file}; next: slaengine policy lint {file}")


@app.command(no_args_is_help=True)
def publish(
    policy: Annotated[str, typer.Argument(help="A policy file, or a shipped pack's name.", metavar="POLICY")],
    store: Store,
    by: Annotated[str | None, typer.Option("--by", help="Who publishes it.")] = None,
    scope: Annotated[
        str | None, typer.Option("--scope", help="new_orders, open_clocks or restate, instead of the file's own.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be published.")] = False,
) -> None:
    """Publish a policy in a store: each of its versions that is not published yet becomes a fact, with its own date.

    Example: `slaengine policy publish ours.yaml --store sqlite:///orders.db --by li`
    """
    text = pack_text(policy) if policy in packs() else _text(Path(policy))
    book = PolicyBook.parse(text, policy)
    facts = list(_facts(book.policy, text, utc_now(), by, _scope(scope)))
    with SlaEngine.open(store, clock=utc_now) as engine:
        before = {(fact.name, fact.version) for fact, _ in engine.publications() if isinstance(fact, PolicyPublished)}
        for fact in facts:
            known = (fact.name, fact.version) in before
            if not dry_run:
                known = not engine.publish(fact)
            done = "is published already" if known else "would be published" if dry_run else "published"
            starts = fact.effective_from.astimezone(ZoneInfo(book.time_zone)).isoformat()
            say(f"{fact.name} {fact.version}, from {starts}, {fact.scope}: {done}")
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


def _facts(policy: Policy, text: str, now: datetime, by: str | None, scope: Scope | None) -> Iterator[PolicyPublished]:
    for version in policy.versions:
        yield PolicyPublished(
            occurred_at=now,
            by=by,
            channel="cli",
            name=policy.policy,
            version=version.version,
            effective_from=policy.instant(version.effective_from),
            scope=scope or version.scope,
            text=text,
        )


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
