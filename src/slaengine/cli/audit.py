"""`slaengine audit`: replay history, prove it, and ask what if."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slaengine.audit.history import History
from slaengine.cli import sealing
from slaengine.cli.common import AsJson, Store, print_json, say, utc_now
from slaengine.engine import SlaEngine

audit = typer.Typer(
    no_args_is_help=True,
    help="Replay history, prove it, and ask what if.\n\nExample: `slaengine audit verify --store sqlite:///orders.db`",
)


def export(
    store: Store,
    out: Annotated[Path, typer.Option("--out", help="The folder of the history; made, or taken further.", metavar="DIR")],
    as_json: AsJson = False,
) -> None:
    """Write the log as Parquet files, by month; the next time only what is new. Nothing personal is in them.

    Example: `slaengine audit export --store sqlite:///orders.db --out ./history`

    An export that is cut short goes on where it was. docs/reference/history.md tells the columns.
    """
    with SlaEngine.open(store, clock=utc_now, create=False) as engine:
        history = History(out, create=True)
        added = history.extend(engine.log)
    manifest = history.manifest
    if as_json:
        print_json({"added": added, "position": manifest.position, "parts": len(manifest.parts)})
    else:
        say(f"added {added:,} facts; the history in {out} ends at position {manifest.position:,}, in {len(manifest.parts)} files")


def register(app: typer.Typer) -> None:
    """Add the commands to the command line."""
    sealing.register(audit)
    audit.command("export", no_args_is_help=True)(export)
    app.add_typer(audit, name="audit")
