"""What a process has at hand when it has just recorded facts and shown earlier ones: it need not read them back.

All of it is a guess. What follows from it is taken only if the log still ends with the very last of these facts, by its hash,
which covers all before it, and if the build still stands where it was left.
"""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

from slaengine.storage.database import Database
from slaengine.storage.fact_rows import FactRow
from slaengine.storage.log import FactLog
from slaengine.storage.read_models import Build

_LEFT: WeakKeyDictionary[Database, dict[str, tuple[Build, int]]] = WeakKeyDictionary()


class AtHand(NamedTuple):
    """A build as it was left, the facts behind it, the last one's position and hash, and the build's first free place."""

    build: Build
    facts: list[FactRow]
    position: int
    end: bytes
    free: int


def leave(database: Database, build: Build, free: int) -> None:
    """Remember where a build was left, and its first free place."""
    _LEFT.setdefault(database, {})[build.policy] = build, free


def forget(database: Database, policy: str) -> None:
    """Forget where the build of a policy was left."""
    _LEFT.get(database, {}).pop(policy, None)


def at_hand(log: FactLog, policy: str, texts: str) -> AtHand | None:
    """Return the facts behind the build of these texts, if all are at hand and are of orders that begin with them."""
    build, free = _LEFT.get(log.database, {}).get(policy, (None, 0))
    facts = log.appended
    if build is None or not build.fits(texts) or not facts or not facts[0].position <= build.position + 1 <= facts[-1].position:
        return None
    behind, last = facts[build.position + 1 - facts[0].position :], facts[-1]
    if {fact.order_id for fact in behind} != {fact.order_id for fact in behind if fact.version == 1}:
        return None
    rows = [(fact.order_id.bytes, fact.version, fact.topic, fact.state, fact.recorded_at) for fact in behind]
    return AtHand(build, rows, last.position, last.hash, free)
