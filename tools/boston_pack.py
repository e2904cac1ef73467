"""Write the pack boston-311 from the city's tables: `python tools/boston_pack.py`. A test holds it to what this writes."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

PACKS = Path(__file__).parent.parent / "src" / "slaengine" / "policies" / "packs"
TABLES = PACKS / "boston-311"
UNITS = {"business_days": "wd", "calendar_days": "cd"}
CUT = "2015-02-16T13:00:00"

HEAD = """\
# yaml-language-server: $schema=policy.schema.json
# Boston's service promises of 2011 and 2014-2016, as the city's own due times show them. Written by tools/boston_pack.py
# from the tables in boston-311/; change those, not this file.
#
# `given` is the due time that the city set, `resolution` the one recomputed from the table. A limit in wd counts whole
# working days (Monday to Friday, 08:30 to 17:00), one in cd calendar days by the wall clock.
policy: boston-311
title: City of Boston, 311 service requests
time_zone: America/New_York
holder: city
calendars:
  business:
    weekly:
      mon: [["08:30", "17:00"]]
      tue: [["08:30", "17:00"]]
      wed: [["08:30", "17:00"]]
      thu: [["08:30", "17:00"]]
      fri: [["08:30", "17:00"]]
    editions:
      - effective_from: 2014-01-01T00:00:00       # until then no holiday was taken into account
        holidays: city
"""

VERSION = """\
  - version: "{version}"
    effective_from: {start}
    targets:
      - name: given
        title: {{en: Closed by the due time the city gave}}
        promise: sla
        stop: [resolved, closed]
        limit: given
      - name: resolution
        title: {{en: Closed within the published limit}}
        promise: sla
        stop: [resolved, closed]
        calendar: business
        day_rule: {rule}
        limit:
          table:
            by: type
            rows:
{rows}
"""


def main() -> None:
    """Write the pack."""
    (PACKS / "boston-311.yaml").write_text(pack(), encoding="utf-8")


def pack() -> str:
    """Return the pack's YAML."""
    early, late = list(_read("policy_2011.csv")), list(_read("policy_2015.csv"))
    versions = [
        ("2011", "2000-01-01T00:00:00", "roll_late_start_then_same_local_time", early),
        ("2014", "2014-01-01T00:00:00", "roll_to_opening", [row for row in late if not row["valid_from"]]),
        ("2015", CUT, "roll_to_opening", [row for row in late if not row["valid_to"]]),
    ]
    return "".join([HEAD, "holiday_lists:\n  city:\n", *_holidays(), "versions:\n", *(_version(*v) for v in versions)])


def _read(name: str) -> Iterator[dict[str, str]]:
    with (TABLES / name).open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _holidays() -> Iterator[str]:
    for row in _read("holidays_2014_2016.csv"):
        known = f", known_from: {row['known_from'].replace(' ', 'T')}" if row["known_from"] else ""
        yield f'    {row["date"]}: {{name: "{row["name"]}"{known}}}\n'


def _version(version: str, start: str, rule: str, rows: list[dict[str, str]]) -> str:
    limits = "\n".join(f'              "{row["type"].replace(".", "")}": {row["n"]} {UNITS[row["unit"]]}' for row in rows)
    return VERSION.format(version=version, start=start, rule=rule, rows=limits)


if __name__ == "__main__":
    main()
