"""Verdicts as a stream: what there is to say about an order's clocks at an instant, each thing under an id of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple
from uuid import UUID

from pydantic_core import to_json

from slaengine.policies.book import PolicyBook
from slaengine.policies.editions import Edition
from slaengine.policies.policy import Target
from slaengine.policies.rows import ClockRow
from slaengine.streaming.envelope import JSON, instant_text, key_of
from slaengine.streaming.port import Message
from slaengine.streaming.topics import VERDICTS

Saying = Literal["clock_started", "clock_warned", "clock_breached", "clock_met", "clock_waived"]
TYPE = "slaengine.verdict.{}.v1"


class Verdict(NamedTuple):
    """One thing to say about a clock. `at` (µs UTC) is when it became so; `share` is the warning's fraction of the limit."""

    order_id: UUID
    number: str
    saying: Saying
    at: int
    clock: ClockRow
    share: float | None = None

    @property
    def id(self) -> str:
        """The same for the same thing, whenever and by whomever it is said."""
        clock = self.clock
        share = f":{self.share:g}" if self.share is not None else ""
        return f"{self.order_id}:{clock.policy}:{clock.target}:{clock.cycle}:{clock.start}:{self.saying}{share}:{self.at}"

    def message(self, said_at: int, topic: str = VERDICTS) -> Message:
        """Return it as a CloudEvent in Kafka's binary binding, said at this instant (µs)."""
        clock = self.clock
        body = {
            "policy": clock.policy,
            "edition": clock.edition,
            "target": clock.target,
            "promise": clock.promise,
            "cycle": clock.cycle,
            "start": instant_text(clock.start),
            "due": instant_text(clock.due) if clock.due is not None else None,
            "stop": instant_text(clock.stop) if clock.stop is not None else None,
            "elapsed_s": clock.elapsed / 1_000_000 if clock.elapsed is not None else None,
            "paused_s": clock.paused / 1_000_000,
            "limit": clock.limit_text,
            "share": self.share,
        }
        headers = {
            "ce_specversion": "1.0",
            "ce_id": self.id,
            "ce_type": TYPE.format(self.saying),
            "ce_source": f"urn:slaengine:policy:{clock.policy}",
            "ce_subject": self.number,
            "ce_time": instant_text(self.at),
            "ce_recordedtime": instant_text(said_at),
        }
        encoded = [(name, value.encode()) for name, value in headers.items()]
        state = to_json({name: value for name, value in body.items() if value is not None})
        return Message(topic, key_of(self.order_id), state, [*encoded, ("content-type", JSON)])


def verdicts_of(
    book: PolicyBook, order_id: UUID, number: str, clocks: Sequence[ClockRow], now: int
) -> tuple[list[Verdict], int | None]:
    """Return all there is to say about an order's clocks, judged as of `now` (µs), in order of time; and when there is more.

    The second answer is the next instant at which time alone makes something so: a warning or a breach to come; None, never.
    """
    found: list[Verdict] = []
    later: list[int] = []
    for clock in clocks:
        for saying, at, share in _sayings(book, clock):
            if at <= now:
                found.append(Verdict(order_id, number, saying, at, clock, share))
            elif clock.stop is None:
                later.append(at)
    found.sort(key=lambda verdict: verdict.at)
    return found, min(later, default=None)


def _sayings(book: PolicyBook, clock: ClockRow) -> Iterator[tuple[Saying, int, float | None]]:
    """Yield what is or will be said of a clock, if nothing more happens to it, and when."""
    yield "clock_started", clock.start, None
    edition, target = _promised(book, clock)
    end = clock.stop
    for share in target.warn:
        at = _warned_at(edition, clock, share)
        if end is None or at < end:
            yield "clock_warned", at, share
    if clock.verdict == "waived":
        yield "clock_waived", clock.due if clock.due is not None else clock.start, None
    elif clock.verdict == "met":
        yield "clock_met", clock.start if clock.stop is None else clock.stop, None
    elif clock.due is not None and clock.verdict in ("missed", "overdue", "running"):
        yield "clock_breached", clock.due + (clock.verdict == "running"), None


def _promised(book: PolicyBook, clock: ClockRow) -> tuple[Edition, Target]:
    editions = [edition for edition in book.editions if edition.effective_from == clock.effective_from]
    edition = next((each for each in reversed(editions) if each.holds_from <= clock.start), editions[0])
    return edition, edition.version.targets[clock.rule]


def _warned_at(edition: Edition, clock: ClockRow, share: float) -> int:
    """Return when this share of the limit was or will be used: pauses that began before put it off, as they do with `due`."""
    table = edition.calendars[clock.calendar].timetable
    used = int(clock.limit * share)
    at = table.due_at(clock.start, used, later=False)
    for span in clock.spans:
        if span.begins >= at:
            break
        used += table.open_between(span.begins, span.ends)
        at = table.due_at(clock.start, used, later=False)
    return at
