"""Proofs that the facts of one order stand in the sealed log, as one small file for a machine without the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from uuid import UUID

from slaengine.audit.chain import GENESIS, Link
from slaengine.audit.check import PROOF_FORMAT, Checkpoint, ProofError, read_note
from slaengine.audit.merkle import MerkleTree
from slaengine.audit.seal import Log, Seal
from slaengine.errors import AuditError

Proof = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """The order to be proven: its id, its readable number, and its facts as stored, from version 1 on."""

    order_id: UUID
    number: str
    facts: Sequence[Link]


def prove(log: Log, seal: Seal, case: Case, since: str | None = None) -> Proof:
    """Return the proof for the facts of an order; `check.py` checks it.

    Args:
        log: gives the hash before each fact.
        seal: its last checkpoint vouches for the facts; those that hand over to another key are carried along.
        case: facts recorded behind the last checkpoint are left out: a later seal covers them.
        since: a checkpoint that the receiver holds; the proof shows that it is the beginning of the last one.

    Raises:
        AuditError: nothing is sealed, none of the facts is, or `since` is of another log or another history.
    """
    tree, notes = seal.tree, seal.notes
    if not notes:
        raise AuditError("nothing is sealed yet; `slaengine audit seal` makes the first checkpoint")
    last = read_note(notes[-1])
    sealed = [fact for fact in case.facts if fact.position <= last.size]
    if not sealed:
        raise AuditError(f"work order {case.number} was recorded after the last checkpoint of {last.time}; seal again")
    walked = _walked(notes, since)
    sizes = [_agreeing(tree, note).size for note in walked]
    return {
        "format": PROOF_FORMAT,
        "order": {"id": str(case.order_id), "number": case.number},
        "facts": [_proven(log, tree, fact, last.size) for fact in sealed],
        "checkpoints": walked,
        "consistency": [_hexed(tree.consistency(old, new)) for old, new in pairwise(sizes)],
    }


def _walked(notes: Sequence[str], since: str | None) -> list[str]:
    """Return the checkpoints a reader walks from the first key to the last seal: handovers, the one held, the last."""
    walked = [note for note in notes[:-1] if read_note(note).next is not None]
    if since is None or since == notes[-1]:
        return [*walked, notes[-1]]
    try:
        held = read_note(since)
    except ProofError as error:
        raise AuditError(f"--since: {error}") from None
    if since not in notes:
        raise AuditError(
            f"the checkpoint of {held.size} facts of {held.time} is not one of this seal: another log, or history was forked"
        )
    return [note for note in notes if note in walked or note in (since, notes[-1])]


def _agreeing(tree: MerkleTree, note: str) -> Checkpoint:
    checkpoint = read_note(note)
    if checkpoint.size > tree.size or tree.root(checkpoint.size) != checkpoint.root:
        raise AuditError(
            f"the log does not begin with the {checkpoint.size} facts sealed at {checkpoint.time}; it was rewritten or cut"
        )
    return checkpoint


def _proven(log: Log, tree: MerkleTree, fact: Link, size: int) -> dict[str, Any]:
    previous = log.read(fact.position - 2, 1)[0].hash if fact.position > 1 else GENESIS
    return {
        "position": fact.position,
        "version": fact.version,
        "topic": fact.topic,
        "recorded_at": fact.recorded_at,
        "state": fact.state.decode(),
        "previous": previous.hex(),
        "path": _hexed(tree.inclusion(fact.position - 1, size)),
    }


def _hexed(nodes: Sequence[bytes]) -> list[str]:
    return [node.hex() for node in nodes]
