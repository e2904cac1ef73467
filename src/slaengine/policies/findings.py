"""What lint finds, and what each finding is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Weight = Literal["warning", "note"]
FindingKind = Literal[
    "never_matches",
    "overlap",
    "contradiction",
    "never_starts",
    "never_stops",
    "unknown_type",
    "impossible_limit",
    "far_limit",
    "useless_option",
    "starts_itself",
    "not_covered",
    "unused_calendar",
    "unused_holidays",
    "holidays_end",
    "version_order",
    "no_waiver",
    "no_bands",
    "hidden_band",
]
"""docs/reference/policy-language.md says what each one means."""
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: a `warning` wants mending, a `note` a look. Line and column are where it stands in the file."""

    kind: FindingKind
    weight: Weight
    line: int
    column: int
    message: str
