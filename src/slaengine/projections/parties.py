"""How long each party held an order: the company, a contractor, the builder."""

from __future__ import annotations

from collections.abc import Sequence

from slaengine.policies.holding import holding
from slaengine.policies.moment import Moment


def parties_of(moments: Sequence[Moment], holder: str, as_of: int | None) -> list[tuple[str, int, int | None]]:
    """Return each party that held the order, in µs how long, and since when one still does (None: it does not).

    Args:
        moments: the order's settled facts.
        holder: who holds what nobody else does.
        as_of: as it was then, µs; None: with an open end, so that the time since is not counted yet.
    """
    times: dict[str, int] = {}
    since: dict[str, int] = {}
    for held in holding(moments, holder=holder, as_of=as_of):
        times[held.party] = times.get(held.party, 0) + (0 if held.ends is None else held.ends - held.begins)
        if held.ends is None:
            since[held.party] = held.begins
    return [(party, time, since.get(party)) for party, time in sorted(times.items())]
