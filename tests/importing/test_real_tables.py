"""The real tables, against what is true of them by a count of the raw rows."""

from __future__ import annotations

import csv
import gzip
import io
import statistics
from collections import Counter, defaultdict
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.importing.given import DATA, SAMPLE, Store, example, table

NEW_YORK = ZoneInfo("America/New_York")
PART_OR_WHOLE = pytest.mark.parametrize(
    "orders_max", [600, pytest.param(None, marks=(pytest.mark.deep, pytest.mark.timeout(1800)))]
)
VERDICTS = {"ONTIME": "met", "OVERDUE": "missed", "": "unknown"}


def raw(path: Path) -> list[dict[str, str]]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def by_key(rows: list[dict[str, str]], key: str) -> dict[str, list[dict[str, str]]]:
    found = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found


def part_of(path: Path, key: str, orders_max: int | None, tmp_path: Path) -> Path:
    """Return a table of the first orders of the one in `path`; None: the whole one."""
    if orders_max is None:
        return path
    rows = [row for order in list(by_key(raw(path), key).values())[:orders_max] for row in order]
    return table(tmp_path / path.name.removesuffix(".gz"), *rows, columns=rows[0])


def facts_in(store: Store) -> dict[str, list]:
    """Return every order's facts, by the order's number."""
    by_id = defaultdict(list)
    for stored in store.engine.log.scan():
        by_id[stored.order_id].append(store.engine.work_orders.fact_of(stored))
    return {facts[0].number: facts for facts in by_id.values()}


def fact(facts: list, name: str):
    return next((each for each in facts if name == each.NAME), None)


@PART_OR_WHOLE
def test_every_order_of_the_sample_that_ships_says_what_its_row_says(store, tmp_path, orders_max):
    path = part_of(SAMPLE, "case_enquiry_id", orders_max and 5 * orders_max, tmp_path)
    result = store.take(example("boston311"), path)
    rows = {row["case_enquiry_id"]: row for row in raw(path)}
    assert (result.orders, result.rejected) == (len(rows), 0)
    orders = facts_in(store)
    assert orders.keys() == rows.keys()
    for number, facts in orders.items():
        row = rows[number]
        resolved = fact(facts, "resolved")
        assert fact(facts, "verdict_stated").verdict == VERDICTS[row["ontime"]]
        assert (resolved is not None) == (row["case_status"] == "Closed")
        assert bool(facts[0].given_due) == bool(row["target_dt"])
        if resolved and row["target_dt"]:
            met = resolved.occurred_at <= facts[0].given_due["due"]
            assert not row["ontime"] or met == (row["ontime"] == "ONTIME")


def counts(orders: dict[str, list], dimension: str) -> dict[str, dict[str, str | float | None]]:
    """Return the counts that the expected tables have, made from facts alone."""
    groups = defaultdict(list)
    for facts in orders.values():
        groups[DIMENSIONS[dimension](facts)].append(facts)
    return {key: measures(group) for key, group in groups.items()}


DIMENSIONS = {
    "all": lambda _: "all",
    "month": lambda facts: local(facts[0].occurred_at).strftime("%Y-%m"),
    "department": lambda facts: fact(facts, "dispatched").team,
    "neighborhood": lambda facts: facts[0].place.community,
    "type": lambda facts: fact(facts, "classified").type,
}


def local(instant: datetime) -> datetime:
    return instant.astimezone(NEW_YORK).replace(tzinfo=None)


def measures(group: list[list]) -> dict[str, str | float | None]:
    closed = [facts for facts in group if fact(facts, "closed")]
    targeted = [facts for facts in closed if facts[0].given_due]
    verdicts = Counter(fact(facts, "verdict_stated").verdict for facts in group)
    hours = [(local(fact(f, "closed").occurred_at) - local(f[0].occurred_at)).total_seconds() / 3600 for f in closed]
    return {
        "opened": str(len(group)),
        "closed": str(len(closed)),
        "open_at_snapshot": str(len(group) - len(closed)),
        "no_target": str(sum(not facts[0].given_due for facts in group)),
        "ontime": str(verdicts["met"]),
        "overdue": str(verdicts["missed"]),
        "ontime_null": str(verdicts["unknown"]),
        "closed_with_target": str(len(targeted)),
        "closed_by_target": str(sum(fact(f, "closed").occurred_at <= f[0].given_due["due"] for f in targeted)),
        "median_hours_to_close": statistics.median(hours) if hours else None,
    }


