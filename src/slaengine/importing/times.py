"""Local times in other people's tables: their formats, and the hours that are read twice or never."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

Reader = Callable[[str], datetime]
DAY = timedelta(days=1)


class UnreadableTime(ValueError):
    """The text is no time in the formats given, or names an hour that a rule rejects; the text says why."""


def reader(
    formats: Iterable[str],
    zone: ZoneInfo,
    *,
    repeated_hour: Literal["first", "second", "reject"] = "first",
    skipped_hour: Literal["forward", "reject"] = "forward",
) -> Reader:
    """Return the function that reads a local time as an instant in UTC.

    `formats` are tried in their order: `iso`, `unix` and `unix_ms` (seconds and milliseconds since 1970, UTC), or a
    pattern of strptime. A time that carries its own offset keeps it; others are wall-clock times in `zone`.

    In the hour that is read twice when clocks go back, `first` takes the earlier instant. In the hour that is skipped
    when they go forward, `forward` takes the instant that lies as far after the jump as the time lies after the jump's
    first minute: 02:30 becomes 03:30.

    Raises (by the function returned):
        UnreadableTime: no format fits, or the hour is rejected.
    """
    parsers = [_parser(each) for each in formats]

    @lru_cache(maxsize=8192)
    def offset(hour: int) -> timedelta | None:
        return _steady_offset(hour, zone)

    @lru_cache(maxsize=8192)  # the same times stand in several columns and in neighbouring rows
    def read(text: str) -> datetime:
        local = _first_that_fits(text, parsers)
        try:
            if local.tzinfo:
                return local.astimezone(UTC)
            steady = offset(local.toordinal() * 24 + local.hour)
            if steady is None:
                return _in_zone(local, zone, repeated_hour, skipped_hour)
            return (local - steady).replace(tzinfo=UTC)
        except OverflowError:
            raise UnreadableTime("lies outside the years 1 to 9999 in UTC") from None

    return read


def _first_that_fits(text: str, parsers: list[Reader]) -> datetime:
    for parse in parsers:
        try:
            return parse(text)
        except (ValueError, OverflowError):
            continue
    raise UnreadableTime("is not a time in any of the mapping's time_formats")


def _parser(pattern: str) -> Reader:
    match pattern:
        case "iso":
            return datetime.fromisoformat
        case "%Y-%m-%d %H:%M:%S":
            return _seconds  # a tenth of strptime's time, for the commonest pattern of all
        case "unix":
            return lambda text: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=float(text))
        case "unix_ms":
            return lambda text: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=float(text))
        case _:
            return lambda text: datetime.strptime(text, pattern)  # noqa: DTZ007  the zone is applied after it


def _seconds(text: str) -> datetime:
    if len(text) != 19 or text[10] != " " or not text[5].isdigit():
        raise ValueError(text)
    return datetime.fromisoformat(text)


def _steady_offset(hour: int, zone: ZoneInfo) -> timedelta | None:
    """Return the zone's offset throughout a local hour, counted from the first of year 0; None when the clocks change in it."""
    start = datetime.fromordinal(hour // 24).replace(hour=hour % 24)
    end = start.replace(minute=59, second=59, microsecond=999_999)
    offsets = {local.replace(tzinfo=zone, fold=fold).utcoffset() for local in (start, end) for fold in (0, 1)}
    return offsets.pop() if len(offsets) == 1 else None


def _in_zone(local: datetime, zone: ZoneInfo, repeated_hour: str, skipped_hour: str) -> datetime:
    earlier, later = local.replace(tzinfo=zone), local.replace(tzinfo=zone, fold=1)
    before, after = earlier.utcoffset(), later.utcoffset()
    assert before is not None  # noqa: S101  a zone always has an offset
    assert after is not None  # noqa: S101
    if before > after:
        if repeated_hour == "reject":
            raise UnreadableTime(f"is a time that was read twice in {zone.key}, when the clocks went back")
        return (later if repeated_hour == "second" else earlier).astimezone(UTC)
    if before < after and skipped_hour == "reject":
        raise UnreadableTime(f"is a time that was never read in {zone.key}: the clocks skipped it")
    return earlier.astimezone(UTC)


def span(text: str) -> timedelta:
    """Return the length that `text` names: `30 s`, `5 min`, `2 h` or `1 d`.

    Raises:
        ValueError: it names none.
    """
    units = {"s": timedelta(seconds=1), "min": timedelta(minutes=1), "h": timedelta(hours=1), "d": DAY}
    number, _, unit = text.partition(" ")
    if unit.strip() not in units or not number.isdigit():
        raise ValueError(f"'{text}' is not a length of time; write 30 s, 5 min, 2 h or 1 d")
    return int(number) * units[unit.strip()]
