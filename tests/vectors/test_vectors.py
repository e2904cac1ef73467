"""Other systems' own cases come out as they were verified to, and as an independent count says."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests.vectors.runner import problems

from slaengine.errors import NoOpenTime
from slaengine.policies.calendar import BusinessCalendar

DATA = Path(__file__).parent / "data"
CASES = {case["id"]: case for path in sorted(DATA.glob("*.json")) for case in json.loads(path.read_text())["cases"]}
CALENDAR_CASES = [case for case in CASES.values() if case["kind"] != "timeline"]


def named(case):
    return case["id"]


def test_all_eight_files_are_here():
    assert len(list(DATA.glob("*.json"))) == 8
    assert len(CASES) == 190


@pytest.mark.parametrize("case", CALENDAR_CASES, ids=named)
def test_a_calendar_case_comes_out_as_verified(case):
    assert problems(case) == []


@pytest.mark.parametrize("case", [c for c in CALENDAR_CASES if "long" not in c.get("tags", ())], ids=named)
def test_a_calendar_case_comes_out_as_counted_minute_by_minute_at_either_boundary(case):
    assert problems({**case, "verified": False, "boundary": "any"}) == []


def test_a_window_that_opens_inside_the_spring_gap_opens_when_the_gap_ends():
    case = CASES["biz-026"]
    calendar, start = BusinessCalendar.model_validate(case["calendar"]), datetime.fromisoformat(case["start"])
    assert calendar.due_at(start, timedelta(), boundary="next") == datetime.fromisoformat("2006-04-02T03:00:00-07:00")


def test_a_calendar_that_never_opens_is_refused_instead_of_taken_for_always_open():
    case = CASES["chatwoot-012"]
    with pytest.raises(NoOpenTime, match="never opens"):
        BusinessCalendar.model_validate(case["calendar"]).due_at(datetime.fromisoformat(case["start"]), timedelta(hours=1))


def test_a_day_of_25_hours_counts_25_hours():
    case = CASES["working_hours-048"]
    start, end = datetime.fromisoformat(case["start"]), datetime.fromisoformat(case["end"])
    assert BusinessCalendar.model_validate(case["calendar"]).business_time(start, end) == timedelta(hours=25)


def run(*paths):
    command = [sys.executable, "-m", "tests.vectors", *map(str, paths)]
    return subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)


def test_the_runner_ends_with_the_counts():
    done = run(DATA / "biz.json", DATA / "rt.json")
    assert done.returncode == 0
    assert done.stdout == "40 passed, 0 failed\n"


def test_the_runner_prints_one_json_line_for_each_failing_case(tmp_path):
    wrong = {**CASES["biz-001"], "expect": "2006-01-04T16:00:01+00:00"}
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps({"cases": [wrong, CASES["biz-002"]]}))
    done = run(path)
    assert done.returncode == 1
    line, counts = done.stdout.splitlines()
    assert json.loads(line)["id"] == "biz-001"
    assert counts == "1 passed, 1 failed"


def test_the_runner_names_a_file_that_is_none_of_cases(tmp_path):
    path = tmp_path / "none.json"
    path.write_text("[]")
    done = run(path)
    assert done.returncode == 2
    assert str(path) in done.stderr
