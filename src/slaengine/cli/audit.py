"""`slaengine audit`: verify what was published, and the commands of replaying and sealing."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from slaengine.audit.examine import Examined, examine
from slaengine.audit.irregular import tallied
from slaengine.audit.seal import SealFolder
from slaengine.audit.signing import load_public
from slaengine.cli import comparing, evidence, exporting, replaying, sealing
from slaengine.cli.common import AsJson, PolicyName, Store, print_json, say, utc_now
from slaengine.cli.histories import steps
from slaengine.cli.reading import catching_up
from slaengine.engine import SlaEngine
from slaengine.errors import UsageError
from slaengine.projections.case_file import EPOCH, micros
from slaengine.storage.late_policies import LateVersion, late_versions
from slaengine.storage.sealing import recorded_notes
from slaengine.storage.verifying import Verified
from slaengine.storage.verifying import verify as verify_rows
from slaengine.streaming.warned_late import LateWarning, late_warnings

SHOWN = 20

audit = typer.Typer(
    no_args_is_help=True,
    help="Replay history, prove it, and ask what if.\n\nExample: `slaengine audit verify --store sqlite:///orders.db`",
)


class Late(NamedTuple):
    """What came too late to be fair, and is no fault of the figures."""

    versions: list[LateVersion]
    warnings: list[LateWarning]


def verify(
    store: Store,
    policy: PolicyName = None,
    late_after: Annotated[
        float, typer.Option("--late-after", help="Show facts recorded so many hours after they occurred.", metavar="HOURS", min=0)
    ] = 24,
    seal: Annotated[
        Path | None, typer.Option("--seal", help="The seal's folder: check the log against it too.", metavar="DIR")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", help="The public key of the seal's first checkpoint.", metavar="KEY")
    ] = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option("--checkpoint", help="A checkpoint kept elsewhere; again for more.", metavar="FILE")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make every published row and KPI value again from the facts, and list what differs; with a key, check the seal.

    Example: `slaengine audit verify --store sqlite:///orders.db --policy service-standard --seal ./seal --key seal.key.pub`

    Exit code 1 when anything differs or does not hold. Facts recorded long after they occurred, versions of the
    policy published after they came into force, and warnings said behind the due time are shown, and are no fault.
    """
    sealed: Examined | None = None
    with SlaEngine.open(store, policy=policy, clock=utc_now, create=False) as engine, catching_up() as told:
        if key is not None:
            sealed = _examined(engine, seal, key, checkpoint or [])
        elif seal or checkpoint:
            raise UsageError("to check the seal its public key is needed; name it with --key")
        book, as_of = engine.book(), micros(utc_now())
        verified = verify_rows(engine.log, book, late_after=timedelta(hours=late_after), as_of=as_of, progress=steps(told))
        late = Late(list(late_versions(engine.log, book)), list(late_warnings(engine.log.database, book.name)))
    if as_json:
        print_json(_as_json(verified, sealed, late))
    else:
        _show(verified, sealed, late)
    wrong = [item for item in verified.irregular if item.kind != "backdated"]
    if verified.differences or wrong or (sealed and sealed.faults):
        raise typer.Exit(1)


def _examined(engine: SlaEngine, folder: Path | None, key: str, held: list[Path]) -> Examined:
    notes = [*recorded_notes(engine.log), *map(sealing.read_checkpoint, held)]
    if folder is None:
        return examine(engine.log, notes, load_public(key))
    with SealFolder(folder).opened() as so_far:
        return examine(engine.log, [*notes, *so_far.notes], load_public(key), tree=so_far.tree)


def _as_json(verified: Verified, sealed: Examined | None, late: Late) -> dict[str, Any]:
    found: dict[str, Any] = {
        "position": verified.position,
        "orders": verified.orders,
        "clocks": verified.clocks,
        "facts": verified.facts,
        "kpi_values": verified.kpi_values,
        "differences": [difference.as_json() for difference in verified.differences],
        "irregular": [item._asdict() for item in verified.irregular],
        "backdated": tallied(verified.irregular),
        "late_versions": [version._asdict() for version in late.versions],
        "late_warnings": [{**warning._asdict(), "late_s": warning.late_s} for warning in late.warnings],
    }
    if sealed is not None:
        faults = [{"position": fault.position, "problem": fault.problem} for fault in sealed.faults]
        found["seal"] = {"facts": sealed.facts, "checkpoints": sealed.checkpoints, "faults": faults}
    return found


def _show(verified: Verified, sealed: Examined | None, late: Late) -> None:
    if sealed is not None:
        for fault in sealed.faults:
            typer.echo(f"seal: {fault.problem}")
        if not sealed.faults:
            say(f"the log holds: {sealed.facts:,} facts agree with {sealed.checkpoints} checkpoints")
    for difference in verified.differences[:SHOWN]:
        target = f" {difference.target}" if difference.target else ""
        typer.echo(
            f"{difference.order}{target}: {difference.why}; published {difference.published}, replayed {difference.replayed}"
        )
    wrong = [item for item in verified.irregular if item.kind != "backdated"]
    for item in wrong[:SHOWN]:
        typer.echo(f"{item.order} fact {item.version} ({item.fact}): {item.kind}, {item.detail}")
    for row in tallied(verified.irregular)[:SHOWN]:
        whose = f"{row['by'] or 'nobody named'}, team {row['team'] or '–'}"
        say(f"recorded late by {whose}: {row['facts']} facts, up to {row['longest_s']:,.0f} s")
    for version in late.versions:
        say(
            f"version {version.version} was published after it came into force, on {stamp(version.recorded_at)} for "
            f"{stamp(version.effective_from)}; {version.clocks:,} clocks under it had started by then"
        )
    for warning in late.warnings[:SHOWN]:
        say(f"{warning.order} {warning.target}: warned {warning.late_s:,.0f} s after it was due, at {warning.said}")
    say(
        f"{verified.orders:,} orders, {verified.clocks:,} clocks, {verified.facts:,} facts and "
        f"{verified.kpi_values:,} KPI values made again: "
        f"{len(verified.differences):,} differences, {len(wrong):,} irregular facts"
    )


def stamp(instant: int) -> str:
    """Return an instant (µs) as a date and time, UTC."""
    return (EPOCH + timedelta(microseconds=instant)).isoformat(sep=" ", timespec="minutes")


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    audit.command("verify", no_args_is_help=True)(verify)
    audit.command("export", no_args_is_help=True)(exporting.export)
    audit.command("replay", no_args_is_help=True)(replaying.replay)
    audit.command("what-if", no_args_is_help=True)(comparing.what_if_)
    audit.command("diff", no_args_is_help=True)(comparing.diff)
    sealing.register(audit)
    evidence.register(audit)
    app.add_typer(audit, name="audit")
