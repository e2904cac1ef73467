"""An explanation in words says what its figures say, and joining lines loses nothing of the sums."""

from __future__ import annotations

import json
import re
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.policies.drawn import books, histories
from tests.policies.reference import MINUTE

from slaengine.domain.events import BY_NAME
from slaengine.policies.book import PolicyBook
from slaengine.policies.calendar_instants import as_micros
from slaengine.policies.explain import explain, explain_all
from slaengine.policies.moment import Moment
from slaengine.reporting.explanation import as_plain
from slaengine.reporting.explanation_lines import as_micros as length_of
from slaengine.reporting.explanation_lines import lines_of
from slaengine.reporting.explanation_words import CHINESE, DAY, ENGLISH, FACTS_IN_CHINESE, spell

HOURS = [["09:00", "17:00"]]
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), HOURS)
PARIS = ZoneInfo("Europe/Paris")


def told_of(facts, limit="4 h", as_of="2026-04-20T12:00", **target):
    policy = {
        "policy": "works",
        "time_zone": "Europe/Paris",
        "calendars": {"office": {"weekly": WEEK, "holidays": {"2026-04-06": "Easter Monday"}}},
        "version": "1",
        "effective_from": "2000-01-01T00:00:00",
        "targets": [{"name": "repair", "stop": "resolved", "limit": limit, "calendar": "office", **target}],
    }
    moments = [Moment(name, micros(at), micros(at), n, fields) for n, (name, at, fields) in enumerate(facts, 1)]
    return explain(PolicyBook.parse(json.dumps(policy)), moments, "repair", as_of=micros(as_of))


def micros(local):
    return as_micros(datetime.fromisoformat(local).replace(tzinfo=PARIS))


LONG = told_of([("received", "2026-04-01T10:00", {"number": "WO-1"}), ("resolved", "2026-04-15T11:00", {})], limit="50 h")
PAUSED = told_of(
    [
        ("received", "2026-04-01T10:00", {"number": "WO-1"}),
        ("paused", "2026-04-01T11:00", {"reason": "parts"}),
        ("resumed", "2026-04-02T10:00", {}),
        ("resolved", "2026-04-02T11:00", {}),
    ],
    pause=["parts"],
)


def test_a_clock_that_a_fact_failed_says_so_in_either_language():
    facts = [("received", "2026-04-01T10:00", {"number": "WO-1"}), ("declined", "2026-04-01T11:00", {"reason": "busy"})]
    told = told_of(facts, fail="declined")
    assert "Missed: what happened undid the promise at once, with 3 h left." in as_plain(told, "en")
    assert "未履约：承诺当即落空，尚余 3 小时。" in as_plain(told, "zh")


def test_a_long_history_is_told_in_few_lines():
    assert (
        as_plain(LONG).splitlines()
        == """\
repair on order WO-1
Missed by 23 h.

promise  50 h, promised to the customer; counted in the calendar 'office', Europe/Paris
policy   works, version 1, in force since 2000-01-01
started  Wed 2026-04-01 10:00  received (fact 1)
due      Fri 2026-04-10 12:00  50 h of open time from the start
stopped  Wed 2026-04-15 11:00  resolved (fact 2)
counted  73 h of 50 h allowed

every second from Wed 2026-04-01 10:00 on
from                    length  counts  total  what it was
Wed 2026-04-01 10:00       7 h     7 h    7 h  counted
Wed 2026-04-01 17:00  8 d 16 h    40 h   47 h  counted on 5 days; closed between: outside hours, weekend, Easter Monday
Fri 2026-04-10 09:00       3 h     3 h   50 h  counted
Fri 2026-04-10 12:00                     50 h  the limit ran out
Fri 2026-04-10 12:00       5 h     5 h   55 h  counted
Fri 2026-04-10 17:00  4 d 16 h    16 h   71 h  counted on 2 days; closed between: outside hours, weekend
Wed 2026-04-15 09:00       2 h     2 h   73 h  counted
Wed 2026-04-15 11:00                     73 h  stopped: resolved (fact 2)
""".splitlines()
    )


def test_the_same_in_chinese():
    text = as_plain(PAUSED, "zh")
    assert "达标，尚余 2 小时。" in text
    assert "暂停：parts（事实 2、3），扣除服务时间 7 小时" in text
    assert "2026-04-01 周三 10:00  受理（事实 1）" in text


def test_a_pause_is_told_with_its_facts_and_what_it_took_out():
    text = as_plain(PAUSED)
    assert "Met, with 2 h to spare." in text
    assert "paused: parts (facts 2, 3), 7 h of open time taken out" in text
    assert "first due Wed 2026-04-01 14:00, pauses moved it by 7 h" in text


def test_every_segment_can_have_its_own_line():
    lines = as_plain(LONG, every_segment=True).splitlines()
    assert len([line for line in lines if re.search(r"(counted|closed: .*)$", line)]) == len(LONG.segments)


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("3 wd", "promise  3 working days, promised"),
        ("48 h", "promise  48 h, promised"),
        ("5 cd", "5 calendar days later at the same time of day, open or not"),
        ({"every": "1 h"}, "1 h of open time from the start of this round"),
        ({"by": "16:00"}, "Wed 2026-04-01 16:00  by 16:00 on the first working day on which that is still ahead"),
        (
            {"by": "16:00", "first": "next_day"},
            "Thu 2026-04-02 16:00  by 16:00 on the first working day after the day of the start",
        ),
    ],
)
def test_each_form_of_a_limit_says_how_the_due_time_came_about(limit, said):
    assert said in as_plain(told_of([("received", "2026-04-01T10:00", {})], limit, as_of="2026-04-01T10:30"))


@pytest.mark.parametrize(
    ("length", "en", "zh"),
    [
        (0, "0 s", "0 秒"),
        (1, "0.000001 s", "0.000001 秒"),
        (90_000_000, "1 min 30 s", "1 分 30 秒"),
        (-3_600_000_000, "-1 h", "-1 小时"),
        (180_000_000_000, "2 d 2 h", "2 天 2 小时"),
    ],
)
def test_lengths_are_written_exactly(length, en, zh):
    assert (spell(length, "en", days_from=2 * DAY), spell(length, "zh", days_from=2 * DAY)) == (en, zh)


def test_both_languages_have_the_same_words():
    assert set(ENGLISH) == set(CHINESE)
    for name, words in ENGLISH.items():
        assert set(re.findall(r"\{(\w+)", words)) == set(re.findall(r"\{(\w+)", CHINESE[name])), name
    assert set(FACTS_IN_CHINESE) == set(BY_NAME)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(books(), histories(), st.integers(0, 20 * 1440), st.booleans())
def test_joined_lines_add_up_to_the_segments_and_every_clock_can_be_told(book, moments, wait, every_segment):
    as_of = max(moment.occurred_at for moment in moments) + wait * MINUTE
    told = explain_all(book, moments, as_of=as_of)
    for one in told:
        lines = lines_of(one.segments, PARIS, every_segment=every_segment)
        for name, column in (("length", "length_s"), ("counted", "counted_s")):
            whole = sum(length_of(getattr(segment, column)) for segment in one.segments)
            assert sum(getattr(line, name) for line in lines) == whole
        assert [line.total for line in lines[-1:]] == [length_of(segment.total_s) for segment in one.segments[-1:]]
    assert all(as_plain(told, lang, every_segment=every_segment) for lang in ("en", "zh"))
