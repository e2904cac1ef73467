"""Judging: one live order against eight targets as it stands, and a million facts against three targets compiled."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np

from benchmarks._timing import table
from benchmarks.business_time import best_of
from slaengine.policies.book import PolicyBook
from slaengine.policies.clock import judge, judge_many
from slaengine.policies.compile import compiled
from slaengine.policies.compiled import available, judge_columns
from slaengine.policies.moment import Moment
from slaengine.policies.prepare import Batch

MINUTE = 60_000_000
START = 1_767_578_400_000_000
ORDERS = 2_000
COPIES = 50
LIVE_LIMIT_US, COMPILED_LEAST_M = 300, 10

HEAD = """
policy: bench
time_zone: Asia/Shanghai
calendars:
  office:
    weekly:
      mon: &day [["08:30", "17:30"]]
      tue: *day
      wed: *day
      thu: *day
      fri: *day
version: "1"
effective_from: 2020-01-01
targets:
"""
THREE = """\
  - {name: response, stop: [responded, arrived, resolved], limit: 15 min}
  - {name: resolution, stop: [resolved, closed], limit: 16 h, calendar: office, pause: [parts, owner]}
  - {name: revisit, start: resolved, stop: revisited, limit: 48 h}
"""
EIGHT = (
    THREE
    + """\
  - {name: on_site, stop: [arrived, resolved], limit: 4 h, calendar: office}
  - {name: plan, stop: [plan_proposed, resolved], limit: 3 wd, calendar: office}
  - {name: contractor, promise: contract, start: dispatched, stop: arrived, limit: 30 min, pause: any}
  - {name: team, promise: ola, start: dispatched, stop: resolved, limit: 8 h, calendar: office, pause: any}
  - {name: telephone, start: resolved, stop: {fact: revisited, method: telephone}, limit: 24 h}
"""
)
LIFE = (
    ("received", {"kind": "repair", "number": "R-1", "channel": "app"}, 0),
    ("classified", {"type": "facility.lift", "severity": "general"}, 5),
    ("responded", {}, 10),
    ("dispatched", {"team": "engineering"}, 20),
    ("accepted", {}, 5),
    ("arrived", {}, 60),
    ("paused", {"reason": "parts"}, 30),
    ("resumed", {}, 600),
    ("resolved", {}, 120),
    ("revisited", {"method": "telephone"}, 1_000),
)


def main() -> None:
    chance = random.Random(1)
    orders = [list(_order(chance)) for _ in range(ORDERS)]
    eight, three = PolicyBook.parse(HEAD + EIGHT), PolicyBook.parse(HEAD + THREE)
    hundred = orders[:100]
    judge(eight, hundred[0], as_of=None)
    live = best_of(15, lambda: [judge(eight, order, as_of=None) for order in hundred]) / 100 / 1e3
    many = best_of(5, lambda: judge_many(three, orders, as_of=None, fast=False)) / 1e9
    facts = ORDERS * len(LIFE)
    rows = [
        ["one live order, 10 facts x 8 targets, interpreted", f"{live:.0f} µs", f"at most {LIVE_LIMIT_US} µs"],
        ["many orders x 3 targets, interpreted, rows and all", f"{facts / many / 1e3:.0f} k facts/s", ""],
    ]
    if available():
        rows.append(_compiled(three, orders))
    else:
        print("the compiled kernel is not measured: Numba is not installed")
    print("process time of this process, best of several")
    table(["judging", "measured", "wanted"], rows)


def _compiled(book: PolicyBook, orders: list[list[Moment]]) -> list[str]:
    tables = compiled(book)
    batch = Batch(tables)
    for order in orders:
        batch.add(order, order[-1].occurred_at)
    first, last = min(batch.times), max(batch.times)
    one = batch.columns()
    columns = one._replace(
        **{name: np.tile(getattr(one, name), COPIES) for name in ("times", "hits", "life", "detail", "profile", "given")},
        bounds=np.arange(0, len(one.times) * COPIES + 1, len(LIFE), dtype=np.int64),
    )

    def history() -> None:
        judge_columns(lambda: tables.promises(first, last), tables.reach_further, columns, None)

    history()  # compiled, or read from what Numba kept
    rate = len(columns.times) / best_of(15, history) * 1e3
    return [
        "a history of 1 M facts x 3 targets, compiled, one core",
        f"{rate:.1f} M facts/s",
        f"at least {COMPILED_LEAST_M} M facts/s",
    ]


def _order(chance: random.Random) -> Iterator[Moment]:
    at = START + chance.randrange(300 * 1440) * MINUTE
    for version, (name, fields, gap) in enumerate(LIFE, 1):
        at += gap * MINUTE * chance.randrange(1, 3)
        yield Moment(name, at, at, version, fields)
