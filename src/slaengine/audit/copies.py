"""Two histories of one log beside each other: that of the store, that of a topic, that of another store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from slaengine.audit.history import History, Stamp

UNKNOWN = bytes(32)
"""Stands for the hash of a fact that was published before hashes were."""


class Unlike(NamedTuple):
    """A fact that is not the same in both; the hashes are None where it does not stand."""

    position: int
    fact: str
    one: bytes | None
    other: bytes | None

    @property
    def why(self) -> str:
        """What is so, in words."""
        if self.other is None:
            return "it stands only in the first"
        return "it stands only in the second" if self.one is None else "its content or what came before it differs"


class Compared(NamedTuple):
    """How many facts are the same in both, how many more are by position and kind, no hash being known, and the others."""

    same: int
    by_position: int
    unlike: list[Unlike]


def compare(one: History, other: History, facts: Iterable[str] | None = None) -> Compared:
    """Compare two histories fact by fact; `facts` names those that both should hold, None all.

    Raises:
        AuditError: a history is damaged.
    """
    wanted = None if facts is None else frozenset(facts)
    same, by_position, unlike = 0, 0, []
    for left, right in _pairs(one.stamps(), other.stamps()):
        name = (left or right or Stamp(0, "", b"")).fact
        if wanted is not None and name not in wanted:
            continue
        if left and right and left.hash == right.hash:
            same += 1
        elif left and right and UNKNOWN in (left.hash, right.hash) and left.fact == right.fact:
            by_position += 1
        else:
            position = (left or right or Stamp(0, "", b"")).position
            unlike.append(Unlike(position, name, left and left.hash, right and right.hash))
    return Compared(same, by_position, unlike)


def _pairs(one: Iterator[Stamp], other: Iterator[Stamp]) -> Iterator[tuple[Stamp | None, Stamp | None]]:
    """Yield what stands at each position in the one and the other, both in order of position."""
    left, right = next(one, None), next(other, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left.position < right.position):
            yield left, None
            left = next(one, None)
        elif left is None or right.position < left.position:
            yield None, right
            right = next(other, None)
        else:
            yield left, right
            left, right = next(one, None), next(other, None)
