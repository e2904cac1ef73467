"""Key figures that a policy sets goals for, and what it wants done when a clock is about to be, or is, missed."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from slaengine.domain.values import Kind, Label
from slaengine.policies.words import Part, Title, Words, WordsOf

Measure = Literal[
    "compliance",
    "response",
    "closure",
    "closed_loop",
    "revisit",
    "recurrence",
    "rework",
    "satisfaction",
    "online",
    "handover",
    "merged",
    "escalation",
    "caused_by",
    "adoption",
    "per_household",
    "elapsed",
    "count",
    "first_visit",
    "backdated",
    "waived",
    "backlog",
    "workload",
    "in_hand",
    "held",
]
"""What is measured; docs/reference/figures.md says how each one counts."""

Cohort = Literal["received", "due", "stopped", "closed"]
"""By which date an order or a clock is in a period: the order's receipt or closing, or when the clock was due or stopped."""

OF_CLOCKS: dict[Cohort, frozenset[str]] = {
    "due": frozenset({"compliance", "waived", "elapsed"}),
    "stopped": frozenset({"compliance", "waived", "elapsed"}),
}
"""The measures that can go by a date of clocks."""

OF_RECEIPTS = frozenset({"backlog", "closure", "in_hand", "merged", "recurrence", "rework"})
"""The measures that ask what became of the orders received: among those closed, nothing of it can be seen."""

Share = Annotated[float, Field(ge=0)]


class Goal(Part):
    """The value to be reached, from a date on (its first moment in the policy's zone; None means from the beginning)."""

    at_least: Share | None = None
    at_most: Share | None = None
    effective_from: date | None = None

    @model_validator(mode="after")
    def _one(self) -> Goal:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("write one of at_least and at_most")
        return self


class Bands(Part):
    """Traffic lights: `green` from this value on, `amber` from that, red beyond; for goals of `at_most`, up to it."""

    green: Share
    amber: Share


class Kpi(Part):
    """A figure with its goal.

    `target` names the target whose clocks `compliance`, `elapsed` and `waived` look at; without it, those of all. `kind`,
    `type`, `channels`, `causes`, `outcomes`, `answers` and `methods` narrow what counts, by measure. `goals` may change by
    date; the one in force at a period's start counts. `cohort` says by which date something is in a
    period: that of the order's receipt or closing, or that on which the clock was due or stopped.
    """

    name: Label
    title: Title = Title()
    measure: Measure
    target: Label | None = None
    kind: WordsOf[Kind] = ()
    type: Words = ()
    channels: Words = ()
    causes: Words = ()
    outcomes: Words = ()
    answers: Words = ()
    methods: Words = ()
    within_days: Annotated[int, Field(ge=1)] | None = None
    late_hours: Annotated[int, Field(ge=1)] | None = None
    goals: tuple[Goal, ...] = ()
    bands: Bands | None = None
    cohort: Cohort = "received"
    period: Literal["day", "week", "month", "quarter", "half_year", "year"] = "month"
    by: tuple[Label, ...] = ()
    row: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Kpi:
        if self.measure == "elapsed" and self.target is None:
            raise ValueError("measure elapsed looks at a target's clocks; name the target")
        if self.cohort in OF_CLOCKS and self.measure not in OF_CLOCKS[self.cohort]:
            raise ValueError(f"measure {self.measure} counts orders, and cohort {self.cohort} is a date of clocks")
        if self.cohort == "closed" and self.measure in OF_RECEIPTS:
            raise ValueError(f"measure {self.measure} asks what became of all orders received; leave cohort out")
        return self


class Escalation(Part):
    """A reaction: when a clock of one of the targets gives this sign, the order is handed up to `level`.

    `share` says which warning is meant, as a fraction of the limit; None means every one.
    """

    sign: Literal["warned", "breached"]
    targets: Words = ()
    share: Annotated[float, Field(gt=0, lt=1)] | None = None
    level: Annotated[int, Field(ge=1, le=99)]
    to: Label | None = None
    row: str | None = None
