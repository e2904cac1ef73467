"""What a policy promises, as figures see it: targets, their goals, and the red, amber and green bands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Band = Literal["green", "amber", "red"]


@dataclass(frozen=True, slots=True)
class Goal:
    """A share to reach. `green` and `amber` are the least shares of these bands; for a share to keep low, the greatest."""

    goal: float
    green: float
    amber: float
    low_is_good: bool = False

    def band(self, rate: float | None) -> Band | None:
        """Return the band that `rate` lies in; None if there is no rate."""
        if rate is None:
            return None
        sign = -1 if self.low_is_good else 1
        if sign * rate >= sign * self.green:
            return "green"
        return "amber" if sign * rate >= sign * self.amber else "red"


@dataclass(frozen=True, slots=True)
class Promised:
    """One target of a policy, by name: the kind of promise it is, and the goal for its compliance, if there is one."""

    name: str
    promise: str
    goal: Goal | None = None
