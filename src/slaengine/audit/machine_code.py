"""How small loops are compiled: without the interpreter's lock, and kept on disk where there is a place for it."""

from __future__ import annotations

from typing import Any

from numba import njit


def machine_code(function: Any) -> Any:
    """Return the compiled form of a function of numbers and arrays."""
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # there is nowhere to keep it
        return njit(nogil=True)(function)
