"""Publishing a policy, a calendar or a holiday list: a fact like any other, under an id of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from slaengine.domain.events import Fact
from slaengine.domain.promises import PolicyPublished, Published, Scope
from slaengine.errors import PolicyError, UsageError
from slaengine.policies.book import PolicyBook
from slaengine.policies.load import policy_of
from slaengine.policies.policy import Policy, Version
from slaengine.policies.words import Title

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


def publications_of(  # noqa: PLR0913 - the fields of the facts
    book: PolicyBook,
    now: datetime,
    *,
    by: str | None = None,
    channel: str | None = None,
    scope: Scope | None = None,
    effective_from: datetime | None = None,
) -> list[PolicyPublished]:
    """Return the facts that publish the versions of a policy file, each with the whole file as its text.

    Each version comes into force at its own date and with its own scope, unless others are given.

    Raises:
        PolicyError: the book was not read from a file.
    """
    if book.text is None:
        raise PolicyError(f"policy {book.name} was read from a store, not from a file; it is published already")
    return [
        PolicyPublished(
            occurred_at=now,
            by=by,
            channel=channel,
            name=book.name,
            version=version.version,
            effective_from=effective_from or book.policy.instant(version.effective_from),
            scope=scope or version.scope,
            text=book.text,
        )
        for version in book.policy.versions
    ]


def not_published(wanted: Sequence[PolicyPublished], before: Iterable[Fact]) -> list[PolicyPublished]:
    """Return those publications of one policy whose versions are not published yet.

    A published version stays as it is: its targets, its date, its calendars. Calendars may be other ones in a file that
    brings a new version: they count for that version.

    Raises:
        PolicyError: a version is published with other promises, another date or scope; or with other calendars, and the
            file brings no new version that could carry them.
        UsageError: two versions would come into force at one instant.
    """
    published = {old.version: old for old in before if isinstance(old, PolicyPublished)}
    new = [fact for fact in wanted if fact.version not in published]
    if len({fact.effective_from for fact in new}) < len(new):
        raise UsageError("two versions cannot come into force at the same instant; publish them with their own dates")
    for fact in wanted:
        if fact.version in published and (what := _difference(fact, published[fact.version], bringing_new=bool(new))):
            raise PolicyError(
                f"version {fact.version} of policy '{fact.name}' is published with {what}, and that stays; "
                "give the changed promises a version of their own, or leave the policy out to be judged by the published one"
            )
    return new


def _difference(fact: PolicyPublished, old: PolicyPublished, *, bringing_new: bool) -> str:
    """Return in what the published version is another one; empty when in nothing that matters.

    A date or scope given for the new versions says nothing against a published one that has its own.
    """
    policy, published = policy_of(fact.text, fact.name), policy_of(old.text, old.name)
    version = _version(policy, fact.version)
    if old.effective_from not in (fact.effective_from, policy.instant(version.effective_from)):
        return f"effect from {old.effective_from.isoformat()}"
    if old.scope not in (fact.scope, version.scope):
        return f"scope {old.scope}"
    if _promises(version) != _promises(_version(published, fact.version)):
        return "other contents"
    if not bringing_new and _around(policy) != _around(published):
        return "other calendars"
    return ""


def _version(policy: Policy, name: str) -> Version:
    return next((version for version in policy.versions if version.version == name), policy.versions[-1])


def _promises(version: Version) -> Version:
    """Return a version without its date and scope, which stand in the fact."""
    return version.model_copy(update={"effective_from": datetime.min.replace(tzinfo=UTC), "scope": "new_orders"})


def _around(policy: Policy) -> Policy:
    """Return what all versions of a file share, as far as clocks depend on it."""
    return policy.model_copy(update={"versions": (), "title": Title()})
