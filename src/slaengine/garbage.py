"""Python's search for cycles of garbage, held off while facts, rows and records come by the thousand: they make none."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLD = 1_000_000
"""Objects alive from which Python looks: a full batch of records is a fifth of it, and goes without a search."""

_lock = threading.Lock()
_inside = 0
_before = gc.get_threshold()


@contextmanager
def searched_seldom() -> Iterator[None]:
    """Have Python look for garbage seldom for the length of the block, in whichever threads such blocks overlap.

    The search visits every object that is alive, and each record is a dozen: it took two thirds of the time of reading a stream,
    and a sixth of that of an import or a build.
    """
    global _before, _inside  # noqa: PLW0603 (the setting is the process's)
    with _lock:
        if not _inside:
            _before = gc.get_threshold()
            gc.set_threshold(THRESHOLD, *_before[1:])
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside:
                gc.set_threshold(*_before)
