"""The answer about one clock."""

from __future__ import annotations

from typing import Literal, NamedTuple

Verdict = Literal["running", "overdue", "met", "missed", "waived", "cancelled"]
VERDICTS: tuple[Verdict, ...] = ("running", "overdue", "met", "missed", "cancelled")
"""The verdicts in the kernel's numbering; a waived one is met with only after it."""


class Span(NamedTuple):
    """Time taken out of a clock, half-open, µs UTC: between the facts of these versions.

    `begun_by` is None when a deadline started the clock while the order waited; `ended_by`, while the wait still lasts.
    """

    begins: int
    ends: int
    begun_by: int | None
    ended_by: int | None


class Cadence(NamedTuple):
    """How a clock goes on by itself: at its due time its cycle ends and the next begins, due at the next deadline, and so on.

    `rule` is the one of the next cycles, by its number in the compiled policy. That holds up to and including `until` (µs;
    None: for ever): then another edition may promise something else.
    """

    rule: int
    until: int | None


class ClockRow(NamedTuple):
    """One clock of an order: a target, and which cycle of it, from 1. Instants are µs since the epoch, UTC; lengths are µs.

    - `edition`, `effective_from`: the policy's version by which it is judged, and since when that is in force; `holds_from`:
      since when it is with these calendars. `rule` is the place of the target in the version's list, `limit_text` the limit
      as the policy writes it, `calendar` the calendar's name.
    - `due`: None while the clock is paused before it, since it is then unknowable.
    - `stop`: when the clock ended, by its stop or otherwise; None while it runs.
    - `started_by`, `stopped_by`: the versions of the facts that did it; None where a deadline did, or it still runs.
    - `limit`: the open time that was allowed. `elapsed`: the open time that counted so far; None for a running clock when
      no `as_of` was asked. `paused`: the open time taken out, by pauses and by the gap before a reopening; `spans` lists them.
    - `paused_since`: since when the clock is paused; None when it is not.
    - `raw_verdict`: without waivers. `waived`: whether a breach of it, come or to come, is excused.
    - `valid_until`: after this instant time alone changes more than running into overdue, so judge again; None, never.
      `cadence` is given where time alone ends this clock, a daily one, at its due time and begins the next: that is told by
      `daily.deadlines`, without judging again.
    """

    target: str
    promise: str
    cycle: int
    policy: str
    edition: str
    effective_from: int
    rule: int
    limit_text: str
    calendar: str
    start: int
    due: int | None
    stop: int | None
    started_by: int | None
    stopped_by: int | None
    limit: int
    elapsed: int | None
    paused: int
    paused_since: int | None
    verdict: Verdict
    raw_verdict: Verdict
    waived: bool
    valid_until: int | None
    cadence: Cadence | None
    spans: tuple[Span, ...]
    holds_from: int

    def at(self, instant: int) -> Verdict:
        """Return the verdict as of `instant` (µs), for a row judged without one: a running clock may be overdue by then."""
        if self.raw_verdict == "running" and self.due is not None and instant > self.due:
            return "waived" if self.waived else "overdue"
        return self.verdict
