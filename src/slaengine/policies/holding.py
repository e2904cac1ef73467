"""Who held an order at each second: the company, a contractor, the builder."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from slaengine.policies.moment import Moment
from slaengine.policies.settle import settled

ENDS = frozenset({"resolved", "closed", "cancelled", "merged"})


class Held(NamedTuple):
    """A party held the order in `[begins, ends)`, µs UTC, since the fact of version `since`; `ends` None: it still does."""

    party: str
    begins: int
    ends: int | None
    since: int


def holding(
    moments: Iterable[Moment], *, holder: str = "company", as_of: int | None = None, known_at: int | None = None
) -> list[Held]:
    """Return who held an order, second by second, from its receipt until it was done or void, and again once reopened.

    At first it is `holder`, the policy's own party. A classification or acceptance that names a party hands the order
    to it, and so does a dispatch; a dispatch to a team of one's own, naming no party, takes it back, and so does a refusal by
    the party that holds it. Segments join without a gap while the order is open, and neighbours differ in party.

    Args:
        moments: the order's facts, in any order.
        holder: who holds what nobody else does; `Policy.holder`.
        as_of: what was so at this instant (µs), inclusive; the last segment then ends there.
        known_at: leave out facts recorded after this instant (µs).
    """
    held: list[Held] = []
    party: str | None = None
    for moment in settled(moments, as_of, known_at):
        begins = max(moment.occurred_at, held[-1].begins) if held else moment.occurred_at
        after = _party_after(moment, party, holder, held)
        if after == party:
            continue
        if party is not None:
            held[-1] = held[-1]._replace(ends=begins)
        if after is not None:
            held.append(Held(after, begins, None, moment.version))
        party = after
    if held and party is not None and as_of is not None:
        held[-1] = held[-1]._replace(ends=as_of)
    return [segment for segment in held if segment.ends is None or segment.ends > segment.begins]


def _party_after(moment: Moment, party: str | None, holder: str, held: list[Held]) -> str | None:
    """Return who holds the order after a fact; None when nobody needs to."""
    named = moment.fields.get("party")
    if moment.name == "received":
        return holder
    if moment.name == "reopened":
        return held[-1].party if held else holder
    if moment.name in ENDS or party is None:
        return None
    if moment.name == "dispatched":
        return named or holder
    if moment.name == "declined" and named in (None, party):
        return holder
    if moment.name in ("classified", "accepted"):
        return named or party
    return party
