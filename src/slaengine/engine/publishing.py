"""Publishing a policy, a calendar or a holiday list: a fact like any other, under an id of its own."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from uuid import UUID

from slaengine.domain.events import Fact
from slaengine.domain.promises import Published
from slaengine.errors import PolicyError

NOT_SAID = frozenset({"occurred_at", "by", "channel", "correlation_id", "causation_id"})


def publication_id(kind: type[Published], name: str) -> UUID:
    """Return the id under which all versions of the policy, calendar or holiday list of this name stand in the log."""
    digest = sha256(f"slaengine.publication\x00{kind.NAME}\x00{name}".encode()).digest()
    number = int.from_bytes(digest[:16], "big") & ~(0xF << 76) | 0x8 << 76  # version 8: made by a rule of our own
    return UUID(int=number & ~(0x3 << 62) | 0x2 << 62)


def is_published(fact: Published, before: Iterable[Fact]) -> bool:
    """Whether this version was published before, with the same contents.

    Raises:
        PolicyError: it was, with other contents.
    """
    for old in before:
        if isinstance(old, Published) and old.version == fact.version:
            if fact.model_dump(exclude=set(NOT_SAID)) == old.model_dump(exclude=set(NOT_SAID)):
                return True
            what = fact.NAME.removesuffix("_published")
            raise PolicyError(
                f"version {fact.version} of {what} '{fact.name}' is published with other contents; name another version"
            )
    return False
