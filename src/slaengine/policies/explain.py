"""Why a clock stands where it stands: every second from its start, with its cause.

The segments of an explanation partition the time from the clock's start to its stop, or to now while it runs, without
gap or overlap. What is counted in them adds up exactly to the clock's `elapsed`, and the open time of those taken out to
its `paused`: an explanation is the judgement read once more, never a second opinion.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

Cause = Literal["counted", "closed", "paused", "stopped"]
"""`stopped` is the time between a stop and the reopening that undid it."""


class Segment(BaseModel):
    """Time with one cause, half-open `[begins_at, ends_at)`, UTC."""

    model_config = ConfigDict(frozen=True)
    begins_at: datetime
    ends_at: datetime
    cause: Cause
