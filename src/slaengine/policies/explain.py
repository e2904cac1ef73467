"""Why a clock stands where it stands: every second from its start, with its cause.

The segments of an explanation partition the time from the clock's start to its stop, or to now while it runs, without
gap or overlap. What is counted in them adds up exactly to the clock's `elapsed`, and the open time of those taken out to
its `paused`: an explanation is the judgement read once more, never a second opinion.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from slaengine.errors import UsageError, nearest
from slaengine.policies.book import PolicyBook
from slaengine.policies.calendar_instants import as_datetime
from slaengine.policies.clock import judge
from slaengine.policies.explain_changes import Changes
from slaengine.policies.explain_due import derivation_of
from slaengine.policies.explain_model import Explanation, FactTold, Segment, WaiverTold
from slaengine.policies.explain_segments import Judged, segments_of
from slaengine.policies.limits import SECOND
from slaengine.policies.moment import Moment
from slaengine.policies.policy import Target
from slaengine.policies.rows import ClockRow
from slaengine.policies.settle import settled

STAMP = frozenset({"correlation_id", "causation_id", "command_id"})
"""Fields of facts that say nothing about a clock."""


def explain(  # noqa: PLR0913 - the parts of a question
    book: PolicyBook,
    moments: Iterable[Moment],
    target: str,
    *,
    cycle: int | None = None,
    as_of: int,
    known_at: int | None = None,
) -> Explanation:
    """Explain one clock of an order.

    Args:
        book: what was promised.
        moments: the order's facts, in any order.
        target: the name of the clock's target.
        cycle: which of its clocks, from 1; the last one when left out.
        as_of: explain what was so at this instant (µs), inclusive.
        known_at: leave out facts and publications recorded after this instant (µs).

    Raises:
        UsageError: the order has no such clock; the text names those it has.
        CalendarError: a calendar does not know the time that a limit reaches into.
    """
    case = _Case.of(book, moments, as_of, known_at)
    return case.explanation(case.chosen(target, cycle))


def explain_all(book: PolicyBook, moments: Iterable[Moment], *, as_of: int, known_at: int | None = None) -> list[Explanation]:
    """Explain every clock of an order, target by target, cycle by cycle; arguments and errors are those of `explain`."""
    case = _Case.of(book, moments, as_of, known_at)
    return [case.explanation(row) for row in case.rows]


@dataclass(frozen=True, slots=True)
class _Case:
    """An order with its clocks, judged for one question."""

    book: PolicyBook
    rows: list[ClockRow]
    moments: list[Moment]
    changes: Changes
    as_of: int
    known_at: int | None

    @classmethod
    def of(cls, book: PolicyBook, moments: Iterable[Moment], as_of: int, known_at: int | None) -> _Case:
        known = [moment for moment in moments if known_at is None or moment.recorded_at <= known_at]
        then = book.known_at(known_at)
        rows = judge(then, known, as_of=as_of)
        whole = settled(known, as_of)
        return cls(then, rows, whole, Changes(then, known, whole, as_of), as_of, known_at)

    def chosen(self, target: str, cycle: int | None) -> ClockRow:
        rows = [row for row in self.rows if row.target == target]
        for row in rows if cycle is not None else rows[-1:]:
            if cycle in (None, row.cycle):
                return row
        if rows:
            raise UsageError(f"the order's target '{target}' has no clock {cycle}; it has 1 to {rows[-1].cycle}")
        raise UsageError(f"the order has no clock of a target '{target}'{self._instead(target)}")

    def _instead(self, target: str) -> str:
        there = list(dict.fromkeys(row.target for row in self.rows))
        if not there:
            return ": no clock of it has started, or no target of the policy covers it"
        return f"{nearest(target, there)}; it has clocks of {', '.join(there)}"

    def explanation(self, row: ClockRow) -> Explanation:
        edition = self.book.edition_of(row)
        target, calendar = edition.version.targets[row.rule], edition.calendars[row.calendar]
        until = max(row.start, self.as_of if row.stop is None else row.stop)
        segments = segments_of(Judged(row, target, calendar, self.moments, until))
        derivation = derivation_of(row, target, calendar, self.moments[0].fields)
        changes = self.changes.of(row)
        waiver = self._waiver(row)
        ran_out = row.due if row.due is not None and row.due < until else None
        named = {row.started_by, row.stopped_by, *(change.fact for change in changes), waiver.fact if waiver else None}
        named |= {version for segment in segments for version in segment.facts}
        return Explanation(
            order=self.moments[0].fields.get("number"),
            target=row.target,
            title=target.title,
            promise=row.promise,
            row=target.row,
            cycle=row.cycle,
            cycles=sum(other.target == row.target for other in self.rows),
            verdict=row.verdict,
            raw_verdict=row.raw_verdict,
            policy=row.policy,
            policy_title=edition.policy.title,
            edition=row.edition,
            effective_from=as_datetime(row.effective_from),
            calendars_from=as_datetime(max(row.effective_from, row.holds_from)),
            calendar=row.calendar,
            time_zone=calendar.tz,
            as_of=as_datetime(self.as_of),
            known_at=None if self.known_at is None else as_datetime(self.known_at),
            starts_on=tuple(str(trigger) for trigger in target.start),
            stops_on=tuple(str(trigger) for trigger in target.stop),
            fails_on=tuple(str(trigger) for trigger in target.fail),
            failed=_failed(row, target, self.moments),
            pauses_for=target.pause,
            started_at=as_datetime(row.start),
            started_by=row.started_by,
            stopped_at=None if row.stop is None else as_datetime(row.stop),
            stopped_by=row.stopped_by,
            judged_at=as_datetime(until),
            due_at=None if row.due is None else as_datetime(row.due),
            ran_out_at=None if ran_out is None else as_datetime(ran_out),
            limit_s=row.limit / SECOND,
            elapsed_s=(row.elapsed or 0) / SECOND,
            paused_s=row.paused / SECOND,
            over_s=None if ran_out is None else _counted_late(segments),
            overdue_s=None if ran_out is None else (until - ran_out) / SECOND,
            derivation=derivation,
            segments=segments,
            changes=changes,
            waiver=waiver,
            facts=tuple(_told(moment) for moment in self.moments if moment.version in named),
        )

    def _waiver(self, row: ClockRow) -> WaiverTold | None:
        if not row.waived:
            return None
        approved = [m for m in self.moments if m.name == "waiver_approved" and m.fields["target"] == row.target][-1]
        return WaiverTold(fact=approved.version, approved_at=as_datetime(approved.occurred_at), reason=approved.fields["reason"])


def _failed(row: ClockRow, target: Target, moments: Sequence[Moment]) -> bool:
    if row.raw_verdict != "missed" or row.stop is None or row.due is None or row.stop > row.due:
        return False
    by = [moment for moment in moments if moment.version == row.stopped_by]
    return any(trigger.hit_by(moment.name, moment.fields) for moment in by for trigger in target.fail)


def _counted_late(segments: Sequence[Segment]) -> float:
    return round(sum(segment.counted_s for segment in segments if segment.late), 6)


def _told(moment: Moment) -> FactTold:
    return FactTold(
        version=moment.version,
        name=moment.name,
        occurred_at=as_datetime(moment.occurred_at),
        recorded_at=as_datetime(moment.recorded_at),
        fields={name: value for name, value in moment.fields.items() if name not in STAMP},
    )
