"""Small loops over columns: pairs of codes, numbers by them, rows in order. Imported only where Numba is installed."""

from __future__ import annotations

from typing import Any

from slaengine.audit.layout import NOWHERE
from slaengine.audit.machine_code import machine_code

OPENS, CLOSES, OPENS_LIST, CLOSES_LIST, QUOTE, ESCAPE, COMMA, COLON = b'{}[]"\\,:'


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
def cut_down(text: Any, ends: Any, names: Any, name_ends: Any, told: Any, told_ends: Any) -> None:
    """Write JSON objects anew with those of their fields alone that are named.

    The objects stand in `text` one behind the other, as UTF-8 without white space, object n up to `ends[n + 1]`; the names, in
    quotes, in `names` likewise. A value may hold objects in turn: only what closes on the object's own level ends it.
    """
    written = 0
    for n in range(len(ends) - 1):
        at, end, first = ends[n] + 1, ends[n + 1] - 1, written
        told[written] = OPENS
        written += 1
        while at < end:
            colon = past_value(text, at, end)
            behind = past_value(text, colon + 1, end)
            if is_named(text[at:colon], names, name_ends):
                told[written : written + behind - at] = text[at:behind]
                told[written + behind - at] = COMMA
                written += behind - at + 1
            at = behind + 1
        written -= written > first + 1
        told[written] = CLOSES
        written += 1
        told_ends[n + 1] = written


@machine_code
def past_value(text: Any, at: Any, end: Any) -> Any:
    """Return where the value, or the name, that begins at `at` is over: at its comma or colon, or at `end`."""
    depth, quoted = 0, False
    while at < end:
        sign = text[at]
        if quoted:
            if sign == ESCAPE:
                at += 1
            elif sign == QUOTE:
                quoted = False
        elif sign == QUOTE:
            quoted = True
        elif sign in (OPENS, OPENS_LIST):
            depth += 1
        elif sign in (CLOSES, CLOSES_LIST):
            depth -= 1
        elif depth == 0 and sign in (COMMA, COLON):
            break
        at += 1
    return at


@machine_code
def is_named(name: Any, names: Any, name_ends: Any) -> Any:
    """Whether the name is among the names."""
    for n in range(len(name_ends) - 1):
        first, length = name_ends[n], name_ends[n + 1] - name_ends[n]
        same = 0
        while length == len(name) and same < length and names[first + same] == name[same]:
            same += 1
        if same == length:
            return True
    return False


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