@pytest.mark.deep
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", ["boston311_2011h2", "boston311_2015_jan_jun"])
def test_the_whole_tables_give_every_expected_count(store, name):
    store.take(example("boston311"), DATA / f"{name}.csv.gz")
    orders = facts_in(store)
    found = {dimension: counts(orders, dimension) for dimension in DIMENSIONS}
    with (DATA / f"expected_{name}.csv").open(encoding="utf-8", newline="") as file:
        expected = list(csv.DictReader(file))
    for row in expected:
        dimension, key = row.pop("dim"), row.pop("key")
        if not key.strip():
            continue  # the city's empty names and its single spaces are two groups there, and both missing here
        measured = found[dimension][key]
        hours = row.pop("median_hours_to_close")
        assert measured.pop("median_hours_to_close") == pytest.approx(float(hours) if hours else None, abs=0.00006), key
        assert measured == row, key


WAITING = {"Awaiting User Info", "Awaiting Vendor", "Awaiting Problem", "Awaiting Evidence"}


@PART_OR_WHOLE
def test_the_incident_log_is_read_without_looking_into_the_future(store, tmp_path, orders_max):
    path = part_of(DATA / "uci_incidents_sample5k_cases.csv.gz", "number", orders_max, tmp_path)
    incidents = by_key(raw(path), "number")
    result = store.take(example("uci-incidents"), path)
    assert (result.orders, result.rejected) == (len(incidents), 0)
    for number, facts in facts_in(store).items():
        rows = incidents[number]
        states = [row["incident_state"] for row in rows]
        names = Counter(each.NAME for each in facts)
        changes = list(pairwise(["", *states]))
        assert names["verdict_stated"] == (states[-1] == "Closed")
        if states[-1] == "Closed":
            assert facts[-1].verdict == ("met" if rows[-1]["made_sla"] == "true" else "missed")
        assert names["paused"] == sum(now in WAITING and before != now for before, now in changes) - waits_chained(changes)
        done = {"Resolved", "Closed"}
        assert names["reopened"] == sum(before in done and now not in done for before, now in changes)
        assert names["resolved"] == sum(before not in done and now in done for before, now in changes)
        early = [each for each in facts if each.NAME in ("resolved", "closed") and each.occurred_at < facts[-1].occurred_at]
        assert all(each.outcome is None for each in early)


def waits_chained(changes: list[tuple[str, str]]) -> int:
    """Count the changes from one wait to another: the order goes on waiting, for something else."""
    return sum(before in WAITING and now in WAITING and before != now for before, now in changes)


@PART_OR_WHOLE
def test_the_help_desk_log_becomes_whole_lives(store, tmp_path, orders_max):
    path = part_of(DATA / "helpdesk_italian.csv.gz", "Case ID", orders_max, tmp_path)
    tickets = by_key(raw(path), "Case ID")
    result = store.take(example("helpdesk"), path)
    assert (result.orders, result.rejected) == (len(tickets), 0)
    for number, facts in facts_in(store).items():
        activities = [row["Activity"] for row in tickets[number]]
        names = [each.NAME for each in facts]
        assert names[0] == "received"
        assert names.count("closed") >= ("Closed" in activities)
        assert names.count("resolved") == names.count("reopened") + is_done(names)


def is_done(names: list[str]) -> bool:
    """Whether the last word of resolved and reopened was resolved."""
    return [None, *(name for name in names if name in ("resolved", "reopened"))][-1] == "resolved"


LOGS = [("uci-incidents", "uci_incidents_sample5k_cases", "number"), ("helpdesk", "helpdesk_italian", "Case ID")]


@PART_OR_WHOLE
@pytest.mark.parametrize("log", LOGS, ids=[name for name, *_ in LOGS])
def test_importing_a_real_log_again_adds_nothing(store, tmp_path, orders_max, log):
    name, file, key = log
    path = part_of(DATA / f"{file}.csv.gz", key, orders_max, tmp_path)
    first = store.take(example(name), path)
    again = store.take(example(name), path)
    assert first.new_facts == first.facts
    assert (again.orders, again.new_facts, again.rejected) == (first.orders, 0, 0)
