"""A city's own due dates, recomputed: each year's day rule against the targets that the city set."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from datetime import datetime, timedelta
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

from slaengine.policies.calendar import BusinessCalendar

CASES = Path(__file__).parents[1] / "data"
TABLES = resources.files("slaengine.policies") / "packs" / "boston-311"
NEW_YORK = ZoneInfo("America/New_York")
WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), (("08:30", "17:00"),))


def rows(path):
    data = path.read_bytes()
    text = gzip.decompress(data) if path.name.endswith(".gz") else data
    return csv.DictReader(text.decode("utf-8").splitlines())


def instant(text):
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK)


def promises(name):
    """Return the promises by type: from, until, unit and number, of those that enough cases bear out."""
    found = {}
    for row in rows(TABLES / name):
        if int(row["cases"]) >= 20:
            known = (row["valid_from"] or "0001", row["valid_to"] or "9999", row["unit"], int(row["n"]))
            found.setdefault(row["type"], []).append(known)
    return found


def share_within_a_minute(cases, table, calendar, rule):
    known, outcome = promises(table), Counter()
    for case in rows(CASES / cases):
        for begins, ends, unit, days in known.get(case["type"], ()):
            if case["target_dt"] and begins <= case["open_dt"] < ends:
                start = instant(case["open_dt"])
                due = (
                    calendar.due_on(start, days, rule=rule) if unit == "business_days" else calendar.wall_clock_days(start, days)
                )
                outcome[abs(due - instant(case["target_dt"])) < timedelta(seconds=60)] += 1
    assert outcome.total() > 40_000
    return outcome[True] / outcome.total()


def test_the_rule_of_2011_keeps_early_starts_and_knows_no_holidays():
    calendar = BusinessCalendar.model_validate({"tz": "America/New_York", "weekly": WEEK})
    share = share_within_a_minute(
        "boston311_2011h2.csv.gz",
        "policy_2011.csv",
        calendar,
        "roll_late_start_then_same_local_time",
    )
    assert share >= 0.985


def test_the_rule_of_2015_rolls_every_start_to_the_next_opening():
    holidays = {row["date"]: row["name"] for row in rows(TABLES / "holidays_2014_2016.csv") if row["date"] < "2016"}
    calendar = BusinessCalendar.model_validate({"tz": "America/New_York", "weekly": WEEK, "holidays": holidays})
    share = share_within_a_minute("boston311_2015_jan_jun.csv.gz", "policy_2015.csv", calendar, "roll_to_opening")
    assert share >= 0.955
