"""The time of a clock cut into segments, each with its cause."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from slaengine.policies.calendar import BusinessCalendar
from slaengine.policies.calendar_instants import as_datetime
from slaengine.policies.compile import ANY
from slaengine.policies.explain_model import Cause, Segment
from slaengine.policies.moment import Moment
from slaengine.policies.policy import Target
from slaengine.policies.prepare import LIFE
from slaengine.policies.rows import ClockRow, Span
from slaengine.policies.tables import DONE, PAUSED, REOPENED, RESUMED, VOIDED

SECOND = timedelta(seconds=1)


class Piece(NamedTuple):
    """A stretch with one cause, before it is measured."""

    begins: datetime
    ends: datetime
    cause: Cause
    reason: str | None = None
    facts: tuple[int, ...] = ()


class Wait(NamedTuple):
    """For how long (µs, half-open, `ends` None while it lasts) an order waited for one reason, and the pause that says so."""

    begins: int
    ends: int | None
    reason: str
    version: int


class Judged(NamedTuple):
    """A clock as judged, with what it was judged by.

    `calendar` is the target's, of the edition that judged; `moments` are the order's settled ones; `until` (µs) is the stop,
    or the instant up to which the clock was read, and never before its start.
    """

    row: ClockRow
    target: Target
    calendar: BusinessCalendar
    moments: Sequence[Moment]
    until: int


def segments_of(clock: Judged) -> tuple[Segment, ...]:
    """Return the segments of a clock from its start on, cut at its due time when that lies between."""
    pieces = _pieces(clock)
    due = None if clock.row.due is None else as_datetime(clock.row.due)
    return tuple(_measured(pieces if due is None else _cut(pieces, due), due, clock.calendar))


def _pieces(clock: Judged) -> Iterator[Piece]:
    at = clock.row.start
    for span in clock.row.spans:
        begins, ends = max(span.begins, at), min(span.ends, clock.until)
        if begins < ends:
            yield from _running(as_datetime(at), as_datetime(begins), clock.calendar)
            yield _taken_out(clock, span._replace(begins=begins, ends=ends))
            at = ends
    yield from _running(as_datetime(at), as_datetime(clock.until), clock.calendar)


def _running(begins: datetime, ends: datetime, calendar: BusinessCalendar) -> Iterator[Piece]:
    """Yield counted and closed time in turns."""
    at = begins
    for opened in calendar.segments(begins, ends):
        yield from _closed(at, opened.start, calendar)
        yield Piece(opened.start, opened.end, "counted")
        at = opened.end
    yield from _closed(at, ends, calendar)


def _closed(begins: datetime, ends: datetime, calendar: BusinessCalendar) -> Iterator[Piece]:
    """Yield closed time by reason, of which a date on the calendar's wall clock has one."""
    zone = ZoneInfo(calendar.tz)
    at, since, reason = begins, begins, None
    while at < ends:
        found = calendar.reason_closed(at)
        if found != reason and since < at:
            yield Piece(since, at, "closed", reason)
            since = at
        reason = found
        tomorrow = at.astimezone(zone).date() + timedelta(days=1)
        at = max(datetime.combine(tomorrow, time(), zone).astimezone(UTC), at + SECOND)
    if since < ends:
        yield Piece(since, ends, "closed", reason)


def _taken_out(clock: Judged, span: Span) -> Piece:
    by_version = {moment.version: moment for moment in clock.moments}
    opening, closing = by_version.get(span.begun_by or 0), by_version.get(span.ended_by or 0)
    ended_by = () if closing is None else (closing.version,)
    piece = Piece(as_datetime(span.begins), as_datetime(span.ends), "stopped")
    if opening is not None and _ended(clock, opening) and closing is not None and closing.name == "reopened":
        return piece._replace(facts=(opening.version, closing.version))
    waits = [
        wait
        for wait in sorted(_waits(clock.moments, clock.target.pause), key=lambda wait: wait.begins)
        if wait.begins < span.ends and (wait.ends is None or wait.ends > span.begins)
    ]
    reasons = ", ".join(dict.fromkeys(wait.reason for wait in waits))
    return piece._replace(cause="paused", reason=reasons, facts=(*(wait.version for wait in waits), *ended_by))


def _ended(clock: Judged, moment: Moment | None) -> bool:
    """Whether the fact had stopped the clock; what started it has not."""
    if moment is None or moment.version == clock.row.started_by:
        return False
    return any(trigger.hit_by(moment.name, moment.fields) for trigger in clock.target.stop)


def _waits(moments: Sequence[Moment], reasons: Sequence[str]) -> Iterator[Wait]:
    """Yield for how long the order waited for each of these reasons; what is done or void waits for nothing."""
    waiting: dict[str, Moment] = {}
    under_way = True
    for moment in moments:
        life, reason = LIFE.get(moment.name), moment.fields.get("reason")
        over = list(waiting) if life in (DONE, VOIDED, REOPENED) or (life == RESUMED and reason is None) else []
        if life == RESUMED and reason in waiting:
            over = [reason]
        for ended in over:
            begun = waiting.pop(ended)
            yield Wait(begun.occurred_at, moment.occurred_at, ended, begun.version)
        if life in (DONE, VOIDED, REOPENED):
            under_way = life == REOPENED
        elif life == PAUSED and under_way and (ANY in reasons or reason in reasons):
            waiting.setdefault(str(reason), moment)
    for reason, begun in waiting.items():
        yield Wait(begun.occurred_at, None, reason, begun.version)


def _cut(pieces: Iterator[Piece], at: datetime) -> Iterator[Piece]:
    for piece in pieces:
        if piece.begins < at < piece.ends:
            yield piece._replace(ends=at)
            yield piece._replace(begins=at)
        else:
            yield piece


def _measured(pieces: Iterator[Piece], due: datetime | None, calendar: BusinessCalendar) -> Iterator[Segment]:
    total = timedelta()
    for piece in pieces:
        opened = timedelta() if piece.cause == "closed" else calendar.business_time(piece.begins, piece.ends)
        counted = opened if piece.cause == "counted" else timedelta()
        total += counted
        yield Segment(
            begins_at=piece.begins,
            ends_at=piece.ends,
            cause=piece.cause,
            reason=piece.reason or None,
            facts=piece.facts,
            late=due is not None and piece.begins >= due,
            length_s=(piece.ends - piece.begins) / SECOND,
            open_s=opened / SECOND,
            counted_s=counted / SECOND,
            total_s=total / SECOND,
        )
