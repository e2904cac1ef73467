"""The timeline: an order's facts as they happened, with both times, without personal data."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from slaengine.policies.moment import Moment
from slaengine.projections.case_file import EPOCH

STAMP = frozenset({"by", "channel", "correlation_id", "causation_id"})


class TimelineItem(BaseModel):
    """One fact: `version` is its number in the order, `late_s` how long after it occurred it was recorded (never below 0)."""

    model_config = ConfigDict(frozen=True)
    version: int
    name: str
    occurred_at: datetime
    recorded_at: datetime
    late_s: float
    by: str | None
    channel: str | None
    fields: dict[str, Any]


def timeline(moments: Sequence[Moment]) -> list[TimelineItem]:
    """Return the facts in order of occurrence, ties in the order recorded: as recorded, corrections beside what they mend."""
    return [_item(moment) for moment in sorted(moments, key=lambda moment: (moment.occurred_at, moment.version))]


def _item(moment: Moment) -> TimelineItem:
    return TimelineItem(
        version=moment.version,
        name=moment.name,
        occurred_at=EPOCH + timedelta(microseconds=moment.occurred_at),
        recorded_at=EPOCH + timedelta(microseconds=moment.recorded_at),
        late_s=max(0, moment.recorded_at - moment.occurred_at) / 1_000_000,
        by=moment.fields.get("by"),
        channel=moment.fields.get("channel"),
        fields={name: value for name, value in moment.fields.items() if name not in STAMP},
    )
