"""The pack boston-311 recomputes the city's own due times, and judges as the city did."""

from __future__ import annotations

import csv
import gzip
import sys
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from slaengine.policies.book import PolicyBook, pack_text
from slaengine.policies.calendar_instants import as_micros
from slaengine.policies.clock import judge_many
from slaengine.policies.moment import Moment

ROOT = Path(__file__).parents[2]
BOSTON = ZoneInfo("America/New_York")
MINUTE = 60_000_000
FILES = ("boston311_2011h2", "boston311_2015_jan_jun")


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=BOSTON)


def moments(case):
    opened = as_micros(at(case["open_dt"]))
    given = {"due": at(case["target_dt"]).isoformat()} if case["target_dt"] else {}
    facts = [
        Moment("received", opened, opened, 1, {"kind": "repair", "number": case["case_enquiry_id"], "given_due": given}),
        Moment("classified", opened, opened, 2, {"type": case["type"].replace(".", "")}),
    ]
    if case["closed_dt"]:
        closed = as_micros(at(case["closed_dt"]))
        facts.append(Moment("resolved", closed, closed, 3, {}))
    return facts


@cache
def judged(name):
    with gzip.open(ROOT / "tests" / "data" / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
        cases = [case for n, case in enumerate(csv.DictReader(file)) if n % 4 == 0]
    clocks = judge_many(PolicyBook.pack("boston-311"), [moments(case) for case in cases], as_of=None)
    return cases, [{row.target: row for row in rows} for rows in clocks]


def test_the_pack_is_what_its_tables_make_it(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    from boston_pack import pack

    assert pack() == pack_text("boston-311")
    sys.modules.pop("boston_pack")


@pytest.mark.parametrize(("name", "share"), [(FILES[0], 0.985), (FILES[1], 0.955)])
def test_recomputed_due_times_are_those_of_the_city_to_the_minute(name, share):
    _, clocks = judged(name)
    both = [(c["given"].due, c["resolution"].due) for c in clocks if {"given", "resolution"} <= c.keys()]
    assert len(both) > 10_000
    assert sum(abs(given - ours) <= MINUTE for given, ours in both) >= share * len(both)


@pytest.mark.parametrize("name", FILES)
def test_by_the_due_time_it_set_every_verdict_is_the_citys(name):
    cases, clocks = judged(name)
    stated = [
        (case, c["given"]) for case, c in zip(cases, clocks, strict=True) if case["ontime"] and case["closed_dt"] and "given" in c
    ]
    assert len(stated) > 9_000
    assert all((row.verdict == "met") == (case["ontime"] == "ONTIME") for case, row in stated)


@pytest.mark.parametrize(
    ("opened", "type_", "due"),
    [
        ("2011-09-02 16:59:59", "Sign Repair", "2011-09-16 16:59:59"),  # Labor Day counted as a working day
        ("2015-02-16 12:30:00", "Sticker Request", "2015-02-19 08:30:00"),  # a holiday; two working days until that noon
        ("2015-02-16 13:25:30", "Sticker Request", "2015-02-18 08:30:00"),  # one from then on
        ("2015-04-17 17:00:00", "Sticker Request", "2015-04-22 08:30:00"),  # Patriots' Day on the 20th
    ],
)
def test_single_days_by_hand(opened, type_, due):
    case = {"open_dt": opened, "target_dt": "", "closed_dt": "", "type": type_, "case_enquiry_id": "1"}
    (rows,) = judge_many(PolicyBook.pack("boston-311"), [moments(case)], as_of=None)
    found = {row.target: row for row in rows}
    assert found["resolution"].due == as_micros(at(due))
