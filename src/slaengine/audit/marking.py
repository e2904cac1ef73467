# mypy: disable-error-code="untyped-decorator"
"""Small loops over columns: pairs of codes, numbers by them, rows in order. Imported only where Numba is installed."""

from __future__ import annotations

from typing import Any

from numba import njit


@njit(nogil=True, cache=True)
def mark(one: Any, other: Any, present: Any) -> None:
    """Note every pair of codes that some row has."""
    for row in range(len(one)):
        present[one[row], other[row]] = True


@njit(nogil=True, cache=True)
def numbered(one: Any, other: Any, numbers: Any, shapes: Any) -> None:
    """Write each row's number, by its pair of codes."""
    for row in range(len(one)):
        shapes[row] = numbers[one[row], other[row]]


@njit(nogil=True, cache=True)
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
