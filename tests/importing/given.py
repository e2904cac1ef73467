"""What the tests of the import share: a small mapping, small tables, and a store to look into."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from slaengine.domain.events import Fact
from slaengine.engine import SlaEngine
from slaengine.importing import Importer, ImportResult, Mapping, load_mapping, parse_mapping
from slaengine.importing.plan import order_id

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
SAMPLE = ROOT / "src" / "slaengine" / "data" / "boston311_2015_jan_jun_sample20k.csv.gz"
NOW = datetime(2026, 6, 1, tzinfo=UTC)

ORDERS = """
source: city
rows: orders
key: id
time_zone: America/New_York
time_formats: "%%Y-%%m-%%d %%H:%%M:%%S"
missing: "?"
snapshot_from: [opened, closed]
rules: {%s}
facts:
  - fact: received
    at: opened
    set:
      kind: {value: repair}
      number: id
      description: note
      given_due: {due: target}
      labels: {ward: ward}
  - fact: classified
    at: opened
    set: {type: type}
  - fact: resolved
    at: closed
    when: {is: {status: Closed}}
    set: {outcome: code}
  - fact: verdict_stated
    at: [closed, snapshot]
    set:
      target: {value: given}
      verdict: {column: ontime, translate: {"yes": met, "no": missed}, default: unknown}
"""

COLUMNS = ("id", "opened", "closed", "target", "status", "type", "code", "ontime", "ward", "note")
OPEN = {
    "id": "1",
    "opened": "2026-01-05 09:00:00",
    "target": "2026-01-08 09:00:00",
    "status": "Open",
    "type": "lift",
    "ontime": "yes",
}
DONE = {**OPEN, "closed": "2026-01-06 10:00:00", "status": "Closed", "code": "MENDED"}


def city(rules: str = "") -> Mapping:
    """Return the small mapping, with these rules for doubtful times."""
    return parse_mapping(ORDERS % rules, "city.yaml")


def example(name: str) -> Mapping:
    """Return one of the mappings that ship."""
    return load_mapping(ROOT / "examples" / f"{name}.yaml")


def table(path: Path, *rows: dict[str, str], columns: Iterable[str] = COLUMNS) -> Path:
    """Write a CSV file of these rows; cells that a row leaves out are empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, tuple(columns), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


class Store:
    """A store in memory, and what was imported into it."""

    def __init__(self, tmp_path: Path, url: str = "memory:") -> None:
        self.tmp_path = tmp_path
        self.engine = SlaEngine.open(url, clock=lambda: NOW)
        self.rejects_file = tmp_path / "rejects.csv"

    def take(self, mapping: Mapping, *files: Path, snapshot_at: datetime | None = None, dry_run: bool = False) -> ImportResult:
        """Import the files."""
        importer = Importer(self.engine, mapping, rejects=self.rejects_file, snapshot_at=snapshot_at, dry_run=dry_run)
        return importer.run(files)

    def rows(self, mapping: Mapping, *rows: dict[str, str], snapshot_at: datetime | None = None) -> ImportResult:
        """Import a table of these rows, whose columns are the ones they name."""
        columns = COLUMNS if mapping.source == "city" else tuple({name: None for row in rows for name in row})
        return self.take(mapping, table(self.tmp_path / "table.csv", *rows, columns=columns), snapshot_at=snapshot_at)

    def facts(self, key: str, source: str = "city") -> list[Fact]:
        """Return the facts of one order as they were recorded."""
        return [recorded.fact for recorded in self.engine.facts(order_id(source, key))]

    def told(self, key: str, source: str = "city") -> list[tuple[str, str]]:
        """Return the facts of one order as (name, time in UTC)."""
        return [(fact.NAME, fact.occurred_at.strftime("%m-%d %H:%M:%S")) for fact in self.facts(key, source)]

    def rejects(self) -> list[dict[str, str]]:
        """Return what stands in the rejects file; nothing when there is none."""
        if not self.rejects_file.exists():
            return []
        with self.rejects_file.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
