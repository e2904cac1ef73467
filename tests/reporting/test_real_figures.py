"""Figures of real tables, against plain counts of the raw rows: the city's own, and a query over the incident log."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path

import duckdb
import pytest
from tests.importing.given import DATA

from slaengine.cli import run
from slaengine.engine import SlaEngine

EXAMPLES = Path(__file__).parents[2] / "examples"
DIMENSIONS = {"department": "team", "neighborhood": "community", "type": "type"}
COUNTS = {
    "opened": "opened", "closed": "closed", "open_at_snapshot": "open", "no_target": "no_target", "ontime": "ontime",
    "overdue": "overdue",
    "ontime_null": "unknown", "closed_with_target": "closed_with_target", "closed_by_target": "closed_by_target",
}  # fmt: skip
"""What the expected counts are called here."""

DESK = """
policy: desk
time_zone: UTC
version: "1"
effective_from: 2010-01-01
targets:
  - {name: closing, stop: closed, limit: 154 h}
"""
WHOLE_LOG = os.environ.get("SLAENGINE_UCI", "")
"""The whole incident log (UCI, DOI 10.24432/C57S4H) or a longer part of it than ships, as CSV or gzip."""


def imported(tmp_path: Path, table: Path, mapping: str) -> str:
    url = f"sqlite:///{tmp_path / 'orders.db'}"
    with pytest.raises(SystemExit) as left:
        run(["import", str(table), "--mapping", str(EXAMPLES / mapping), "--store", url])
    assert left.value.code in {0, 1}  # 1: some rows are rejects
    return url


def by_key(rows: Iterable[dict[str, str]]) -> dict[str, list[dict[str, str]]]:
    """Return the expected rows by key; a blank is not known, however many spaces it is written with."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        found.setdefault(row["key"].strip() if row["dim"] == "neighborhood" else row["key"], []).append(row)
    return found


@pytest.mark.deep
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("half", ["boston311_2015_jan_jun", "boston311_2011h2"])
def test_every_count_and_median_of_a_citys_half_year_is_the_citys_own(tmp_path, half):
    expected = list(csv.DictReader((DATA / f"expected_{half}.csv").read_text(encoding="utf-8").splitlines()))
    with SlaEngine.open(imported(tmp_path, DATA / f"{half}.csv.gz", "boston311.yaml"), policy="boston-311") as engine:
        for dimension in ("all", "month", *DIMENSIONS):
            by = [DIMENSIONS[dimension]] if dimension in DIMENSIONS else []
            rows = engine.compare("given", by=by, period="month" if dimension == "month" else None).rows
            found = {row.period or next(iter(row.group.values()), "all") or "": row for row in rows}
            wanted = by_key(row for row in expected if row["dim"] == dimension)
            assert wanted.keys() == found.keys()
            for key, same in wanted.items():
                ours = found[key]
                counts = {name: sum(int(row[name]) for row in same) for name in COUNTS}
                assert {name: getattr(ours, field) for name, field in COUNTS.items()} == counts
                assert ours.differ == 0
                if len(same) == 1:
                    (row,) = same
                    median = row["median_hours_to_close"]
                    assert ours.median_hours_to_close == (float(median) if median else None)


@pytest.mark.parametrize(
    "table",
    [
        DATA / "uci_incidents_sample5k_cases.csv.gz",
        pytest.param(
            WHOLE_LOG,
            marks=[
                pytest.mark.deep,
                pytest.mark.timeout(1800),
                pytest.mark.skipif(not WHOLE_LOG, reason="SLAENGINE_UCI names no whole incident log"),
            ],
            id="whole",
        ),
    ],
)
def test_compliance_by_the_imported_verdict_is_that_of_a_plain_query(tmp_path, table):
    """The verdict of an incident is that of its last row; what was reopened counts once, as it ended."""
    (tmp_path / "desk.yaml").write_text(DESK, encoding="utf-8")
    query = f"""
        WITH rows AS (SELECT *, row_number() OVER () AS place FROM read_csv('{table}', all_varchar = true)),
             ended AS (SELECT number, arg_max(made_sla, place) AS made, arg_max(incident_state, place) AS state,
                              arg_max(priority, place) AS priority, max(reopen_count::int) > 0 AS reopened
                       FROM rows GROUP BY number)
        SELECT {{}} AS key, count(*), count(*) FILTER (state = 'Closed' AND made = 'true'),
               count(*) FILTER (state = 'Closed' AND made = 'false')
        FROM ended GROUP BY key ORDER BY key"""
    plain = duckdb.sql(query.format("priority")).fetchall()
    again = {key: counts for key, *counts in duckdb.sql(query.format("reopened")).fetchall()}
    with SlaEngine.open(imported(tmp_path, Path(table), "uci-incidents.yaml"), policy=tmp_path / "desk.yaml") as engine:
        rows = engine.compare("closing", by=["severity"]).rows
        assert [(row.group["severity"], row.opened, row.ontime, row.overdue) for row in rows] == plain
        reopened = {number for place in engine.report_orders("reopened") for number in place.orders}
        stated = [m.fields["verdict"] for n in reopened for m in engine.case_file(n).moments if m.name == "verdict_stated"]
    assert [len(reopened), stated.count("met"), stated.count("missed")] == again[True]
