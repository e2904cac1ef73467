"""The seal of a log: signed checkpoints over the Merkle tree of its hash chain, kept in a folder apart from the store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from slaengine.audit.chain import GENESIS, Link, verify
from slaengine.audit.check import Checkpoint, ProofError, PublicKey, open_note, read_note
from slaengine.audit.merkle import FileNodes, MerkleTree
from slaengine.audit.signing import SigningKey
from slaengine.domain.seals import CheckpointSigned
from slaengine.errors import AuditError, UsageError

BATCH = 10_000
"""Facts read at a time: some megabytes."""
FEW = 10


class Log(Protocol):
    """The log, as far as a seal reads it."""

    def read(self, after: int, limit: int, /) -> Sequence[Link]:
        """Return up to `limit` facts behind position `after`, in order of position."""


@dataclass(frozen=True)
class Seal:
    """What is sealed so far: the tree, and the signed checkpoints over it, the earliest first."""

    tree: MerkleTree
    notes: tuple[str, ...] = ()


class SealFolder:
    """Checkpoints, a file each, and the tree's nodes. Copy the checkpoints to whoever must be able to hold us to them.

    Every method raises `AuditError` when the folder cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def notes(self) -> list[str]:
        """Return the signed checkpoints, the earliest first."""
        try:
            return [file.read_text(encoding="utf-8") for file in sorted(self.path.glob("*.checkpoint"))]
        except (OSError, UnicodeDecodeError) as error:
            raise AuditError(f"cannot read the checkpoints in {self.path}: {error}") from None

    def add(self, note: str) -> Path:
        """Keep a signed checkpoint; return its file."""
        name = f"{read_note(note).size:015}-{len(self.notes()) + 1:06}.checkpoint"
        file = self.path / name
        try:
            draft = file.with_suffix(".draft")
            draft.write_text(note, encoding="utf-8")
            draft.rename(file)
        except OSError as error:
            raise AuditError(f"cannot keep the checkpoint in {file}: {error.strerror}") from None
        return file

    @contextmanager
    def opened(self, *, create: bool = False) -> Iterator[Seal]:
        """Give the seal, with its tree as far as it was built; growing the tree grows the file."""
        if not create and not self.path.is_dir():
            raise AuditError(f"there is no seal in {self.path}; `slaengine audit seal` makes one")
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise AuditError(f"cannot keep a seal in {self.path}: {error.strerror}") from None
        with FileNodes(self.path / "tree.nodes") as nodes:
            yield Seal(MerkleTree(nodes), tuple(self.notes()))


@dataclass(frozen=True)
class Sealed:
    """A seal that was made: its checkpoint, as text and as understood."""

    note: str
    checkpoint: Checkpoint


def seal(log: Log, so_far: Seal, key: SigningKey, now: datetime, *, next_key: PublicKey | None = None) -> Sealed | None:
    """Extend the tree by what was recorded since the last checkpoint, and sign where the log has come to.

    Args:
        log: read only; whoever calls records the new note in it.
        so_far: its tree grows.
        key: the key in force.
        now: the time of sealing.
        next_key: the key that signs from the next checkpoint on; None keeps `key`.

    Returns:
        None when nothing was recorded since but checkpoints, and the key stays.

    Raises:
        AuditError: the chain is broken or was rewritten behind a checkpoint, or `key` is not the one in force. A log
            that does not hold is not sealed.
    """
    if next_key is not None and next_key.name != key.name:
        raise UsageError(f"the next key is for the log '{next_key.name}', and this log is '{key.name}'; make it with that name")
    tree, last = so_far.tree, _last(so_far.notes, key)
    extend(tree, log)
    if last is not None and tree.root(min(last.size, tree.size)) != last.root:
        raise AuditError(
            f"the log does not begin with the {last.size} facts that were sealed at {last.time}: it was rewritten or cut; "
            "`slaengine audit verify --seal` names the position"
        )
    if last is not None and next_key is None and not _news(log, last.size):
        return None
    if tree.size == 0:
        raise AuditError("there is nothing to seal: the log is empty")
    chain = log.read(tree.size - 1, 1)[0].hash
    checkpoint = Checkpoint(key.name, tree.size, tree.root(), chain, now.isoformat(timespec="microseconds"), next_key)
    return Sealed(key.sign(checkpoint), checkpoint)


def _last(notes: Sequence[str], key: SigningKey) -> Checkpoint | None:
    if not notes:
        return None
    last = read_note(notes[-1])
    if last.next is not None and last.next != key.public:
        raise AuditError(f"this key is not the one in force: the last checkpoint names {last.next} as the next key")
    if last.next is None:
        try:
            open_note(notes[-1], key.public)
        except ProofError as error:
            raise AuditError(f"this key is not the one in force: {error}") from None
    return last


def _news(log: Log, after: int) -> bool:
    """Whether anything but a few checkpoints of our own was recorded behind `after`."""
    facts = log.read(after, FEW)
    return len(facts) == FEW or any(fact.topic != CheckpointSigned.TOPIC for fact in facts)


def extend(tree: MerkleTree, log: Log) -> None:
    """Append to `tree` what the log holds behind it.

    Raises:
        AuditError: the chain is broken, or does not go on from the tree's last leaf.
    """
    previous, after = GENESIS, tree.size
    if after:
        joint = log.read(after - 1, 1)
        if not joint or not tree.holds(after - 1, joint[0].hash):
            raise AuditError(f"the log was cut or rewritten at or before position {after}, which was sealed before")
        previous = joint[0].hash
    while facts := log.read(after, BATCH):
        bad = verify(facts, previous=previous, after=after)
        if bad is not None:
            raise AuditError(f"the chain of the log is broken at position {bad}; nothing was sealed")
        tree.extend(fact.hash for fact in facts)
        previous, after = facts[-1].hash, facts[-1].position
