"""Timeline cases: a ticket's policy and events become a policy book and moments, judged by the package.

Each metric is judged by itself, since the cases let a ticket's closing interrupt every metric while our facts say for each
target what a reopening does. What is reopened later was no stop: a resolution that is reopened is left out, and a closing that
is reopened is a pause to the metrics that it does not stop.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import yaml

from slaengine.policies.book import PolicyBook
from slaengine.policies.calendar_instants import as_micros
from slaengine.policies.clock import judge
from slaengine.policies.moment import Moment
from slaengine.policies.rows import ClockRow

Case = dict[str, Any]
CUSTOMER = {"fact": "progress_reported", "method": "customer"}
AGENT = {"fact": "progress_reported", "method": "agent"}
METRICS: dict[str, dict[str, Any]] = {
    "first_response": {"start": "received", "stop": "responded"},
    "own": {"start": "received", "stop": "dispatched"},
    "resolution": {"start": "received", "stop": ["resolved", "closed"]},
    "update": {"start": CUSTOMER, "stop": AGENT},
}
FACTS: dict[str, tuple[str, dict[str, Any]]] = {
    "created": ("received", {"kind": "repair", "number": "1"}),
    "responded": ("responded", {}),
    "assigned": ("dispatched", {"team": "desk"}),
    "paused": ("paused", {"reason": "waiting"}),
    "resumed": ("resumed", {"reason": "waiting"}),
    "resolved": ("resolved", {}),
    "closed": ("closed", {}),
    "reopened": ("reopened", {}),
    "customer_message": ("progress_reported", {"method": "customer"}),
    "agent_message": ("progress_reported", {"method": "agent"}),
}


def problems(case: Case) -> list[str]:
    """Return how our answers about each metric differ from those expected; nothing when they agree."""
    found = []
    for metric, expected in case["expect"].items():
        for boundary in ("end", "next") if case.get("boundary", "any") == "any" else (case["boundary"],):
            rows = _judged(case, metric, boundary)
            ours = _due(rows)
            if "due" in expected and ours != _micros(expected["due"]):
                found.append(f"{metric}.due ({boundary}): expected {expected['due']}, got {ours}")
        rows = _judged(case, metric, "next")
        ours_by_name = _readings(rows)
        found += [
            f"{metric}.{name}: expected {expected[name]}, got {ours_by_name[name]}"
            for name in expected.keys() - {"due"}
            if ours_by_name[name] != expected[name]
        ]
    return found


def _readings(rows: list[ClockRow]) -> dict[str, Any]:
    longest = max(rows, key=lambda row: row.elapsed or 0)
    elapsed = None if longest.elapsed is None else longest.elapsed / 1_000_000
    return {
        "elapsed_seconds": elapsed,
        "margin_seconds": None if elapsed is None else longest.limit / 1_000_000 - elapsed,
        "breached": any(row.verdict in ("missed", "overdue") for row in rows),
        "paused_seconds": longest.paused / 1_000_000,
    }


def _due(rows: list[ClockRow]) -> int | None:
    still_open = [row for row in rows if row.stop is None]
    return (still_open or rows)[-1].due if rows else None


def _micros(text: str | None) -> int | None:
    return None if text is None else as_micros(datetime.fromisoformat(text))


def _judged(case: Case, metric: str, boundary: str) -> list[ClockRow]:
    as_of = _micros(case["as_of"]) if "as_of" in case else None
    return judge(_book(case, metric, boundary), list(_moments(case["events"], metric)), as_of=as_of)


def _book(case: Case, metric: str, boundary: str) -> PolicyBook:
    definition = case["policy"]["metrics"][metric]
    calendar = {key: value for key, value in case["calendar"].items() if value}
    versions = [(case["events"][0]["at"], "new_orders", definition["target_seconds"])]
    versions += [
        (event["at"], "restate", event["data"]["metrics"][metric])
        for event in case["events"]
        if event["type"] == "policy_changed" and metric in event["data"]["metrics"]
    ]
    target = {
        "name": metric,
        "calendar": "desk",
        "boundary": boundary,
        "pause": ["any"] if definition.get("pausable", True) else [],
        **METRICS[metric],
    }
    policy = {
        "policy": "case",
        "calendars": {"desk": calendar},
        "versions": [
            {"version": f"v{n}", "effective_from": at, "scope": scope, "targets": [{**target, "limit": f"{seconds} s"}]}
            for n, (at, scope, seconds) in enumerate(versions)
        ],
    }
    return PolicyBook.parse(yaml.safe_dump(policy, sort_keys=False), case["id"])


def _moments(events: list[dict[str, Any]], metric: str) -> Iterator[Moment]:
    stops = METRICS[metric]["stop"]
    closed = False
    for n, event in enumerate(events):
        name, fields = FACTS.get(event["type"], ("", {}))
        reopened_later = any(later["type"] == "reopened" for later in events[n + 1 :])
        if event["type"] == "policy_changed" or (name == "resolved" and reopened_later):
            continue
        if not name:
            raise ValueError(f"no such event: {event['type']}")
        if name == "closed" and "closed" not in stops:
            if not reopened_later:
                continue
            name, fields = "paused", {"reason": "closed"}
            closed = True
        elif name == "reopened" and not closed and "closed" not in stops:
            continue
        elif name == "reopened" and closed:
            name, fields, closed = "resumed", {"reason": "closed"}, False
        at = as_micros(datetime.fromisoformat(event["at"]))
        yield Moment(name, at, at, n + 1, fields)
