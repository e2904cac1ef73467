"""Between datetimes and the integers that calendars reckon in: µs since the epoch, UTC, without a rounding step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from slaengine.errors import CalendarError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
"""Multiplied by a count it makes a length four times as fast as the constructor does."""


def as_micros(instant: datetime) -> int:
    """Return the µs since the epoch of an aware instant.

    Raises:
        CalendarError: it is naive.
    """
    try:
        since = instant - _EPOCH
    except TypeError:
        raise CalendarError(f"{instant!r} does not say in which time zone; give an aware datetime") from None
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def as_length(length: timedelta) -> int:
    """Return the µs of a length."""
    return (length.days * 86_400 + length.seconds) * 1_000_000 + length.microseconds


def as_datetime(instant: int) -> datetime:
    """Return the UTC datetime of µs since the epoch.

    Raises:
        CalendarError: it lies outside the years 1 to 9999.
    """
    try:
        return _EPOCH + _MICROSECOND * instant
    except OverflowError:
        raise CalendarError("the answer lies outside the years 1 to 9999") from None


def as_timedelta(length: int) -> timedelta:
    """Return the length of so many µs."""
    return _MICROSECOND * length
