"""Our verdicts beside those that the source of the orders gave itself, and the due times of two targets beside each other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from pydantic import BaseModel, ConfigDict

MINUTE = 60 * 1_000_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR

Stated = Literal["met", "missed", "unknown"]
IN_TIME = frozenset({"met", "running"})
LATE = frozenset({"missed", "overdue"})


@dataclass(frozen=True, slots=True)
class Case:
    """One order, ready to be compared.

    `taken` is the time from opening to closing in µs as wall clocks in the policy's zone read it, None while open. `verdict`
    is ours at the instant of the source's statement, None when no clock of the target runs on the order.
    """

    period: str | None
    group: tuple[str | None, ...]
    number: str
    taken: int | None
    stated: Stated | None
    verdict: str | None


class ComparisonRow(BaseModel):
    """One group. `ontime`, `overdue` and `unknown` are the source's own verdicts, whether or not there was a target.

    `met` and `late` (missed or overdue) are ours; `closed_by_target` counts what we judge met among the closed. `agree` and
    `differ` count orders with a target on which the source says met or missed: a clock still running in time agrees with
    met, one overdue with missed. `median_hours_to_close` is by wall clock; None when nothing is closed.
    """

    model_config = ConfigDict(frozen=True)
    period: str | None
    group: dict[str, str | None]
    opened: int
    closed: int
    open: int
    no_target: int
    ontime: int
    overdue: int
    unknown: int
    met: int
    late: int
    closed_with_target: int
    closed_by_target: int
    agree: int
    differ: int
    median_hours_to_close: float | None


class DueRow(BaseModel):
    """How many orders of one cause, what share of those compared, and a few of them."""

    model_config = ConfigDict(frozen=True)
    cause: str
    orders: int
    share: float | None
    examples: list[str]


class Comparison(BaseModel):
    """The whole comparison. `due` is empty unless a second target was named; `differing` are the first numbers that differ."""

    model_config = ConfigDict(frozen=True)
    policy: str
    target: str
    against: str | None
    rows: list[ComparisonRow]
    due: list[DueRow]
    differing: list[str]


def differs(case: Case) -> bool | None:
    """Whether our verdict differs from the source's; None when there is nothing to compare."""
    if case.verdict is None or case.stated not in ("met", "missed"):
        return None
    return case.verdict not in (IN_TIME if case.stated == "met" else LATE)


@dataclass(slots=True)
class _Tally:
    counts: Counter[str] = field(default_factory=Counter)
    taken: list[int] = field(default_factory=list)

    def add(self, case: Case) -> None:
        closed = case.taken is not None
        self.counts["opened"] += 1
        self.counts["closed" if closed else "open"] += 1
        if case.stated:
            self.counts[{"met": "ontime", "missed": "overdue", "unknown": "unknown"}[case.stated]] += 1
        if case.verdict is None:
            self.counts["no_target"] += 1
        else:
            self.counts["met"] += case.verdict == "met"
            self.counts["late"] += case.verdict in LATE
            self.counts["closed_with_target"] += closed
            self.counts["closed_by_target"] += closed and case.verdict == "met"
        different = differs(case)
        if different is not None:
            self.counts["differ" if different else "agree"] += 1
        if case.taken is not None:
            self.taken.append(case.taken)


COUNTS = tuple(name for name in ComparisonRow.model_fields if name not in ("period", "group", "median_hours_to_close"))


def compare(cases: Iterable[Case], by: Sequence[str]) -> list[ComparisonRow]:
    """Return one row a group, in the order of their keys; not known comes last."""
    tallies: dict[tuple[str | None, ...], _Tally] = {}
    for case in cases:
        tallies.setdefault((case.period, *case.group), _Tally()).add(case)
    ordered = sorted(tallies.items(), key=lambda item: tuple((word is None, word or "") for word in item[0]))
    return [
        ComparisonRow(
            period=period,
            group=dict(zip(by, group, strict=True)),
            median_hours_to_close=_hours(tally.taken),
            **{name: tally.counts[name] for name in COUNTS},
        )
        for (period, *group), tally in ordered
    ]


def _hours(taken: list[int]) -> float | None:
    """Return the median in hours, rounded to four places, half to even."""
    if not taken:
        return None
    return round(median(one / HOUR for one in taken) * 10_000) / 10_000


SAME = "within 60 s"
CAUSES = (
    SAME,
    "within 1 h: taken for another type when it was opened",
    "whole days apart: another limit, or extended by hand",
    "other",
    "no limit known for the type",
    "none given",
)
"""Why two due times of one order differ, as far as the two alone can tell. The last two are not counted in shares."""
EXAMPLES = 3


def cause(given: int | None, computed: int | None) -> str:
    """Return which of `CAUSES` describes two due times (µs UTC; None for no clock)."""
    if given is None:
        return CAUSES[5]
    if computed is None:
        return CAUSES[4]
    apart = abs(given - computed)
    if apart <= MINUTE:
        return SAME
    if apart <= HOUR:
        return CAUSES[1]
    off_days = min(apart % DAY, DAY - apart % DAY)
    return CAUSES[2] if off_days <= HOUR + MINUTE else CAUSES[3]  # an hour: a clock change may lie between


def compare_due(orders: Iterable[tuple[str, int | None, int | None]]) -> list[DueRow]:
    """Return one row a cause for orders as (number, given due, computed due); causes without orders are left out."""
    found: dict[str, list[str]] = {}
    for number, given, computed in orders:
        if given is not None or computed is not None:
            found.setdefault(cause(given, computed), []).append(number)
    compared = sum(len(numbers) for name, numbers in found.items() if name in CAUSES[:4])
    return [
        DueRow(
            cause=name,
            orders=len(found[name]),
            share=len(found[name]) / compared if name in CAUSES[:4] else None,
            examples=found[name][:EXAMPLES],
        )
        for name in CAUSES
        if name in found
    ]
