"""The Merkle tree of RFC 6962 over a growing list of leaves, kept flat: append only, every node found in one step.

Nodes stand in the order in which they become complete: a leaf, then each subtree that this leaf completes. A tree of n
leaves thus has 2n − (number of ones in n's binary form) nodes of 32 bytes, and a longer tree begins with the very bytes
of a shorter one, so that a file of nodes only ever grows.

Source: RFC 6962, section 2.1; `check.py` holds the other half, the checking of proofs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Protocol, Self

from slaengine.errors import AuditError

NODE = 32
EMPTY_ROOT = sha256(b"").digest()


class Nodes(Protocol):
    """Where the nodes of a tree are kept, first completed first."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int, /) -> bytes: ...
    def extend(self, nodes: Iterable[bytes], /) -> None:
        """Append nodes."""


class Frontier:
    """The right edge of a tree: enough to append to it and to know its root, 32 bytes a level."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self._peaks = list(peaks)

    def append(self, data: bytes) -> list[bytes]:
        """Append a leaf, given by its data; return the nodes that are complete now, the leaf first."""
        node = sha256(b"\x00" + data).digest()
        completed = [node]
        size = self.size
        while size & 1:
            node = _join(self._peaks.pop(), node)
            completed.append(node)
            size >>= 1
        self._peaks.append(node)
        self.size += 1
        return completed

    def root(self) -> bytes:
        """Return the root over all leaves."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = _join(peak, root)
        return root


class MerkleTree:
    """A tree over `nodes`, which may already hold a tree; without any, it begins empty, in memory."""

    def __init__(self, nodes: Nodes | None = None) -> None:
        self._nodes: Nodes = [] if nodes is None else nodes
        size = leaves_of(len(self._nodes))
        self._edge = Frontier(size, [self._node(height, index) for height, index in _peaks(size)])

    @property
    def size(self) -> int:
        """The number of leaves."""
        return self._edge.size

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Append leaves, given by their data."""
        self._nodes.extend([node for data in leaves for node in self._edge.append(data)])

    def holds(self, index: int, data: bytes) -> bool:
        """Whether leaf `index` (from 0) is `data`."""
        return self._node(0, index) == sha256(b"\x00" + data).digest()

    def root(self, size: int | None = None) -> bytes:
        """Return the root over the first `size` leaves; None means all of them.

        Raises:
            AuditError: the tree has fewer leaves.
        """
        return self._root(0, self._reaching(self.size if size is None else size))

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Return the path that proves leaf `index` (from 0) to be in the tree of the first `size` leaves.

        Raises:
            AuditError: no such leaf is in that tree.
        """
        if not 0 <= index < self._reaching(size):
            raise AuditError(f"position {index + 1} is not among the {size} facts that are sealed; seal again")
        return self._inclusion(index, 0, size)

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Return the proof that the tree of the first `old` leaves is the beginning of that of the first `new` ones.

        Raises:
            AuditError: the tree has fewer leaves, or `old` is larger than `new`.
        """
        if not 0 <= old <= self._reaching(new):
            raise AuditError(f"no tree of {old} facts is the beginning of one of {new}")
        return [] if old in (0, new) else self._consistency(old, 0, new, whole=True)

    def _reaching(self, size: int) -> int:
        if not 0 <= size <= self.size:
            raise AuditError(f"a tree of {size} facts was asked for, and only {self.size} are there")
        return size

    def _node(self, height: int, index: int) -> bytes:
        """Return the root of the complete subtree of 2^height leaves that begins at leaf index × 2^height."""
        return self._nodes[nodes_of(((index + 1) << height) - 1) + height]

    def _root(self, first: int, end: int) -> bytes:
        count = end - first
        if count == 0:
            return EMPTY_ROOT
        if count & (count - 1) == 0:  # a power of two, and aligned, since every split is
            height = count.bit_length() - 1
            return self._node(height, first >> height)
        middle = first + _left(count)
        return _join(self._root(first, middle), self._root(middle, end))

    def _inclusion(self, index: int, first: int, end: int) -> list[bytes]:
        if end - first == 1:
            return []
        middle = first + _left(end - first)
        if index < middle:
            return [*self._inclusion(index, first, middle), self._root(middle, end)]
        return [*self._inclusion(index, middle, end), self._root(first, middle)]

    def _consistency(self, old: int, first: int, end: int, *, whole: bool) -> list[bytes]:
        """The part of the proof about leaves `first` to `end`; `whole`: the old tree is the verifier's own, unbroken."""
        if old == end:
            return [] if whole else [self._root(first, end)]
        middle = first + _left(end - first)
        if old <= middle:
            return [*self._consistency(old, first, middle, whole=whole), self._root(middle, end)]
        return [*self._consistency(old, middle, end, whole=False), self._root(first, middle)]


class FileNodes:
    """Nodes in a file that only grows; usable as `with FileNodes(path) as nodes`.

    A tail that a crash left half-written is cut off on opening: the tree it belonged to was never sealed.

    Raises:
        AuditError: the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise AuditError(f"cannot keep the tree of the seal in {path}: {error.strerror}") from None
        whole = nodes_of(leaves_of(os.fstat(self._file).st_size // NODE))
        os.ftruncate(self._file, whole * NODE)
        self._count = whole

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int, /) -> bytes:
        return os.pread(self._file, NODE, index * NODE)

    def extend(self, nodes: Iterable[bytes], /) -> None:
        """Append nodes, and wait until the disk has them."""
        block = b"".join(nodes)
        done = 0
        while done < len(block):
            done += os.pwrite(self._file, block[done:], self._count * NODE + done)
        os.fsync(self._file)
        self._count += len(block) // NODE


def nodes_of(leaves: int) -> int:
    """Return how many nodes a tree of `leaves` leaves has."""
    return 2 * leaves - leaves.bit_count()


def leaves_of(nodes: int) -> int:
    """Return how many leaves the largest tree has that fits into `nodes` nodes."""
    leaves = 0
    for height in range(nodes.bit_length(), -1, -1):
        whole = (2 << height) - 1
        if nodes >= whole:
            nodes -= whole
            leaves += 1 << height
    return leaves


def _peaks(size: int) -> list[tuple[int, int]]:
    """Return (height, index) of the complete subtrees that `size` leaves fall into, the largest first."""
    peaks = []
    first = 0
    for height in range(size.bit_length() - 1, -1, -1):
        if size >> height & 1:
            peaks.append((height, first >> height))
            first += 1 << height
    return peaks


def _left(count: int) -> int:
    """Return the size of the left subtree: the largest power of two below `count` (at least 2)."""
    return 1 << (count - 1).bit_length() - 1


def _join(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()
