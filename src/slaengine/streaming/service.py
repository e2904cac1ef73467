"""What runs until it is told to stop, and how it warns."""

from __future__ import annotations

import logging
import threading
from typing import Protocol


class Service(Protocol):
    """Something that runs until it is told to stop."""

    def run(self, stop: threading.Event) -> None:
        """Run until `stop` is set."""


def warn_plainly() -> None:
    """Write warnings to the standard error, a sentence each."""
    logging.basicConfig(level=logging.WARNING, format="slaengine: %(message)s")
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # it shouts at every retry; what matters is in our own words
