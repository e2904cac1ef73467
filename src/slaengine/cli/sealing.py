"""`slaengine audit key | seal | prove | check`: signed checkpoints, and proofs for machines without the store."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from slaengine.audit.check import ProofError, check_proof, read_proof, summary
from slaengine.audit.proof import Case, prove
from slaengine.audit.seal import Sealed, SealFolder
from slaengine.audit.signing import SigningKey, load_public
from slaengine.cli.common import AsJson, Store, print_json, say, utc_now
from slaengine.domain.events import Received
from slaengine.engine import SlaEngine
from slaengine.errors import AuditError, StreamingError, UnknownWorkOrder, UsageError
from slaengine.storage.sealing import seal_store
from slaengine.streaming.checkpoints import CheckpointTopic
from slaengine.streaming.connect import connect

RETRY_S = 30
"""How soon Kafka is tried again when it did not take a checkpoint."""

Folder = Annotated[
    Path, typer.Option("--seal", help="The folder of checkpoints and the tree, best on another machine.", metavar="DIR")
]


def key(
    name: Annotated[str, typer.Argument(help="The log's name in the world, such as example.org/orders.")],
    out: Annotated[Path, typer.Option("--out", help="The new file of the private key.", metavar="FILE")],
) -> None:
    """Make a key to seal with: a private file, and beside it `.pub`, to be given to everybody who should check.

    Example: `slaengine audit key example.org/orders --out seal.key`
    """
    made = SigningKey.new(name)
    made.save(out)
    say(f"the private key is in {out}, for nobody else; the public one is in {out}.pub: {made.public}")
    say(f"next: slaengine audit seal --store URL --key {out} --seal DIR")


def seal(
    store: Store,
    key: Annotated[Path, typer.Option("--key", help="The private key in force.", metavar="FILE")],
    folder: Folder,
    next_key: Annotated[
        str | None, typer.Option("--next-key", help="The public key that signs from the next seal on.", metavar="KEY")
    ] = None,
    every: Annotated[
        float | None,
        typer.Option("--every", help="Seal again and again, with so many minutes between.", metavar="MINUTES", min=0.01),
    ] = None,
    kafka: Annotated[
        str | None,
        typer.Option("--kafka", help="Send the checkpoint to the topic slaengine.checkpoints too.", metavar="HOST:PORT"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Sign where the log has come to, so that nobody can change it unnoticed, and neither can we.

    Example: `slaengine audit seal --store sqlite:///orders.db --key seal.key --seal ./seal`

    Hand the checkpoint files to those who must be able to hold you to them. With `--kafka` every checkpoint in the folder
    that the topic lacks is sent; with `--every`, what Kafka refuses is tried again until it takes it. A log whose chain is
    broken, or that was rewritten behind an earlier checkpoint, is not sealed.
    """
    signer, following = SigningKey.load(key), load_public(next_key) if next_key else None
    kept = SealFolder(folder)
    topic = None if kafka is None else CheckpointTopic(connect(kafka))
    with SlaEngine.open(store, clock=utc_now, create=False) as engine:
        while True:
            _show_sealed(seal_store(engine.log, kept, signer, utc_now(), next_key=following), folder, as_json=as_json)
            if every is None or following is not None:
                _send(topic, kept)
                return
            _wait(every * 60, topic, kept)


def _send(topic: CheckpointTopic | None, kept: SealFolder) -> int:
    try:
        return 0 if topic is None else topic.send(kept.notes())
    except StreamingError as error:
        raise StreamingError(
            f"{error}; the checkpoints are in {kept.path} and in the log, and sealing with --kafka sends them when it can"
        ) from None


def _wait(seconds: float, topic: CheckpointTopic | None, kept: SealFolder) -> None:
    """Send to the topic what it lacks, again and again while Kafka refuses, and return after so many seconds."""
    until, refused = time.monotonic() + seconds, False
    while True:
        try:
            sent = _send(topic, kept)
            if refused:
                say(f"Kafka takes checkpoints again; {sent} were sent")
            refused = False
        except StreamingError as error:
            if not refused:
                say(str(error))
            refused = True
        left = until - time.monotonic()
        if left <= 0:
            return
        time.sleep(min(left, RETRY_S) if refused else left)


