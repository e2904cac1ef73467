from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from slaengine.importing.times import UnreadableTime, reader, span

NEW_YORK = ZoneInfo("America/New_York")
PLAIN = ("%Y-%m-%d %H:%M:%S",)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


def test_a_local_time_is_read_in_its_zone():
    read = reader(PLAIN, NEW_YORK)
    assert read("2015-01-01 00:20:09") == utc(2015, 1, 1, 5, 20, 9)
    assert read("2015-07-01 00:20:09") == utc(2015, 7, 1, 4, 20, 9)


def test_an_hour_read_twice_is_the_first_one_unless_the_rule_says_otherwise():
    assert reader(PLAIN, NEW_YORK)("2015-11-01 01:30:00") == utc(2015, 11, 1, 5, 30)
    assert reader(PLAIN, NEW_YORK, repeated_hour="second")("2015-11-01 01:30:00") == utc(2015, 11, 1, 6, 30)


def test_an_hour_read_twice_can_be_rejected():
    with pytest.raises(UnreadableTime, match="read twice in America/New_York"):
        reader(PLAIN, NEW_YORK, repeated_hour="reject")("2015-11-01 01:30:00")


def test_the_hours_around_the_repeated_one_are_not_doubtful():
    read = reader(PLAIN, NEW_YORK, repeated_hour="reject")
    assert read("2015-11-01 00:59:59") == utc(2015, 11, 1, 4, 59, 59)
    assert read("2015-11-01 02:00:00") == utc(2015, 11, 1, 7, 0)


def test_a_skipped_hour_lies_after_the_jump_unless_the_rule_says_otherwise():
    assert reader(PLAIN, NEW_YORK)("2015-03-08 02:30:00") == utc(2015, 3, 8, 7, 30)  # 03:30 summer time
    with pytest.raises(UnreadableTime, match="never read in America/New_York"):
        reader(PLAIN, NEW_YORK, skipped_hour="reject")("2015-03-08 02:30:00")


def test_a_time_with_its_own_offset_keeps_it():
    assert reader(("iso",), NEW_YORK)("2026-01-05T09:00:00+08:00") == utc(2026, 1, 5, 1)


def test_formats_are_tried_in_their_order():
    read = reader(("%d/%m/%Y %H:%M", "unix", "unix_ms"), ZoneInfo("UTC"))
    assert read("29/2/2016 01:16") == utc(2016, 2, 29, 1, 16)
    assert read("1456708560") == utc(2016, 2, 29, 1, 16)
    assert reader(("unix_ms",), NEW_YORK)("1456708560000") == utc(2016, 2, 29, 1, 16)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2015-13-01 00:00:00", "2015-01-01", "2015-01-01T00:00:00", "15-01-01 00:00:00.000"]
)
def test_what_fits_no_format_is_refused(text):
    with pytest.raises(UnreadableTime, match="not a time in any of the mapping's time_formats"):
        reader(PLAIN, NEW_YORK)(text)


def test_spans_are_read():
    assert [span("30 s"), span("5 min"), span("2 h"), span("1 d")] == [
        timedelta(seconds=30),
        timedelta(minutes=5),
        timedelta(hours=2),
        timedelta(days=1),
    ]


@pytest.mark.parametrize("text", ["5", "5 minutes", "-5 min", "min", "1.5 h"])
def test_what_is_no_span_is_refused(text):
    with pytest.raises(ValueError, match="is not a length of time"):
        span(text)
