"""Short words for tests about clocks: an order as lines of text, its clocks as plain readings.

Days are those of January 2026 in Shanghai; the 5th is a Monday. `"5 09:30 paused reason=parts"` is a fact.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone
from typing import Any, NamedTuple

from slaengine.policies.book import PolicyBook
from slaengine.policies.calendar_instants import as_datetime, as_micros
from slaengine.policies.clock import judge
from slaengine.policies.moment import Moment
from slaengine.policies.rows import ClockRow

SHANGHAI = timezone(timedelta(hours=8))
HEAD = """
policy: desk
time_zone: Asia/Shanghai
calendars:
  office:
    weekly:
      mon: [["09:00", "17:00"]]
      tue: [["09:00", "17:00"]]
      wed: [["09:00", "17:00"]]
      thu: [["09:00", "17:00"]]
      fri: [["09:00", "17:00"]]
"""


class Reading(NamedTuple):
    verdict: str
    due: str | None
    stop: str | None
    elapsed: str | None
    paused: str


def book(*targets: str, **fields: str) -> PolicyBook:
    """Return a book of one version with these targets, each the inside of a YAML mapping."""
    extra = "".join(f"{name}: {value}\n" for name, value in fields.items())
    lines = "".join(f"  - {{{target}}}\n" for target in targets)
    return PolicyBook.parse(f'{HEAD}version: "1"\neffective_from: 2020-01-01\n{extra}targets:\n{lines}')


def versions(*each: tuple[str, str, str, str]) -> PolicyBook:
    """Return a book of several versions: its number, the day and time it takes effect, its scope, its one target."""
    parts = (
        f'  - {{version: "{version}", effective_from: "{at(start).isoformat()}", scope: {scope}, targets: [{{{target}}}]}}\n'
        for version, start, scope, target in each
    )
    return PolicyBook.parse(f"{HEAD}versions:\n{''.join(parts)}")


def order(*lines: str) -> list[Moment]:
    """Return the facts in the order written, which is that in which they were recorded."""
    return [_moment(version, line) for version, line in enumerate(lines, 1)]


def _moment(version: int, line: str) -> Moment:
    day, clock, name, *pairs = line.split()
    fields: dict[str, Any] = {"kind": "repair", "number": "1"} if name == "received" else {}
    late = None
    for pair in pairs:
        key, _, value = pair.partition("=")
        if key == "recorded":
            late = value.replace("T", " ")
        else:
            fields[key] = value.split("/") if "/" in value else int(value) if value.isdigit() else value
    occurred = micros(f"{day} {clock}")
    return Moment(name, occurred, micros(late) if late else occurred, version, fields)


def at(text: str) -> datetime:
    day, clock = text.split()
    return datetime.fromisoformat(f"2026-01-01T{clock}").replace(tzinfo=SHANGHAI) + timedelta(days=int(day) - 1)


def micros(text: str) -> int:
    return as_micros(at(text))


def rows(policy: PolicyBook, facts: Iterable[Moment], as_of: str | None = None, known_at: str | None = None) -> list[ClockRow]:
    now = None if as_of is None else micros(as_of)
    return judge(policy, facts, as_of=now, known_at=None if known_at is None else micros(known_at))


def readings(policy: PolicyBook, facts: Iterable[Moment], as_of: str | None = None) -> list[Reading]:
    return [reading(row) for row in rows(policy, facts, as_of)]


def one(policy: PolicyBook, facts: Iterable[Moment], as_of: str | None = None) -> Reading:
    (found,) = readings(policy, facts, as_of)
    return found


def reading(row: ClockRow) -> Reading:
    return Reading(row.verdict, shown(row.due), shown(row.stop), hours(row.elapsed), hours(row.paused) or "")


def shown(at: int | None) -> str | None:
    if at is None:
        return None
    local = as_datetime(at).astimezone(SHANGHAI)
    return f"{(local.date() - date(2025, 12, 31)).days} {local:%H:%M}"


def hours(length: int | None) -> str | None:
    if length is None:
        return None
    minutes, rest = divmod(length, 60_000_000)
    assert rest == 0
    return f"{minutes // 60}:{minutes % 60:02}"
