"""`slaengine calendar`: when a limit runs out, and how much open time lies between two instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from slaengine.cli.common import AsJson, print_json
from slaengine.errors import CalendarError, UsageError, nearest
from slaengine.policies.book import PolicyBook
from slaengine.policies.calendar import Boundary, BusinessCalendar, DayRule
from slaengine.policies.calendar_instants import as_timedelta
from slaengine.policies.limits import Limit, limit_of
from slaengine.policies.load import Source

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Ask a business calendar.\n\nExample: `slaengine calendar due office.yaml 2026-01-05T16:30 '8 h'`",
)

Calendar = Annotated[
    str,
    typer.Argument(
        help="A YAML or JSON file, POLICY:NAME for a calendar of a pack or policy file, or `always`.", metavar="CALENDAR"
    ),
]
Start = Annotated[str, typer.Argument(help="An instant; without an offset it is the calendar's wall clock.", metavar="START")]

Allowed = Annotated[
    str, typer.Argument(help="`15 min` or `8 h` open time, `3 wd` working days, `30 cd` calendar days.", metavar="LIMIT")
]


@app.command(no_args_is_help=True)
def due(
    calendar: Calendar,
    start: Start,
    limit: Allowed,
    boundary: Annotated[Boundary, typer.Option("--boundary", help="What running out exactly at closing time means.")] = "end",
    rule: Annotated[DayRule, typer.Option("--rule", help="How working days are counted.")] = "end_of_day",
    as_json: AsJson = False,
) -> None:
    """Say when a limit that starts to run at START is due.

    Example: `slaengine calendar due office.yaml 2026-01-05T16:30 '8 h'`
    """
    asked = load_calendar(calendar)
    begins = _instant(start, asked, "START")
    try:
        length = limit_of(limit)
    except ValueError as error:
        raise UsageError(str(error)) from None
    ends = _due(asked, begins, length, boundary, rule)
    if as_json:
        print_json({"start": _utc(begins), "limit": limit, "due_at": _utc(ends), "tz": asked.tz})
    else:
        typer.echo(_shown(ends, asked))


@app.command(no_args_is_help=True)
def elapsed(
    calendar: Calendar,
    start: Start,
    end: Annotated[str, typer.Argument(help="Another instant; negative time when it lies before START.", metavar="END")],
    segments: Annotated[bool, typer.Option("--segments", help="List the open segments that add up to it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say how much open time lies between START and END.

    Example: `slaengine calendar elapsed office.yaml 2026-01-05T16:30 2026-01-07T10:00 --segments`
    """
    asked = load_calendar(calendar)
    begins, ends = _instant(start, asked, "START"), _instant(end, asked, "END")
    length = asked.business_time(begins, ends, reversed="negative")
    listed = list(asked.segments(begins, ends)) if segments else []
    if as_json:
        answer = {"start": _utc(begins), "end": _utc(ends), "seconds": length.total_seconds(), "tz": asked.tz}
        print_json(answer | ({"segments": [[_utc(s.start), _utc(s.end)] for s in listed]} if segments else {}))
        return
    for segment in listed:
        typer.echo(f"{_shown(segment.start, asked)} to {_shown(segment.end, asked)}  {segment.end - segment.start}")
    typer.echo(_length(length))


def load_calendar(name: str) -> BusinessCalendar:
    """Return the calendar that a command names.

    Raises:
        UsageError: there is no such file.
        PolicyError: it holds no calendar that can be used, or the policy has none of that name.
    """
    if name == "always":
        return BusinessCalendar.always()
    path = Path(name)
    policy, colon, inner = name.rpartition(":")
    if colon and not path.exists():
        return _of_policy(policy, inner)
    try:
        source = Source(path.read_text(encoding="utf-8"), name)
    except (OSError, UnicodeDecodeError):
        raise UsageError(f"cannot read a calendar from '{name}'; name a YAML or JSON file, POLICY:NAME, or always") from None
    try:
        return BusinessCalendar.model_validate(source.value)
    except CalendarError as error:
        problem = str(error).removeprefix("calendar cannot be used: ").partition(": ")[2]
        raise source.error(error.fields[0] if error.fields else (), problem) from None


def _of_policy(policy: str, name: str) -> BusinessCalendar:
    calendars = PolicyBook.load(policy).latest.calendars
    if name not in calendars:
        there = ", ".join(sorted(calendars)) or "none"
        raise UsageError(f"the latest version of '{policy}' uses no calendar '{name}'{nearest(name, calendars)}; it uses {there}")
    return calendars[name]


def _due(calendar: BusinessCalendar, start: datetime, limit: object, boundary: Boundary, rule: DayRule) -> datetime:
    match limit:
        case Limit(kind="open_time", amount=amount):
            return calendar.due_at(start, as_timedelta(amount), boundary=boundary)
        case Limit(kind="working_days", amount=days):
            return calendar.due_on(start, days, rule=rule)
        case Limit(kind="calendar_days", amount=days):
            return calendar.wall_clock_days(start, days)
        case _:
            raise UsageError("LIMIT must be one that a calendar alone can answer: '15 min', '8 h', '3 wd' or '30 cd'")


def _instant(text: str, calendar: BusinessCalendar, option: str) -> datetime:
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} '{text}' is not an instant; write 2026-01-05T09:00 or 2026-01-05T09:00:00+08:00") from None
    return parsed.replace(tzinfo=ZoneInfo(calendar.tz)) if parsed.tzinfo is None else parsed


def _utc(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


def _shown(instant: datetime, calendar: BusinessCalendar) -> str:
    return f"{instant.astimezone(ZoneInfo(calendar.tz)):%a %Y-%m-%d %H:%M:%S %z} {calendar.tz}"


def _length(length: timedelta) -> str:
    """Return a length in hours, minutes and seconds."""
    sign, seconds = ("-", -length.total_seconds()) if length < timedelta() else ("", length.total_seconds())
    hours, rest = divmod(seconds, 3600)
    return f"{sign}{hours:.0f} h {rest // 60:.0f} min {rest % 60:g} s"


def register(parent: typer.Typer) -> None:
    """Add the commands to the command line."""
    parent.add_typer(app, name="calendar")
