"""The examination of a sealed log: whether it still is what was sealed, and if not, from which position on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from slaengine.audit.chain import GENESIS, Link, expected_hash
from slaengine.audit.check import Checkpoint, ProofError, PublicKey, open_note, read_note
from slaengine.audit.merkle import Frontier, MerkleTree
from slaengine.audit.seal import BATCH, Log
from slaengine.errors import SlaEngineError


@dataclass(frozen=True)
class Fault:
    """Something that does not hold. `position` is the first bad one; None when it is a checkpoint that is bad."""

    position: int | None
    problem: str


@dataclass(frozen=True)
class Examined:
    """What was looked at, and what was found; a log that holds has no faults."""

    facts: int
    checkpoints: int
    faults: tuple[Fault, ...]


def examine(
    log: Log,
    notes: Iterable[str],
    key: PublicKey,
    *,
    tree: MerkleTree | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Examined:
    """Recompute the chain and the tree of the whole log, and hold them against the checkpoints.

    Args:
        log: read from the first position to the last.
        notes: checkpoints from wherever they were kept: the seal's folder, the log, an auditor's drawer.
        key: the public key that signed the first of them.
        tree: the seal's own tree; with it a forged chain is named to the position, without it only as lying behind the
            last checkpoint that agrees.
        progress: told the number of facts read so far.
    """
    checkpoints, faults = _opened(notes, key)
    pending = sorted(checkpoints, key=lambda checkpoint: checkpoint.size)
    witness = tree if tree is not None and _trusted(tree, pending) else None
    edge, agreed, first_bad = Frontier(), 0, None
    for link, computed in _recomputed(log, progress):
        if isinstance(link, Fault):
            faults.append(link)
            first_bad = link.position
            break
        position = edge.size + 1
        if first_bad is None and witness is not None and position <= witness.size and not witness.holds(position - 1, computed):
            first_bad = position
            faults.append(Fault(position, f"position {position} is not what was sealed, and the chain behind it was rewritten"))
        edge.append(computed)
        while pending and pending[0].size == edge.size:
            checkpoint = pending.pop(0)
            if (edge.root(), computed) == (checkpoint.root, checkpoint.chain):
                agreed = edge.size
            elif first_bad is None:
                first_bad = agreed + 1
                faults.append(Fault(first_bad, _rewritten(agreed, checkpoint)))
    if pending and first_bad is None:
        missing = f"the log ends at position {edge.size}, and {pending[-1].size} facts were sealed at {pending[-1].time}"
        faults.append(Fault(edge.size + 1, missing))
    return Examined(edge.size, len(checkpoints), tuple(faults))


def _opened(notes: Iterable[str], key: PublicKey) -> tuple[list[Checkpoint], list[Fault]]:
    """Return the checkpoints whose signatures are good, following the keys they hand over to, and the faults of the others."""
    checkpoints: list[Checkpoint] = []
    faults: list[Fault] = []
    for note in _in_order(notes, faults):
        try:
            checkpoint = open_note(note, key)
        except ProofError as error:
            faults.append(Fault(None, str(error)))
            continue
        checkpoints.append(checkpoint)
        key = checkpoint.next or key
    return checkpoints, faults


def _in_order(notes: Iterable[str], faults: list[Fault]) -> list[str]:
    readable = []
    for note in dict.fromkeys(notes):
        try:
            checkpoint = read_note(note)
        except ProofError as error:
            faults.append(Fault(None, str(error)))
        else:
            readable.append((checkpoint.size, checkpoint.time, note))
    return [note for _, _, note in sorted(readable)]


def _trusted(tree: MerkleTree, checkpoints: Sequence[Checkpoint]) -> bool:
    """Whether the seal's own tree is the one that was signed; a tree that was tampered with tells nothing."""
    return bool(checkpoints) and all(point.size <= tree.size and tree.root(point.size) == point.root for point in checkpoints)


def _recomputed(log: Log, progress: Callable[[int], None]) -> Iterator[tuple[Link | Fault, bytes]]:
    """Yield each fact with the hash it must have; at the first that does not have it, a fault, and end."""
    previous, after = GENESIS, 0
    while facts := _read(log, after):
        for fact in facts:
            if isinstance(fact, Fault):
                yield fact, b""
                return
            computed = expected_hash(previous, fact)
            if fact.position != after + 1:
                yield Fault(after + 1, f"position {after + 1} is missing or stands twice"), b""
                return
            if computed is None or computed != fact.hash:
                yield Fault(fact.position, f"position {fact.position} was changed: its content does not have its hash"), b""
                return
            yield fact, computed
            previous, after = computed, fact.position
        progress(after)


def _read(log: Log, after: int) -> Sequence[Link | Fault]:
    """Read on behind `after`; what cannot be read at all is a fault, and stands where it was met."""
    limit = BATCH
    while True:
        try:
            return log.read(after, limit)
        except (ValueError, TypeError, SlaEngineError):
            if limit == 1:
                return [Fault(after + 1, f"position {after + 1} cannot be read: what is stored there is no fact")]
            limit = max(limit // 10, 1)


def _rewritten(agreed: int, checkpoint: Checkpoint) -> str:
    return (
        f"history was rewritten behind position {agreed}: the log does not begin with the {checkpoint.size} facts "
        f"that were sealed at {checkpoint.time}"
    )
