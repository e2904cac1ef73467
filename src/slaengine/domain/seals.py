"""The fact about the log itself: up to which position it was sealed, and by whom."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from slaengine.domain.events import Fact

SEALS = UUID("5ea15ea1-0000-8000-8000-000000000001")
"""The id that all seals of a log stand under."""


class CheckpointSigned(Fact):
    """The log was sealed: `note` is the signed checkpoint over all facts before this one, or before an earlier one."""

    NAME: ClassVar[str] = "checkpoint_signed"
    TOPIC: ClassVar[str] = "seal.checkpoint_signed.v1"

    note: str
