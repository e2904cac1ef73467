"""The kernel's rows with the names behind their numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slaengine.policies import tables as t
from slaengine.policies.compile import Compiled
from slaengine.policies.daily import cadence_of
from slaengine.policies.moment import Moment
from slaengine.policies.prepare import NOT_A_FACT
from slaengine.policies.rows import VERDICTS, Cadence, ClockRow, Span
from slaengine.policies.waivers import Waivers


@dataclass(frozen=True, slots=True)
class Readout:
    """Reads what the kernel has written: `versions` of the facts by their index, and the rows and spans themselves."""

    tables: Compiled
    versions: Sequence[int]
    rows: Sequence[int]
    spans: Sequence[int]
    as_of: int | None

    def of(self, moments: list[Moment], count: int, first: int = 0) -> list[ClockRow]:
        """Return the `count` rows from row `first` on, which are those of the order with these settled moments."""
        waivers = Waivers(moments)
        until = moments[-1].occurred_at if self.as_of is None else self.as_of
        return [self._row(n * t.WIDTH, waivers, until) for n in range(first, first + count)]

    def _row(self, at: int, waivers: Waivers, until: int) -> ClockRow:
        row = self.rows[at : at + t.WIDTH]
        rule = row[t.RULE] // t.RULE_WIDTH
        target, promise, *judged_by, holds_from, daily, reasons = self.tables.said[rule]
        raw = VERDICTS[row[t.VERDICT]]
        settled = not daily and row[t.VERDICT] not in (t.RUNNING, t.OVERDUE)
        start, due, stop = row[t.START], row[t.DUE], row[t.STOP]
        elapsed, since = row[t.ELAPSED], row[t.SINCE]
        waived = bool(waivers) and waivers.cover(target, start, reasons)
        cadence = self._cadence(row, waived, until)
        said = (
            target,
            promise,
            row[t.CYCLE],
            *judged_by,
            start,
            None if due == t.NONE else due,
            None if stop == t.NONE else stop,
            self._version(row[t.STARTED_BY]),
            self._version(row[t.STOPPED_BY]),
            row[t.LIMIT],
            None if elapsed == t.NONE else elapsed,
            row[t.EXCLUDED],
            None if since == t.NONE else since,
            "waived" if waived and raw in ("missed", "overdue") else raw,
            raw,
            waived,
            None if settled else self._valid_until(row, daily, cadence, until),
            cadence,
            tuple(self._spans(row)) if row[t.SPANS_N] else (),
            holds_from,
        )
        return ClockRow._make(said)

    def _spans(self, row: Sequence[int]) -> Iterator[Span]:
        for n in range(row[t.SPANS_AT], row[t.SPANS_AT] + row[t.SPANS_N]):
            begins, ends, begun_by, ended_by = self.spans[n * t.SPAN_WIDTH : (n + 1) * t.SPAN_WIDTH]
            yield Span(begins, ends, self._version(begun_by), self._version(ended_by))

    def _version(self, fact: int) -> int | None:
        """Return the version of a fact by its index; None where there is none."""
        return None if fact == t.NONE or self.versions[fact] == NOT_A_FACT else self.versions[fact]

    def _cadence(self, row: Sequence[int], waived: bool, until: int) -> Cadence | None:
        """Return how a daily clock goes on by itself; None also where a waiver reaches into its next cycle."""
        if row[t.FOLLOWS] < 0 or (waived and row[t.DUE] <= until):
            return None
        return cadence_of(self.tables, row[t.RULE], row[t.FOLLOWS])

    def _valid_until(self, row: Sequence[int], daily: bool, cadence: Cadence | None, until: int) -> int | None:
        running, goes_on = row[t.VERDICT] in (t.RUNNING, t.OVERDUE), row[t.FOLLOWS] != t.NONE
        if not running and not goes_on:
            return None
        changes = [holds_from - 1 for holds_from, _ in self.tables.repins if holds_from > until]
        if cadence is not None:
            changes += [] if cadence.until is None else [cadence.until]
        elif daily and row[t.DUE] != t.NONE:
            changes.append(row[t.DUE])
        return min(changes, default=None)
