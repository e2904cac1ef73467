"""`slaengine audit pack`: one order's evidence, for a person without our software."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from slaengine.audit.check import ProofError, check_proof
from slaengine.audit.signing import load_public
from slaengine.cli.common import PolicyName, Store, instant, say, utc_now
from slaengine.cli.reading import AsOf, opened
from slaengine.cli.sealing import Folder, proof_of
from slaengine.errors import AuditError, UsageError
from slaengine.reporting.evidence import evidence_pack


def pack(
    order: Annotated[str, typer.Argument(help="The order's number or id.", metavar="ORDER")],
    store: Store,
    folder: Folder,
    key: Annotated[str, typer.Option("--key", help="The public key to check with: its file or its text.", metavar="KEY")],
    out: Annotated[Path, typer.Option("--out", help="The archive.", metavar="FILE.zip")],
    policy: PolicyName = None,
    as_of: AsOf = None,
    since: Annotated[Path | None, typer.Option("--since", help="A checkpoint that the receiver holds.", metavar="FILE")] = None,
) -> None:
    """Write one order's facts, promises, clocks and proof as an archive that a lay person can read and check.

    Example: `slaengine audit pack R-17 --store sqlite:///orders.db --seal ./seal --key seal.key.pub --out evidence.zip`

    Personal texts that are encrypted stay so. The proof is checked before it is handed out.
    """
    trusted, at = load_public(key), instant(as_of, "--as-of") or utc_now()
    with opened(store, policy) as engine:
        proof = proof_of(engine, order, folder, since)
        try:
            check_proof(proof, trusted)
        except ProofError as error:
            raise AuditError(f"the proof would not hold with this key: {error}") from None
        content = evidence_pack(proof, engine.explain(order, as_of=at), engine.book(), trusted, at)
    try:
        out.write_bytes(content)
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from None
    say(f"wrote {out}: evidence.html to read, and check.py to check proof.json with key.pub")


def register(audit: typer.Typer) -> None:
    """Add the command to `slaengine audit`."""
    audit.command("pack", no_args_is_help=True)(pack)
