"""What if Boston had not changed its promises on 2015-02-16: our table of changed verdicts beside that of an independent query.

The query asks the raw table: DuckDB counts the working days itself, from the published lists of promises and holidays.
"""

from __future__ import annotations

import csv
import gzip
import time
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import duckdb
import yaml

from benchmarks._histories import folder
from benchmarks._timing import table
from slaengine.audit.history import History
from slaengine.audit.judging import Question
from slaengine.audit.whatif import Changes, what_if
from slaengine.engine import SlaEngine
from slaengine.importing import Importer, load_mapping
from slaengine.policies.book import PolicyBook, pack_text
from slaengine.projections.case_file import micros

DATA, TABLES = files("slaengine.data"), files("slaengine.policies") / "packs" / "boston-311"
CHANGED_AT = "2015-02-16 13:00:00"
WHOLE = Path(__file__).parent.parent / "tests" / "data" / "boston311_2015_jan_jun.csv.gz"
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


Table = dict[tuple[str, str, str], int]
"""How many clocks of a type go from one verdict, as judged, to another, the change undone."""


def main() -> None:
    with folder() as place:
        begun = time.perf_counter()
        changed_rows(WHOLE, place / "changed.csv", None)
        found = undone(place)
        ours, theirs = table_of(found), by_query(place)
        taken = time.perf_counter() - begun
    table(
        ["type", "now", "undone", "clocks", "by the query"],
        [
            [*key, ours.get(key, 0), theirs.get(key, 0)]
            for key in sorted({*ours, *theirs}, key=lambda key: (-ours.get(key, 0), key))
        ],
    )
    print(
        f"\n{sum(ours.values()):,} clocks of {len({key[0] for key in ours})} types change; {found.clocks:,} clocks, {taken:.0f} s"
    )
    for before, after in sorted({key[1:] for key in ours}):
        print(f"{before} -> {after}: {sum(count for key, count in ours.items() if key[1:] == (before, after)):,}")
    if ours != theirs:
        raise SystemExit("the two differ")


def books() -> tuple[PolicyBook, PolicyBook]:
    """Return the policy as it is, and without its version of 2015."""
    content = yaml.safe_load(pack_text("boston-311"))
    content["versions"] = [version for version in content["versions"] if version["version"] != "2015"]
    return PolicyBook.pack("boston-311"), PolicyBook.parse(yaml.safe_dump(content, allow_unicode=True), "undone.yaml")


def undone(place: Path) -> Changes:
    """Return what changes, by our own replay, for the orders in `place / "changed.csv"`."""
    now, before = books()
    with SlaEngine.open("memory:", policy=now) as engine:
        mapping = load_mapping(Path(str(DATA / "boston311.yaml")))
        Importer(engine, mapping, rejects=place / "rejects.csv").run([place / "changed.csv"])
        history = History(place / "history", create=True)
        history.extend(engine.log)
    return what_if(history, Question(now, micros(AS_OF)), Question(before, micros(AS_OF)))


def promised_twice() -> set[str]:
    """Return the types that have a `resolution` before the change and after it."""
    now, _ = books()
    return types_of(now, "2015") & types_of(now, "2014")


def table_of(found: Changes) -> Table:
    """Return our table, of the types that were promised something before and after."""
    both = promised_twice()
    return {
        (row["type"], row["before"], row["after"]): row["clocks"]
        for row in found.by("type", "target")
        if row["target"] == "resolution" and row["type"] in both
    }


def by_query(place: Path) -> Table:
    """Return the table of the same orders that DuckDB comes to."""
    connection = duckdb.connect()
    for statement in DUE.split(";\n")[:-1]:
        connection.execute(statement, [str(TABLES / "holidays_2014_2016.csv")] if "?" in statement else [])
    asked = [str(place / "changed.csv"), str(TABLES / "policy_2015.csv"), sorted(promised_twice()), BY_THE_CLOCK, BY_THE_CLOCK]
    return {(kind, before, after): count for kind, before, after, count in connection.execute(CHANGES, asked).fetchall()}
