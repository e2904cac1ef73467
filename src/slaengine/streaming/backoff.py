"""Waiting after a failure: longer each time, until something succeeds."""

from __future__ import annotations

import threading

from slaengine.streaming.limits import BACKOFF_FIRST_S, BACKOFF_MAX_S


class Backoff:
    """Waits that double; `stop` ends one at once."""

    def __init__(self, stop: threading.Event) -> None:
        self._stop = stop
        self._next_s = BACKOFF_FIRST_S

    def wait(self) -> None:
        """Wait, and longer next time."""
        self._stop.wait(self._next_s)
        self._next_s = min(BACKOFF_MAX_S, 2 * self._next_s)

    def reset(self) -> None:
        """Begin with the shortest wait again."""
        self._next_s = BACKOFF_FIRST_S
