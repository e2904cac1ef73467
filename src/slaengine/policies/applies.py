"""Which orders a target is for, as the policy file says it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field, model_validator

from slaengine.domain.values import Kind, Label
from slaengine.policies.words import Part, Words, WordsOf


class Hours(Part):
    """Asks that the clock start inside, or outside, the open time of a calendar of the policy."""

    inside: str | None = None
    outside: str | None = None

    @model_validator(mode="after")
    def _one(self) -> Hours:
        if (self.inside is None) == (self.outside is None):
            raise ValueError("write one of inside and outside, with the name of a calendar")
        return self


class Applies(Part):
    """Which orders a target is for; every condition must hold, and of a list any value will do.

    `type` matches itself and what is below it: `facility.lift` matches `facility.lift.entrapment`. A condition on what an
    order does not say does not hold. `hours` looks at the instant the clock starts.
    """

    kind: WordsOf[Kind] = ()
    type: Words = ()
    severity: Words = ()
    channel: Words = ()
    party: Words = ()
    community: Words = ()
    building: Words = ()
    warranty: bool | None = None
    source: Words = ()
    labels: dict[Label, Words] = Field(default_factory=dict)
    hours: Hours | None = None

    def conditions(self) -> Iterator[tuple[str, tuple[Any, ...]]]:
        """Yield each dimension that matters, labels as `labels.NAME`, with the values that will do."""
        for name in DIMENSIONS:
            if value := getattr(self, name):
                yield name, value
        if self.warranty is not None:
            yield "warranty", (self.warranty,)
        for label, values in self.labels.items():
            yield f"labels.{label}", values

    def narrowed(self, dimension: str, value: str) -> Applies | None:
        """Return the conditions with that of a table's row added; None when the two exclude each other."""
        own = dict(self.conditions()).get(dimension, ())
        both = (value,)
        if own and not matches(dimension, value, own):
            both = tuple(one for one in own if matches(dimension, one, (value,)))
        if not both:
            return None
        if dimension.startswith("labels."):
            return self.model_copy(update={"labels": {**self.labels, dimension.removeprefix("labels."): both}})
        return self.model_copy(update={dimension: both})


DIMENSIONS = ("kind", "type", "severity", "channel", "party", "community", "building", "source")
"""What targets can look at, beside `warranty` and `labels.NAME`."""


def matches(dimension: str, value: object, wanted: tuple[Any, ...]) -> bool:
    """Whether an order's value of a dimension is one of those wanted; a type also when it lies below one of them."""
    if value is None:
        return False
    if dimension != "type":
        return value in wanted
    text = str(value)
    return any(text == prefix or text.startswith(f"{prefix}.") for prefix in wanted)
