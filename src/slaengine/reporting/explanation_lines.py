"""The segments of an explanation as the lines of a table: neighbouring closed time in one line, long routine in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import groupby
from typing import Literal

from slaengine.policies.explain_model import Segment

LineCause = Literal["counted", "closed", "paused", "stopped", "routine"]
ROUTINE_FROM = 7
"""So many lines of open and closed time in turns are told in three: the first, what lies between, the last."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: what the neighbouring segments in it add up to, in whole µs.

    `reasons` says how often each reason occurs among them; of a `routine`, which counts and is closed in turns, those of its
    closed time. `days` is on how many dates something counted.
    """

    begins_at: datetime
    ends_at: datetime
    cause: LineCause
    reasons: tuple[tuple[str, int], ...]
    facts: tuple[int, ...]
    late: bool
    length: int
    taken_out: int
    counted: int
    total: int
    days: int


def lines_of(segments: Sequence[Segment], zone: tzinfo, *, every_segment: bool = False) -> list[Line]:
    """Return the lines of a clock's segments; their sums are exactly those of the segments.

    Args:
        segments: as explained, without gap.
        zone: whose dates are counted as days.
        every_segment: one line a segment, nothing joined.
    """
    if every_segment:
        return [_line([segment], segment.cause, zone) for segment in segments]
    joined: list[Line] = []
    for (_, is_routine), run in groupby(segments, key=lambda s: (s.late, s.cause in ("counted", "closed"))):
        stretches = [list(group) for _, group in groupby(run, key=lambda s: s.cause)] if is_routine else [[s] for s in run]
        joined.extend(_condensed(stretches, zone))
    return joined


def _condensed(stretches: list[list[Segment]], zone: tzinfo) -> Iterator[Line]:
    if len(stretches) < ROUTINE_FROM:
        yield from (_line(stretch, stretch[0].cause, zone) for stretch in stretches)
        return
    between = [segment for stretch in stretches[1:-1] for segment in stretch]
    yield _line(stretches[0], stretches[0][0].cause, zone)
    yield _line(between, "routine", zone)
    yield _line(stretches[-1], stretches[-1][0].cause, zone)


def _line(segments: Sequence[Segment], cause: LineCause, zone: tzinfo) -> Line:
    first, last = segments[0], segments[-1]
    return Line(
        begins_at=first.begins_at,
        ends_at=last.ends_at,
        cause=cause,
        reasons=tuple(Counter(_reasons(segments)).items()),
        facts=first.facts,
        late=first.late,
        length=sum(as_micros(segment.length_s) for segment in segments),
        taken_out=sum(as_micros(segment.open_s) - as_micros(segment.counted_s) for segment in segments),
        counted=sum(as_micros(segment.counted_s) for segment in segments),
        total=as_micros(last.total_s),
        days=len({segment.begins_at.astimezone(zone).date() for segment in segments if segment.cause == "counted"}),
    )


def _reasons(segments: Sequence[Segment]) -> Iterator[str]:
    """Yield the reasons in order, one that is broken by a weekend's midnight or the like only once."""
    before: set[str] = set()
    for segment in segments:
        if segment.cause == "counted":
            before = set()
        elif segment.reason is not None and segment.reason not in before:
            before.add(segment.reason)
            yield segment.reason


def as_micros(seconds: float) -> int:
    """Return a length of an explanation in whole µs, as it was measured."""
    return round(seconds * 1_000_000)
