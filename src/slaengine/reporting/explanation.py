"""An explanation for people, in English and Chinese: on the terminal and as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from io import StringIO
from itertools import groupby
from zoneinfo import ZoneInfo

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from slaengine.policies.calendar_spec import ALWAYS
from slaengine.policies.explain_model import Change, DayCounted, Explanation, Standing
from slaengine.reporting.explanation_lines import Line, as_micros, lines_of
from slaengine.reporting.explanation_words import COUNTED_DAYS_FROM, WALL_DAYS_FROM, WORDS, Stamps, fact_name, spell
from slaengine.reporting.orders import LATE_AFTER_S, STYLES
from slaengine.reporting.words import Lang

WIDTH = 160
"""Columns of the plain text."""
LATE = "red"


def as_text(told: Explanation | Sequence[Explanation], lang: Lang = "en", *, every_segment: bool = False) -> RenderableType:
    """Return one explanation, or several one below the other, to be printed by rich.

    Neighbouring closed time is told in one line, and a long change of open and closed time in three; the sums stay
    exact. With `every_segment` each segment has its own line.
    """
    several = [told] if isinstance(told, Explanation) else told
    if not several:
        return Text(WORDS[lang]["nothing"])
    return Group(*_parts(several, lang, every_segment))


def as_plain(told: Explanation | Sequence[Explanation], lang: Lang = "en", *, every_segment: bool = False) -> str:
    """Return the same as text without colours, lines ending in a newline."""
    written = StringIO()
    Console(file=written, width=WIDTH, color_system=None).print(as_text(told, lang, every_segment=every_segment))
    return "".join(f"{line.rstrip()}\n" for line in written.getvalue().splitlines())


def _parts(several: Sequence[Explanation], lang: Lang, every_segment: bool) -> Iterator[RenderableType]:
    for number, told in enumerate(several):
        if number:
            yield Text("\n")
        yield from _Page(told, lang, every_segment).parts()


class _Page:
    """One explanation, being written."""

    def __init__(self, told: Explanation, lang: Lang, every_segment: bool) -> None:
        self.told, self.lang, self.every_segment = told, lang, every_segment
        self.facts = {fact.version: fact for fact in told.facts}
        self.zone = ZoneInfo(told.time_zone)
        self.stamps = Stamps(self.zone, _instants(told), lang)

    def parts(self) -> Iterator[RenderableType]:
        yield Text.assemble((self._title(), "bold"))
        yield Text(self._verdict(), style=STYLES[self.told.verdict])
        yield from (Text(), self._head())
        if self.told.derivation.days:
            yield from (Text(), self._days())
        if self.told.segments:
            yield from (Text(), self._segments())

    def word(self, name: str, /, **values: object) -> str:
        return WORDS[self.lang][name].format(**values)

    def counted(self, seconds: float) -> str:
        """Return a length of the target's own calendar: in days only when that is open day and night."""
        return self.spelled(as_micros(seconds))

    def spelled(self, counted: int) -> str:
        return spell(counted, self.lang, days_from=COUNTED_DAYS_FROM if self.told.calendar == ALWAYS else None)

    def passed(self, seconds: float) -> str:
        """Return a length by the wall clock."""
        return spell(as_micros(seconds), self.lang, days_from=WALL_DAYS_FROM)

    # ---- the head

    def _title(self) -> str:
        told = self.told
        name = told.title.text(self.lang, told.target)
        title = f"{name} [{told.target}]" if name != told.target else name
        cycle = self.word("cycle", cycle=told.cycle, cycles=told.cycles) if told.cycles > 1 else ""
        whole = self.word("title", title=title, order=told.order) if told.order else title
        return whole + cycle

    def _verdict(self) -> str:
        told = self.told
        over, overdue = self.counted(told.over_s or 0), self.passed(told.overdue_s or 0)
        left = self.counted(max(0.0, told.limit_s - told.elapsed_s))
        name: str = told.raw_verdict
        if told.failed:
            name = "failed"
        elif name in ("missed", "overdue") and not told.over_s:
            name = f"{name}_closed"
        elif name == "cancelled" and told.ran_out_at:
            name = "cancelled_late"
        elif name == "running" and told.due_at is None:
            name = "waiting"
        raw = self.word(name, left=left, over=over, overdue=overdue)
        return self.word("waived", raw=raw) if told.verdict == "waived" else raw

    def _head(self) -> Table:
        grid = Table.grid(padding=(0, 2))
        grid.add_column(no_wrap=True, style="dim")
        grid.add_column(overflow="fold")
        for name, text in self._facts_of_the_case():
            grid.add_row(self.word(name), text)
        return grid

    def _facts_of_the_case(self) -> Iterator[tuple[str, str]]:
        told = self.told
        words = self.word(told.promise, limit=self._limit())
        yield "promise", self.word("in_calendar", words=words, calendar=told.calendar, zone=told.time_zone)
        if told.row:
            yield "row", told.row
        yield "policy", self._policy()
        yield "started", f"{self.stamps.at(told.started_at)}  {self._by_and_when(told.started_by)}"
        yield "due", self._due()
        if told.stopped_at is None:
            yield "as_of", self.word("still", at=self.stamps.at(told.judged_at))
        else:
            name = "ended" if told.raw_verdict == "cancelled" else "stopped"
            yield name, f"{self.stamps.at(told.stopped_at)}  {self._by_and_when(told.stopped_by)}"
        yield "counted_of", self._sum()
        if told.known_at is not None:
            yield "known_at", self.stamps.at(told.known_at)
        if told.waiver is not None:
            approved = self.stamps.at(told.waiver.approved_at)
            yield "waiver", self.word("waiver_told", at=approved, fact=told.waiver.fact, reason=told.waiver.reason)
        for change in told.changes:
            yield "changed", self._change(change)

    def _policy(self) -> str:
        told = self.told
        title = told.policy_title.text(self.lang)
        since = told.effective_from.astimezone(self.zone).date()
        name = "by_policy" if title else "plain_policy"
        words = self.word(name, title=title, policy=told.policy, edition=told.edition, since=since)
        if told.calendars_from == told.effective_from:
            return words
        return words + self.word("calendars_since", since=told.calendars_from.astimezone(self.zone).date())

    def _by(self, version: int | None) -> str:
        if version is None:
            changed = any(change.kind == "policy_changed" for change in self.told.changes)
            return self.word("policy_changed" if changed and self.told.raw_verdict == "cancelled" else "by_deadline")
        fact = self.facts[version]
        return self.word("by_fact", name=fact_name(fact.name, self.lang), fact=version)

    def _by_and_when(self, version: int | None) -> str:
        text = self._by(version)
        if version is None or self.facts[version].recorded_at - self.facts[version].occurred_at <= timedelta(
            seconds=LATE_AFTER_S
        ):
            return text
        recorded = self.facts[version].recorded_at.astimezone(self.zone).date()
        return self.word("late_record", text=text, recorded=self.stamps.day(recorded))

    def _sum(self) -> str:
        told = self.told
        words = self.word("sum", elapsed=self.counted(told.elapsed_s), limit=self.counted(told.limit_s))
        return self.word("sum_paused", sum=words, paused=self.counted(told.paused_s)) if told.paused_s else words

    # ---- the due time

    def _limit(self) -> str:
        how = self.told.derivation
        match how.form:
            case "working_days":
                return self.word("limit_days", n=how.amount)
            case "calendar_days":
                return self.word("limit_calendar_days", n=how.amount)
            case "given":
                return self.word("limit_given")
            case "every":
                return self.word("limit_every", n=self._amount())
            case "by":
                return self.word("limit_by", at=how.limit.removeprefix("by "))
            case _:
                return self._amount()

    def _amount(self) -> str:
        return spell(as_micros(self.told.limit_s), self.lang)

    def _due(self) -> str:
        how, first = self._derivation(), self.stamps.at(self.told.derivation.first_due_at)
        if self.told.due_at is None:
            return f"{self.word('waiting_due', first=first)}  {how}"
        if self.told.derivation.moved_s:
            how = self.word("moved", words=how, first=first, moved=self.counted(self.told.derivation.moved_s))
        return f"{self.stamps.at(self.told.due_at)}  {how}"

    def _derivation(self) -> str:
        how = self.told.derivation
        name: str = how.form
        if name in ("open_time", "every"):
            name = "always" if self.told.calendar == ALWAYS else name
            later = self.word("next_opening") if how.boundary == "next" and self.told.calendar != ALWAYS else ""
            return self.word(name, amount=self._amount()) + later
        if name == "by" and how.leaves_first_day:
            name = "by_next_day"
        rule = self.word(how.day_rule) if how.day_rule else ""
        return self.word(name, limit=self._limit(), name=how.given_name, rule=rule)

    def _days(self) -> Table:
        table = Table.grid(padding=(0, 2))
        table.title, table.title_justify, table.title_style = self.word("days_table"), "left", "dim"
        for _, run in groupby(self.told.derivation.days, key=_alike):
            days = list(run)
            begins, ends = self.stamps.day(days[0].date), self.stamps.day(days[-1].date)
            table.add_row(f"  {begins}", f"– {ends}" if len(days) > 1 else "", self._day(days))
        return table

    def _day(self, days: Sequence[DayCounted]) -> str:
        first, last = days[0], days[-1]
        if first.reason is not None:
            return self._reason(first.reason)
        if first.number is None:
            return self.word("day_before")
        if first.number == 0:
            words = self.word("day_0")
        elif first.number == last.number:
            words = self.word("day_n", n=first.number)
        else:
            words = self.word("days_n_m", n=first.number, m=last.number)
        return f"{words}{self.word('comma')}{self.word('make_up')}" if first.make_up else words

    # ---- what changed

    def _change(self, change: Change) -> str:
        what = self.word(change.kind, fact=change.fact)
        before, after = self._standing(change.before), self._standing(change.after)
        return self.word("change", at=self.stamps.at(change.at), what=what, before=before, after=after)

    def _standing(self, standing: Standing) -> str:
        due = self.word("standing_due", due=self.stamps.at(standing.due_at)) if standing.due_at else self.word("standing_waiting")
        started = self.stamps.at(standing.started_at)
        return self.word("standing", limit=standing.limit, edition=standing.edition, started=started, due=due)

    # ---- the segments

    def _segments(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", title_style="dim", title_justify="left")
        table.title = self.word("segments_table", from_at=self.stamps.at(self.told.started_at))
        table.add_column(self.word("from"), no_wrap=True)
        for name in ("length", "counts", "total"):
            table.add_column(self.word(name), justify="right", no_wrap=True)
        table.add_column(self.word("cause"), overflow="fold")
        was_late = False
        for line in lines_of(self.told.segments, self.zone, every_segment=self.every_segment):
            if line.late and not was_late:
                self._ran_out(table, line.total - line.counted)
            was_late = line.late
            self._line(table, line)
        total = self.counted(self.told.elapsed_s)
        table.add_row(self.stamps.at(self.told.judged_at), "", "", total, self._end(), style="bold")
        return table

    def _ran_out(self, table: Table, total: int) -> None:
        at = self.told.ran_out_at or self.told.started_at
        table.add_row(self.stamps.at(at), "", "", self.spelled(total), self.word("ran_out"), style=f"bold {LATE}")

    def _line(self, table: Table, line: Line) -> None:
        counts, always = line.cause in ("counted", "routine"), self.told.calendar == ALWAYS
        table.add_row(
            self.stamps.at(line.begins_at),
            self.spelled(line.length) if always else self.passed(line.length / 1_000_000),
            self.spelled(line.counted) if counts else "–",
            self.spelled(line.total),
            self._cause(line),
            style=LATE if line.late and counts else "" if counts else "dim",
        )

    def _cause(self, line: Line) -> str:
        reasons = self.word("comma").join(self._times(reason, n) for reason, n in line.reasons)
        numbers = self.word("comma").join(str(version) for version in line.facts)
        facts = self.word("facts" if len(line.facts) > 1 else "fact", facts=numbers)
        out = self.spelled(line.taken_out)
        name = {"stopped": "stopped_out", "paused": "paused_out"}.get(line.cause, line.cause)
        if name == "paused_out" and line.taken_out == line.length:
            name = "paused"
        return self.word(name, reasons=reasons, facts=facts, out=out, days=line.days)

    def _times(self, reason: str, n: int) -> str:
        if n == 1 or reason == "night":
            return self._reason(reason)
        return self.word("weekends" if reason == "weekend" else "times", n=n, reason=self._reason(reason))

    def _reason(self, reason: str) -> str:
        return WORDS[self.lang].get(reason, reason) if reason in ("night", "weekend", "special hours", "holiday") else reason

    def _end(self) -> str:
        told = self.told
        if told.stopped_at is None:
            return self.word("end_now" if told.due_at is not None else "end_waiting")
        name = "end_cancelled" if told.raw_verdict == "cancelled" else "end_stopped"
        return self.word(name, by=self._by(told.stopped_by))


def _instants(told: Explanation) -> Iterable[datetime]:
    """Return every instant that is written with its time of day."""
    yield from (segment.begins_at for segment in told.segments)
    yield from (told.started_at, told.judged_at, told.derivation.first_due_at)
    if told.due_at is not None:
        yield told.due_at


def _alike(day: DayCounted) -> tuple[str | None, bool, bool]:
    """Return what days told in one line have in common."""
    return day.reason, day.make_up, not day.number
