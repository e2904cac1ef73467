"""Runs numeric SLA cases against the package and says which of them come out differently.

A verified case passes when our answer is the expected one, under the boundary and reversal that the case names. An
unverified case is one where the upstream's answer could not be confirmed: it passes when ours is that of an independent
count minute by minute (`brute.py`), whatever upstream says; docs/explanation/business-time.md lists what was decided.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from tests.vectors.brute import BruteCalendar

from slaengine.errors import NoOpenTime, SlaEngineError
from slaengine.policies.calendar import BusinessCalendar

Case = dict[str, Any]
NEVER = "never"


def problems(case: Case) -> list[str] | None:
    """Return what is wrong with our answers to one case: nothing when it passes; None when it cannot be run here."""
    if case["kind"] == "timeline":
        return _timeline_problems(case)
    try:
        return _ask(case)
    except SlaEngineError as error:
        return [f"{type(error).__name__}: {error}"]


def _ask(case: Case) -> list[str]:
    calendar = BusinessCalendar.model_validate(case["calendar"])
    found = []
    for how, ours in _answers(calendar, case):
        wanted = _wanted(case, how)
        if ours != wanted:
            found.append(f"{how}: expected {wanted}, got {ours}")
    return found


def _answers(calendar: BusinessCalendar, case: Case) -> Iterator[tuple[str, Any]]:
    start = datetime.fromisoformat(case["start"])
    match case["kind"]:
        case "elapsed":
            how = case.get("reversed_rule", "zero")
            yield how, calendar.business_time(start, datetime.fromisoformat(case["end"]), reversed=how)
        case "add":
            limit = timedelta(seconds=case["seconds"])
            for boundary in _boundaries(case):
                yield boundary, _or_never(lambda b=boundary: calendar.due_at(start, limit, boundary=b))
        case "add_days":
            rule = "end_of_day" if case.get("end_of_day") else case["days_rule"]
            yield rule, _or_never(lambda: calendar.due_on(start, case["days"], rule=rule))
        case other:
            raise ValueError(f"{case['id']}: no such kind of case: {other}")


def _boundaries(case: Case) -> tuple[str, ...]:
    named = case.get("boundary", "any")
    if named != "any":
        return (named,)
    return ("next",) if case["seconds"] == 0 and case["verified"] else ("end", "next")


def _wanted(case: Case, how: str) -> Any:
    if case["verified"]:
        if case["kind"] == "elapsed":
            return timedelta(seconds=case["expect_seconds"])
        return datetime.fromisoformat(case["expect"])
    return _or_never(lambda: _counted(case, how))


def _counted(case: Case, how: str) -> Any:
    calendar, start = BruteCalendar(case["calendar"]), datetime.fromisoformat(case["start"])
    match case["kind"]:
        case "elapsed":
            length = calendar.elapsed(start, datetime.fromisoformat(case["end"]))
            return max(length, timedelta()) if how == "zero" else length
        case "add":
            return calendar.add(start, timedelta(seconds=case["seconds"]), how) or NEVER
        case _:
            return calendar.add_days(start, case["days"], case["days_rule"], end_of_day=case.get("end_of_day", False)) or NEVER


def _or_never(answer: Any) -> Any:
    try:
        return answer()
    except NoOpenTime:
        return NEVER


def _timeline_problems(case: Case) -> list[str] | None:
    if find_spec("tests.vectors.timeline") is None:
        return None
    wanted = case["expect"] if case["verified"] else case.get("computed", case["expect"])
    found: list[str] = import_module("tests.vectors.timeline").problems({**case, "expect": wanted})
    return found