def _show_sealed(made: Sealed | None, folder: Path, *, as_json: bool) -> None:
    point = made.checkpoint if made else None
    if as_json:
        print_json({"sealed": point.size, "root": point.root.hex(), "time": point.time} if point else {"sealed": None})
    elif point is None:
        say("nothing was recorded since the last checkpoint")
    else:
        say(f"sealed {point.size:,} facts; the checkpoint is in {folder} and in the log")
        if point.next is not None:
            say(f"from the next seal on the key is {point.next}; seal with it, and destroy the old one")


def prove_(
    order: Annotated[str, typer.Argument(help="The order's number or id.", metavar="ORDER")],
    store: Store,
    folder: Folder,
    since: Annotated[
        Path | None, typer.Option("--since", help="A checkpoint file that the receiver holds already.", metavar="FILE")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="The proof file; without it stdout.", metavar="FILE")] = None,
) -> None:
    """Write the proof that an order's facts stand in the sealed log, to be checked on any machine.

    Example: `slaengine audit prove WO-20260105-000123 --store sqlite:///orders.db --seal ./seal --out proof.json`
    """
    with SlaEngine.open(store, clock=utc_now, create=False) as engine:
        proof = proof_of(engine, order, folder, since)
    text = json.dumps(proof, ensure_ascii=False)
    if out is None:
        typer.echo(text)
        return
    try:
        out.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {out}: {error.strerror}") from None
    say(f"{out} proves {len(proof['facts'])} facts; next: slaengine audit check {out} --key KEY.pub")


def proof_of(engine: SlaEngine, order: str, folder: Path, since: Path | None = None) -> dict[str, Any]:
    """Return the proof for an order, by its number or id."""
    order_id = engine.order_id(order)
    facts = engine.log.facts_of(order_id)
    if not facts or facts[0].topic != Received.TOPIC:
        raise UnknownWorkOrder(order)
    number = json.loads(facts[0].state)["number"]
    with SealFolder(folder).opened() as so_far:
        return prove(engine.log, so_far, Case(order_id, number, facts), read_checkpoint(since) if since else None)


def read_checkpoint(path: Path) -> str:
    """Return the text of a checkpoint file."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AuditError(f"cannot read the checkpoint {path}: {error}") from None


def check(
    proof: Annotated[str, typer.Argument(help="The proof file; - for standard input.", metavar="PROOF")],
    key: Annotated[str, typer.Option("--key", help="The public key you trust: its file or its text.", metavar="KEY")],
    as_json: AsJson = False,
) -> None:
    """Check a proof with nothing but the public key: no store, no network.

    Example: `slaengine audit check proof.json --key seal.key.pub`

    The one file `slaengine/audit/check.py` does the same on a machine without slaengine; `--help` of it says how.
    """
    trusted = load_public(key)
    try:
        content = read_proof(proof)
        point = check_proof(content, trusted)
    except ProofError as error:
        if as_json:
            print_json({"holds": False, "problem": str(error)})
            raise typer.Exit(1) from None
        raise AuditError(f"the proof does not hold: {error}") from None
    if as_json:
        facts = len(content["facts"])
        print_json(
            {
                "holds": True,
                "order": content["order"],
                "facts": facts,
                "log": point.origin,
                "sealed": point.size,
                "at": point.time,
            }
        )
    else:
        typer.echo(summary(content, point))


def register(audit: typer.Typer) -> None:
    """Add the commands to `slaengine audit`."""
    audit.command("key", no_args_is_help=True)(key)
    audit.command("seal", no_args_is_help=True)(seal)
    audit.command("prove", no_args_is_help=True)(prove_)
    audit.command("check", no_args_is_help=True)(check)
