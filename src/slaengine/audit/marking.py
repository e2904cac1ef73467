"""Small loops over columns: pairs of codes, numbers by them, rows in order. Imported only where Numba is installed."""

from __future__ import annotations

from typing import Any

from slaengine.audit.layout import NOWHERE
from slaengine.audit.machine_code import machine_code


@machine_code
def mark(one: Any, other: Any, alike: Any, present: Any) -> None:
    """Note every pair of codes that some row has, in line `-1 - alike[one]`; where `alike` is not negative it does not count."""
    for row in range(len(one)):
        if alike[one[row]] < 0:
            present[-1 - alike[one[row]], other[row]] = True


@machine_code
def numbered(one: Any, other: Any, alike: Any, numbers: Any, shapes: Any) -> None:
    """Write each row's number: `alike[one]`, or where that is negative the one for its pair of codes."""
    for row in range(len(one)):
        number = alike[one[row]]
        shapes[row] = number if number >= 0 else numbers[-1 - number, other[row]]


@machine_code
def located(firsts: Any, ends: Any, versions: Any, version: Any, rows: Any) -> None:
    """Write for each wanted version its row in `[firsts, ends)`, or `NOWHERE`."""
    for n in range(len(firsts)):
        rows[n] = NOWHERE
        for row in range(firsts[n], ends[n]):
            if version[row] == versions[n]:
                rows[n] = row
                break


@machine_code
def put_in_order(bounds: Any, occurred: Any, recorded: Any, shape: Any, version: Any) -> None:
    """Sort the rows between each two bounds by occurrence, then version, in place. `recorded` may be empty."""
    for n in range(len(bounds)):
        for row in range(bounds[n, 0] + 1, bounds[n, 1]):
            at = row
            while at > bounds[n, 0] and (
                occurred[at - 1] > occurred[at] or (occurred[at - 1] == occurred[at] and version[at - 1] > version[at])
            ):
                occurred[at - 1], occurred[at] = occurred[at], occurred[at - 1]
                shape[at - 1], shape[at] = shape[at], shape[at - 1]
                version[at - 1], version[at] = version[at], version[at - 1]
                if len(recorded) > 0:
                    recorded[at - 1], recorded[at] = recorded[at], recorded[at - 1]
                at -= 1


@machine_code
def places_in_order(order: Any, ends: Any, received: Any, occurred: Any, version: Any, places: Any) -> None:
    """Write which row stands at each place when orders stand together, each received first, then as occurred, then by version.

    `ends[n]` is the place behind the rows of order n; it is written to.
    """
    for row in range(len(order) - 1, -1, -1):
        ends[order[row]] -= 1
        places[ends[order[row]]] = row
    first = 0
    for place in range(len(places)):
        row = places[place]
        if order[row] != order[places[first]]:
            first = place
        at = place
        while at > first:
            other = places[at - 1]
            if received[other] != received[row]:
                later = received[row]
            elif occurred[other] != occurred[row]:
                later = occurred[other] > occurred[row]
            else:
                later = version[other] > version[row]
            if not later:
                break
            places[at] = other
            at -= 1
        places[at] = row
