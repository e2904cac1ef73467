"""What if Boston had not changed its promises on 2015-02-16: our table of changed verdicts beside an independent query."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import duckdb
import pytest
import yaml

from slaengine.audit.history import History
from slaengine.audit.judging import Question
from slaengine.audit.whatif import what_if
from slaengine.engine import SlaEngine
from slaengine.importing import Importer, load_mapping
from slaengine.policies.book import PolicyBook, pack_text
from slaengine.projections.case_file import micros

DATA, TABLES = files("slaengine.data"), files("slaengine.policies") / "packs" / "boston-311"
CHANGED_AT = "2015-02-16 13:00:00"
SAMPLE = Path(str(DATA / "boston311_2015_jan_jun_sample20k.csv.gz"))
WHOLE = Path(__file__).parent.parent / "data" / "boston311_2015_jan_jun.csv.gz"
ROWS = 1_200
AS_OF = datetime(2015, 12, 1, tzinfo=UTC)
BY_THE_CLOCK = "2015-11-30 19:00:00"
"""The same instant in Boston."""

DUE = """
CREATE TABLE days AS SELECT d::DATE AS day, row_number() OVER (ORDER BY d) AS rank
    FROM generate_series(TIMESTAMP '2014-12-01', TIMESTAMP '2018-12-31', INTERVAL 1 DAY) s(d)
    WHERE isodow(d) < 6 AND d::DATE NOT IN
        (SELECT date FROM read_csv(?) WHERE known_from IS NULL OR known_from < DATE '2015-12-01');
CREATE MACRO rolled(moment) AS CASE
    WHEN moment::DATE IN (SELECT day FROM days) AND moment::TIME < TIME '17:00:00'
        THEN greatest(moment, moment::DATE + TIME '08:30:00')
    ELSE (SELECT min(day) FROM days WHERE day > moment::DATE) + TIME '08:30:00' END;
"""

CHANGES = """
WITH orders AS (
    SELECT case_enquiry_id AS id, type, open_dt AS opened, closed_dt AS closed, rolled(open_dt) AS counted FROM read_csv(?)),
due AS (
    SELECT o.id, o.type, o.opened, o.closed, p.valid_from IS NULL AS old,
        CASE p.unit WHEN 'calendar_days' THEN o.opened + to_days(p.n)
            ELSE (SELECT b.day FROM days a, days b WHERE a.day = o.counted::DATE AND b.rank = a.rank + p.n)
                + o.counted::TIME END AS due
    FROM orders o JOIN read_csv(?) p USING (type) WHERE list_contains(?, o.type)),
verdicts AS (
    SELECT id, type, old, CASE WHEN closed IS NULL OR closed > ? THEN if(? > due, 'overdue', 'running')
        WHEN closed <= due THEN 'met' ELSE 'missed' END AS verdict FROM due)
SELECT now.type, now.verdict, undone.verdict, count(*) FROM verdicts now JOIN verdicts undone USING (id)
WHERE NOT now.old AND undone.old AND now.verdict <> undone.verdict GROUP BY ALL
"""


def changed_rows(source: Path, path: Path, count: int | None) -> None:
    """Write orders of the types whose promise changed, opened after the change: about `count` of them, or all."""
    with (TABLES / "policy_2015.csv").open(encoding="utf-8") as file:
        changed = {row["type"] for row in csv.DictReader(file) if row["valid_from"]}
    with gzip.open(source, "rt", encoding="utf-8") as whole, path.open("w") as out:
        reader = csv.DictReader(whole)
        writer = csv.DictWriter(out, reader.fieldnames or [])
        writer.writeheader()
        rows = [row for row in reader if row["type"] in changed and row["open_dt"] > CHANGED_AT]
        writer.writerows(rows[:: max(len(rows) // count, 1)] if count else rows)


def types_of(book: PolicyBook, version: str) -> set[str]:
    """Return the types that a version has a `resolution` for."""
    found = next(edition.version for edition in reversed(book.editions) if edition.version.version == version)
    return {
        word for target in found.targets if target.name == "resolution" for applies, _ in target.limits() for word in applies.type
    }


@pytest.mark.parametrize(
    ("source", "count", "least"),
    [
        pytest.param(SAMPLE, ROWS, 40, id="a sample"),
        pytest.param(WHOLE, None, 1_000, id="the half year", marks=pytest.mark.deep),
    ],
)
def test_the_promises_of_2015_undone(tmp_path: Path, source: Path, count: int | None, least: int):
    table = tmp_path / "changed.csv"
    changed_rows(source, table, count)
    now = PolicyBook.pack("boston-311")
    content = yaml.safe_load(pack_text("boston-311"))
    content["versions"] = [version for version in content["versions"] if version["version"] != "2015"]
    undone = PolicyBook.parse(yaml.safe_dump(content, allow_unicode=True), "undone.yaml")
    with SlaEngine.open("memory:", policy=now) as engine:
        Importer(engine, load_mapping(Path(str(DATA / "boston311.yaml"))), rejects=tmp_path / "rejects.csv").run([table])
        history = History(tmp_path / "history", create=True)
        history.extend(engine.log)
    both = types_of(now, "2015") & types_of(now, "2014")
    ours = {
        (change["type"], change["before"], change["after"]): change["clocks"]
        for change in what_if(history, Question(now, micros(AS_OF)), Question(undone, micros(AS_OF))).by("type", "target")
        if change["target"] == "resolution" and change["type"] in both
    }
    connection = duckdb.connect()
    for statement in DUE.split(";\n")[:-1]:
        holidays = [str(TABLES / "holidays_2014_2016.csv")] if "?" in statement else []
        connection.execute(statement, holidays)
    rows = connection.execute(
        CHANGES, [str(table), str(TABLES / "policy_2015.csv"), sorted(both), BY_THE_CLOCK, BY_THE_CLOCK]
    ).fetchall()
    theirs = {(kind, before, after): count for kind, before, after, count in rows}
    assert ours == theirs
    assert sum(theirs.values()) > least
